//! Periodic synchronisation (`docs/protocol/07-connector-modules-and-operations.md` §5.4).

use std::time::Duration;

use async_trait::async_trait;
use runtime::{Module, ModuleContext, ModuleError};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// After failures the pause grows to at most this, or to the interval where that is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Configuration of the module (`modules.sync`). Other members are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SyncConfig {
    /// Pause between the end of one synchronisation and the next, seconds; 0 counts as 1.
    pub interval: u64,
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self { interval: 60 }
    }
}

/// Synchronises the Account at once and then again and again, never twice at the same time.
///
/// The first run happens beside the start of everything else. After failures the pause doubles each time.
#[derive(Debug)]
pub struct SyncModule {
    interval: Duration,
    tasks: TaskTracker,
}

impl SyncModule {
    /// The module with this configuration.
    #[must_use]
    pub fn new(config: SyncConfig) -> Self {
        Self { interval: Duration::from_secs(config.interval.max(1)), tasks: TaskTracker::new() }
    }
}

#[async_trait]
impl Module for SyncModule {
    fn name(&self) -> &str {
        "sync"
    }

    fn pulls(&self) -> bool {
        true
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        let interval = self.interval;
        self.tasks.spawn(async move {
            repeat(interval, &context.shutdown, || synchronise(context.clone())).await;
        });
        Ok(())
    }

    async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Each run has a correlation id of its own.
async fn synchronise(context: ModuleContext) -> bool {
    let id = Uuid::new_v4().to_string();
    match transport::correlation::with(id.clone(), context.services.account().sync()).await {
        Ok(()) => {
            context.status.running();
            true
        }
        Err(error) => {
            tracing::error!(
                error.code = error.code(),
                error.message = error.message(),
                correlation.id = id,
                "the synchronisation failed"
            );
            context.status.degraded(format!("the last synchronisation failed: {}", error.code()));
            false
        }
    }
}

/// Runs `work` at once and again after each pause, until `shutdown`. A run in progress is finished.
async fn repeat<F: Future<Output = bool>>(interval: Duration, shutdown: &CancellationToken, work: impl Fn() -> F) {
    let mut failures = 0;
    while !shutdown.is_cancelled() {
        failures = if work().await { 0 } else { failures + 1 };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(pause(interval, failures)) => {}
        }
    }
}

fn pause(interval: Duration, failures: u32) -> Duration {
    interval.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE.max(interval))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::Instant;

    use super::*;

    #[test]
    fn pauses_grow_after_failures() {
        let minute = Duration::from_mins(1);
        assert_eq!(pause(minute, 0), minute);
        assert_eq!(pause(minute, 1), minute * 2);
        assert_eq!(pause(minute, 3), minute * 8);
        assert_eq!(pause(minute, 40), LONGEST_PAUSE);
        let hour = Duration::from_hours(1);
        assert_eq!(pause(hour, 5), hour);
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_counts_from_the_end_of_a_run() {
        let shutdown = CancellationToken::new();
        let start = Instant::now();
        let starts = RefCell::new(Vec::new());
        repeat(Duration::from_secs(10), &shutdown, || async {
            starts.borrow_mut().push(start.elapsed().as_secs());
            tokio::time::sleep(Duration::from_secs(25)).await;
            if starts.borrow().len() == 4 {
                shutdown.cancel();
            }
            starts.borrow().len() != 2
        })
        .await;
        assert_eq!(*starts.borrow(), [0, 35, 80, 115]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_running_run_is_finished_before_the_end() {
        let shutdown = CancellationToken::new();
        let finished = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&finished);
        let token = shutdown.clone();
        let task = tokio::spawn(async move {
            repeat(Duration::from_secs(10), &token, || async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                counter.fetch_add(1, Ordering::Relaxed);
                true
            })
            .await;
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        shutdown.cancel();
        assert!(task.await.is_ok());
        assert_eq!(finished.load(Ordering::Relaxed), 1);
    }
}
