use backbone_api::identities::OwnIdentity;
use backbone_api::quotas::{MetricKey, QuotaSource};

use super::{period, usage};
use crate::http::{ApiError, Caller, Exhausted};
use crate::resources::identities;
use crate::settings::{QUEUED_FOR_DELETION, QuotaDefinition, Settings};
use crate::unit::Unit;

/// Refuses the request if one of the metrics is used up.
pub(crate) async fn require(unit: &mut Unit, caller: &Caller, metrics: &[MetricKey]) -> Result<(), ApiError> {
    let identity = find(unit, caller).await?;
    let (settings, now) = (unit.settings.clone(), unit.now);
    let mut exhausted = Vec::new();
    for metric in metrics {
        let mut until = None;
        for definition in in_force(of_identity(&settings, &identity, *metric)) {
            let interval = period::around(definition.period, now);
            if usage::count(unit.db(), *metric, &caller.address, interval.start).await? >= definition.max {
                until = until.max(Some(interval.end));
            }
        }
        exhausted.extend(until.map(|until| Exhausted { metric: *metric, until }));
    }
    if exhausted.is_empty() { Ok(()) } else { Err(ApiError::QuotaExhausted(exhausted)) }
}

pub(super) async fn find(unit: &mut Unit, caller: &Caller) -> Result<OwnIdentity, ApiError> {
    identities::storage::find(unit.db(), &caller.address).await?.ok_or(ApiError::NotFound("Identity"))
}

/// The quotas of an Identity for a metric. An Identity in deletion has no individual ones, so that those of its tier
/// apply.
pub(super) fn of_identity(
    settings: &Settings,
    identity: &OwnIdentity,
    metric: MetricKey,
) -> Vec<(QuotaSource, QuotaDefinition)> {
    let is_in_deletion = identity.tier_id.as_str() == QUEUED_FOR_DELETION;
    let individual = settings
        .individual_quotas(&identity.address)
        .filter(|_| !is_in_deletion)
        .map(|quota| (QuotaSource::Individual, quota));
    let of_tier = settings.tier_quotas(&identity.tier_id).map(|quota| (QuotaSource::Tier, quota));
    individual.chain(of_tier).filter(|(_, quota)| quota.metric == metric).collect()
}

/// Individual quotas take the place of those of the tier.
fn in_force(quotas: Vec<(QuotaSource, QuotaDefinition)>) -> impl Iterator<Item = QuotaDefinition> {
    let has_individual = quotas.iter().any(|(source, _)| *source == QuotaSource::Individual);
    quotas
        .into_iter()
        .filter(move |(source, _)| !has_individual || *source == QuotaSource::Individual)
        .map(|(_, definition)| definition)
}
