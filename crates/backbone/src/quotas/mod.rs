//! Quotas (`docs/protocol/03 §15`).

mod period;
mod usage;

use axum::extract::State;
use backbone_api::identities::OwnIdentity;
use backbone_api::quotas::{MetricKey, MetricQuotas, Quota, QuotaSource};
use core_types::Timestamp;

use crate::context::Context;
use crate::http::{Answer, ApiError, Caller};
use crate::identities;
use crate::settings::{QUEUED_FOR_DELETION, QuotaDefinition, Settings};
use crate::unit::Unit;

/// A metric of which nothing is left for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) metric: MetricKey,
    pub(crate) until: Timestamp,
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Answer<Vec<MetricQuotas>>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    let identity = find(&mut unit, &caller).await?;
    let mut metrics = Vec::new();
    for metric_key in MetricKey::ALL {
        let mut quotas = Vec::new();
        for (source, definition) in of_identity(&unit.settings.clone(), &identity, *metric_key) {
            let interval = period::around(definition.period, unit.now);
            let usage = usage::count(unit.db(), *metric_key, &caller.address, interval.start).await?;
            let QuotaDefinition { max, period, .. } = definition;
            quotas.push(Quota { source, metric_key: *metric_key, max, usage, period });
        }
        if !quotas.is_empty() {
            metrics.push(MetricQuotas { metric_key: *metric_key, quotas });
        }
    }
    Ok(Answer::ok(metrics))
}

/// Something must be left of every one of the metrics.
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

async fn find(unit: &mut Unit, caller: &Caller) -> Result<OwnIdentity, ApiError> {
    identities::storage::find(unit.db(), &caller.address).await?.ok_or(ApiError::NotFound("Identity"))
}

/// The quotas of an Identity for a metric. One in deletion has none of its own, so that its tier forbids what it forbids.
fn of_identity(settings: &Settings, identity: &OwnIdentity, metric: MetricKey) -> Vec<(QuotaSource, QuotaDefinition)> {
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
