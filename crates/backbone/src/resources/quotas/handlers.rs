use axum::extract::State;
use backbone_api::quotas::{MetricKey, MetricQuotas, Quota};

use super::rules::{find, of_identity};
use super::{period, usage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller};
use crate::settings::QuotaDefinition;
use crate::unit::Unit;

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
