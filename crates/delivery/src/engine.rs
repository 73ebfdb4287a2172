use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::health::Health;
use crate::registry::TargetHandle;
use crate::runner::{Runner, RunnerContext};
use crate::{Activity, Deliveries, TargetSpec};

/// Pause before a runner that panicked is restarted.
const FAULT_PAUSE: Duration = Duration::from_secs(5);

/// Delivers to the targets of one module instance.
///
/// Each target has a runner of its own, a durable cursor in the event log, and rows in the store for the messages it
/// did not accept. A failing target only gets one probe at a time, so that its backlog is nothing but the log after its
/// cursor.
pub struct Engine {
    tasks: TaskTracker,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("runners", &self.tasks.len()).finish()
    }
}

impl Engine {
    /// Starts one runner for each target, independent of the others, until `shutdown`; returns at once. A new target
    /// gets the events committed from now on. `on_health` is called with the names of the unhealthy targets, each with
    /// the reason, whenever they change.
    #[must_use]
    pub fn start(
        deliveries: &Deliveries,
        specs: Vec<TargetSpec>,
        shutdown: CancellationToken,
        on_health: impl Fn(&[(String, String)]) + Send + Sync + 'static,
    ) -> Self {
        let tasks = TaskTracker::new();
        let health = Arc::new(Health::new(Box::new(on_health)));
        let newest = *deliveries.store().event_commits().borrow();
        for spec in specs {
            let handle = Arc::new(TargetHandle::new(&spec, newest));
            deliveries.register(Arc::clone(&handle));
            let context = RunnerContext {
                spec,
                store: deliveries.store().clone(),
                clock: Arc::clone(deliveries.clock()),
                randomness: deliveries.randomness().clone(),
                handle,
                health: Arc::clone(&health),
                shutdown: shutdown.clone(),
                newest,
            };
            tasks.spawn(run(context));
        }
        tasks.close();
        Self { tasks }
    }

    /// Waits until the runners have ended: after `shutdown` they finish the attempts in flight, and close their
    /// targets.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
    }
}

/// Runs until the shutdown. A runner that panics is replaced: its state is in the store.
async fn run(context: RunnerContext) {
    loop {
        let run = async {
            if let Some(runner) = Runner::open(&context).await {
                runner.run().await;
            }
        };
        if AssertUnwindSafe(run).catch_unwind().await.is_ok() {
            break;
        }
        tracing::error!(target.name = context.spec.name, "the deliveries to the target panicked and are started again");
        tokio::select! {
            () = context.shutdown.cancelled() => break,
            () = tokio::time::sleep(FAULT_PAUSE) => {}
        }
    }
    context.spec.target.close().await;
    context.handle.live().activity = Activity::Stopped;
}
