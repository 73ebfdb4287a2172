//! Periodic synchronisation (`docs/protocol/07-connector-modules-and-operations.md` §5.4).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use core_types::Randomness;
use rand::Rng as _;
use runtime::{Module, ModuleContext, ModuleError};
use settings::{Kind, Node, Setting};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::description::{ModuleDescription, Role};
use crate::retry::back_off;
use crate::synchronisation::{Which, synchronise, wait_as_asked};

/// After failures the pause grows to at most this, or to the interval if that is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// The module in the catalogue.
pub const DESCRIPTION: ModuleDescription = ModuleDescription {
    classes: &["SyncModule"],
    default: Some((false, "@nmshd/connector:SyncModule")),
    gives_way_to: Some("sse"),
    ..ModuleDescription::new(
        "sync",
        Role::Pulls(|node, _| Some(Arc::new(SyncModule::new(SyncConfig::read(node))))),
        "asks the Backbone for news at intervals",
    )
    .with(&[Setting::new(
        "interval",
        Kind::COUNT,
        "seconds between the end of one synchronisation and the begin of the next; more after failures",
    )
    .default("60")])
};

/// Configuration of the module (`modules.sync`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncConfig {
    /// Pause between the end of one synchronisation and the next, in seconds; 0 counts as 1.
    pub interval: u64,
}

impl SyncConfig {
    fn read(node: &Node<'_>) -> Self {
        Self { interval: node.number("interval").unwrap_or(Self::default().interval) }
    }
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self { interval: 60 }
    }
}

/// Synchronises the Account at once and then repeatedly, never twice at the same time.
///
/// The first run does not delay the start. After failures the pause grows.
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
            repeat(interval, context.services.randomness(), &context.shutdown, || run(&context)).await;
        });
        Ok(())
    }

    async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// True if it succeeded.
async fn run(context: &ModuleContext) -> bool {
    match synchronise(&context.services, Which::Any).await {
        Ok(_) => {
            context.status.running();
            true
        }
        Err(error) => {
            context.status.degraded(format!("the last synchronisation failed: {}", error.code()));
            context.shutdown.run_until_cancelled(wait_as_asked(&error)).await;
            false
        }
    }
}

/// Runs `work` at once and again after each interval, until `shutdown`. A run in progress is finished.
async fn repeat<F: Future<Output = bool>>(
    interval: Duration,
    mut randomness: Randomness,
    shutdown: &CancellationToken,
    work: impl Fn() -> F,
) {
    let mut pauses = || back_off(interval, LONGEST_PAUSE.max(interval), randomness.next_u64());
    let mut after_failure = pauses();
    while !shutdown.is_cancelled() {
        let pause = if work().await {
            after_failure = pauses();
            interval
        } else {
            after_failure.next().unwrap_or(interval)
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
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

    const INTERVAL: Duration = Duration::from_secs(10);

    #[test]
    fn the_shortest_interval_is_a_second() {
        let interval = |seconds| SyncModule::new(SyncConfig { interval: seconds }).interval.as_secs();
        assert_eq!([0, 1, 60].map(interval), [1, 1, 60]);
    }

    /// The pauses after failures, for runs that take no time.
    async fn pauses_of_failures(interval: Duration) -> Vec<u64> {
        let shutdown = CancellationToken::new();
        let starts = RefCell::new(Vec::new());
        repeat(interval, Randomness::seeded(1), &shutdown, || async {
            starts.borrow_mut().push(Instant::now());
            if starts.borrow().len() == 15 {
                shutdown.cancel();
            }
            false
        })
        .await;
        starts.into_inner().windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_from_the_interval_to_a_quarter_of_an_hour() {
        let pauses = pauses_of_failures(Duration::from_mins(1)).await;
        assert!((60..=120).contains(&pauses[0]) && (450..=900).contains(pauses.last().unwrap_or(&0)), "{pauses:?}");
        let pauses = pauses_of_failures(Duration::from_hours(1)).await;
        assert!(pauses.iter().all(|pause| *pause == 3600), "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_counts_from_the_end_of_a_run() {
        let shutdown = CancellationToken::new();
        let start = Instant::now();
        let starts = RefCell::new(Vec::new());
        repeat(INTERVAL, Randomness::seeded(1), &shutdown, || async {
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
            repeat(INTERVAL, Randomness::seeded(1), &token, || async {
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
