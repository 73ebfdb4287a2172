//! Carries out the decisions of the core: reads, writes, attempts and timers.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use core_types::{Clock, Randomness};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use rand::Rng as _;
use store::{Store, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::core::{Core, Effect, Input, Job, Now, STORE_PAUSE, StoreRead, is_final};
use super::database;
use super::report::Reporter;
use crate::health::Health;
use crate::registry::TargetHandle;
use crate::{DeliveryError, Receipt, Target, TargetSpec};

/// The environment of a runner.
pub(crate) struct RunnerContext {
    pub(crate) spec: TargetSpec,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Randomness,
    pub(crate) handle: Arc<TargetHandle>,
    pub(crate) health: Arc<Health>,
    pub(crate) shutdown: CancellationToken,
    /// Sequence of the newest event when the engine was started.
    pub(crate) newest: i64,
}

/// Runs the core of one target.
pub(crate) struct Runner<'c> {
    context: &'c RunnerContext,
    core: Core,
    commits: watch::Receiver<i64>,
    /// The inputs since the last step.
    inputs: Vec<Input>,
    work: Work<'c>,
}

/// The running operations.
struct Work<'c> {
    context: &'c RunnerContext,
    attempts: FuturesUnordered<BoxFuture<'static, Attempt>>,
    /// Reads and writes of the store.
    store: FuturesUnordered<BoxFuture<'static, Input>>,
    reporter: Reporter<'c>,
}

/// An attempt that has ended.
struct Attempt {
    job: Job,
    result: Result<Receipt, DeliveryError>,
    took: Duration,
}

impl<'c> Runner<'c> {
    /// Continues at the target's cursor; a new target begins at `context.newest`. `None` if it is stopped before.
    pub(crate) async fn open(context: &'c RunnerContext) -> Option<Self> {
        loop {
            let error = match Self::try_to_open(context).await {
                Ok(runner) => return Some(runner),
                Err(error) => error,
            };
            if is_final(&error) {
                return None;
            }
            tracing::error!(target.name = context.spec.name, %error, "the target's place in the event log was not found; trying again");
            tokio::select! {
                () = context.shutdown.cancelled() => return None,
                () = tokio::time::sleep(STORE_PAUSE) => {}
            }
        }
    }

    async fn try_to_open(context: &'c RunnerContext) -> Result<Self, StoreError> {
        let RunnerContext { spec, store, handle, newest, randomness, .. } = context;
        let commits = store.event_commits();
        let opening = database::open(store, &spec.subscriber, *newest).await?;
        handle.position.store(opening.cursor, Ordering::Relaxed);
        let now = now(store, &commits);
        let core = Core::new(spec.options.clone(), spec.triggers.clone(), opening, now, randomness.clone().next_u64());
        let work = Work {
            context,
            attempts: FuturesUnordered::new(),
            store: FuturesUnordered::new(),
            reporter: Reporter::new(context),
        };
        Ok(Self { context, core, commits, inputs: Vec::new(), work })
    }

    /// Runs until the shutdown, and then ends the attempts in flight.
    pub(crate) async fn run(mut self) {
        loop {
            if self.context.shutdown.is_cancelled() {
                self.inputs.push(Input::Stop);
            }
            let now = now(&self.context.store, &self.commits);
            for effect in self.core.step(now, &mut self.inputs) {
                self.work.start(effect);
            }
            if self.core.is_finished() {
                return;
            }
            self.wait().await;
        }
    }

    /// Waits until there is an input for a step.
    async fn wait(&mut self) {
        let is_running = self.core.is_running();
        let Self { context, core, commits, inputs, work } = self;
        tokio::select! {
            () = context.shutdown.cancelled(), if is_running => {}
            Some(attempt) = work.attempts.next(), if !work.attempts.is_empty() => {
                inputs.push(work.attempt_ended(attempt));
                while let Some(Some(attempt)) = work.attempts.next().now_or_never() {
                    inputs.push(work.attempt_ended(attempt));
                }
            }
            Some(input) = work.store.next(), if !work.store.is_empty() => {
                work.store_answered(&input);
                inputs.push(input);
            }
            // The sender belongs to the store.
            _ = commits.changed(), if core.awaits_events() => {}
            () = context.handle.wake.notified(), if is_running => {
                inputs.push(Input::Replayed(context.handle.replayed.swap(0, Ordering::Relaxed)));
            }
            () = sleep_until(core.wake_at()) => {}
        }
    }
}

impl Work<'_> {
    fn start(&mut self, effect: Effect) {
        match effect {
            Effect::Report(report) => self.reporter.report(report),
            Effect::Attempt(job) => {
                self.reporter.attempt_starts(&job.event);
                let (target, limit) =
                    (Arc::clone(&self.context.spec.target), self.context.spec.options.attempt_timeout);
                self.attempts.push(Box::pin(attempt(target, job, limit)));
            }
            Effect::ReadLog(query) => self.ask(move |store, subscriber| async move {
                match database::read_log(&store, &subscriber, query).await {
                    Ok(batch) => Input::LogRead { purpose: query.purpose, batch },
                    Err(error) => Input::StoreFailed { read: StoreRead::Log, error },
                }
            }),
            Effect::ReadRows(query) => self.ask(move |store, subscriber| async move {
                let search = query.search;
                match database::read_rows(&store, &subscriber, query).await {
                    Ok(found) => Input::RowsRead { search, found },
                    Err(error) => Input::StoreFailed { read: StoreRead::Rows, error },
                }
            }),
            Effect::Write { changes, cursor } => {
                let shutdown = self.context.shutdown.clone();
                self.ask(move |store, subscriber| async move {
                    match database::write(&store, &subscriber, &changes, cursor, &shutdown).await {
                        Ok(written) => Input::Written(written),
                        Err(error) => Input::WriteFailed(error),
                    }
                });
            }
            Effect::CountBacklog => {
                let handle = Arc::clone(&self.context.handle);
                self.ask(move |store, _| async move {
                    match handle.measure(&store).await {
                        Ok(backlog) => Input::BacklogCounted(backlog),
                        Err(error) => Input::StoreFailed { read: StoreRead::Backlog, error },
                    }
                });
            }
        }
    }

    /// Starts a read from the store or a write to it.
    fn ask<F>(&self, question: impl FnOnce(Store, String) -> F)
    where
        F: Future<Output = Input> + Send + 'static,
    {
        let RunnerContext { store, spec, .. } = self.context;
        self.store.push(Box::pin(question(store.clone(), spec.subscriber.clone())));
    }

    fn attempt_ended(&self, attempt: Attempt) -> Input {
        self.reporter.attempt_ended(attempt.took);
        Input::AttemptEnded { job: attempt.job, result: attempt.result }
    }

    fn store_answered(&self, input: &Input) {
        if let Input::Written(written) = input {
            self.context.handle.position.store(written.cursor, Ordering::Relaxed);
            self.reporter.written(written);
        }
    }
}

async fn attempt(target: Arc<dyn Target>, job: Job, limit: Duration) -> Attempt {
    let begun = Instant::now();
    let attempt = AssertUnwindSafe(target.deliver(&job.event)).catch_unwind();
    let result = match tokio::time::timeout(limit, attempt).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(DeliveryError::Refused("the attempt ended with an internal fault".to_owned())),
        Err(_) => Err(DeliveryError::Unreachable(format!("no answer within {} seconds", limit.as_secs_f64()))),
    };
    Attempt { job, result, took: begun.elapsed() }
}

fn now(store: &Store, commits: &watch::Receiver<i64>) -> Now {
    Now { instant: Instant::now().into_std(), running_time: store.running_time(), newest: *commits.borrow() }
}

/// Never returns if there is no time to wait for.
async fn sleep_until(time: Option<std::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => pending().await,
    }
}
