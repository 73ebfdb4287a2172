//! Periodic synchronisation (`docs/protocol/07-connector-modules-and-operations.md` §5.4).

use std::time::Duration;

use async_trait::async_trait;
use runtime::{Module, ModuleContext, ModuleError};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::back_off::BackOff;
use crate::synchronisation::{Which, synchronise};

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
/// The first run happens beside the start of everything else. After failures the pause grows.
#[derive(Debug)]
pub struct SyncModule {
    pauses: BackOff,
    tasks: TaskTracker,
}

impl SyncModule {
    /// The module with this configuration.
    #[must_use]
    pub fn new(config: SyncConfig) -> Self {
        let interval = Duration::from_secs(config.interval.max(1));
        let pauses = BackOff { first: interval, longest: LONGEST_PAUSE.max(interval) };
        Self { pauses, tasks: TaskTracker::new() }
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
        let pauses = self.pauses;
        self.tasks.spawn(async move {
            repeat(pauses, &context.shutdown, || run(&context)).await;
        });
        Ok(())
    }

    async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Whether it succeeded.
async fn run(context: &ModuleContext) -> bool {
    match synchronise(&context.services, Which::Any).await {
        Ok(()) => {
            context.status.running();
            true
        }
        Err(error) => {
            context.status.degraded(format!("the last synchronisation failed: {}", error.code()));
            false
        }
    }
}

/// Runs `work` at once and again after each pause, until `shutdown`. A run in progress is finished.
async fn repeat<F: Future<Output = bool>>(pauses: BackOff, shutdown: &CancellationToken, work: impl Fn() -> F) {
    let mut failures = 0;
    while !shutdown.is_cancelled() {
        failures = if work().await { 0 } else { failures + 1 };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(pauses.pause(failures)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::Instant;

    use super::*;

    fn every(seconds: u64) -> BackOff {
        SyncModule::new(SyncConfig { interval: seconds }).pauses
    }

    #[test]
    fn pauses_grow_from_the_interval_to_a_quarter_of_an_hour() {
        assert_eq!(every(60), BackOff { first: Duration::from_mins(1), longest: LONGEST_PAUSE });
        assert_eq!(every(3600), BackOff { first: Duration::from_hours(1), longest: Duration::from_hours(1) });
        assert_eq!(every(0).first, Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_counts_from_the_end_of_a_run() {
        let shutdown = CancellationToken::new();
        let start = Instant::now();
        let starts = RefCell::new(Vec::new());
        repeat(every(10), &shutdown, || async {
            starts.borrow_mut().push(start.elapsed().as_secs());
            tokio::time::sleep(Duration::from_secs(25)).await;
            if starts.borrow().len() == 4 {
                shutdown.cancel();
            }
            starts.borrow().len() != 2
        })
        .await;
        // The second run fails; the pause after it is chosen between the interval and its double.
        let starts = starts.into_inner();
        let pauses: Vec<u64> = starts.windows(2).map(|pair| pair[1] - pair[0] - 25).collect();
        assert_eq!((pauses[0], pauses[2]), (10, 10));
        assert!((10..=20).contains(&pauses[1]), "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_running_run_is_finished_before_the_end() {
        let shutdown = CancellationToken::new();
        let finished = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&finished);
        let token = shutdown.clone();
        let task = tokio::spawn(async move {
            repeat(every(10), &token, || async {
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
