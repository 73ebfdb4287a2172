//! The metrics of a target.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::TargetSpec;

/// The figures of one target.
pub(crate) struct Meters {
    pub(crate) delivered: Counter,
    pub(crate) failed: Counter,
    pub(crate) dead_letter: Counter,
    pub(crate) dropped: Counter,
    pub(crate) unroutable: Counter,
    pub(crate) retries: Counter,
    pub(crate) waiting: Gauge,
    pub(crate) lag: Gauge,
    pub(crate) duration: Histogram,
}

impl Meters {
    pub(crate) fn new(spec: &TargetSpec) -> Self {
        let outcome = |outcome: &'static str| counter!("connector_deliveries_total", "module" => spec.module, "target" => spec.name.clone(), "kind" => spec.kind, "outcome" => outcome);
        Self {
            delivered: outcome("delivered"),
            failed: outcome("failed"),
            dead_letter: outcome("dead_letter"),
            dropped: outcome("dropped"),
            unroutable: counter!("connector_deliveries_unroutable_total", "module" => spec.module, "target" => spec.name.clone(), "kind" => spec.kind),
            retries: counter!("connector_delivery_retries_total", "module" => spec.module, "target" => spec.name.clone(), "kind" => spec.kind),
            waiting: gauge!("connector_delivery_waiting", "module" => spec.module, "target" => spec.name.clone()),
            lag: gauge!("connector_delivery_lag_seconds", "module" => spec.module, "target" => spec.name.clone()),
            duration: histogram!("connector_delivery_duration_seconds", "kind" => spec.kind),
        }
    }
}
