//! The part that delivers: one worker for each subscriber.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use core_types::{Clock, Timestamp};
use runtime::ModuleContext;
use store::{Delivery, Store, StoreError, Transaction};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::TargetStatus;
use super::config::DeliveryOptions;
use super::retry;
use super::routes::{Lane, Route};
use super::target::{DeliveryError, Target};

/// Pause after a failure of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Deliveries read ahead of their turn, at most: an event may be large.
const AHEAD: usize = 16;

/// Delivers what is due for one subscriber: several objects at the same time, but one after the other for each object.
pub(super) struct Worker {
    store: Store,
    clock: Arc<dyn Clock>,
    lane: Lane,
    options: DeliveryOptions,
    target: Arc<Target>,
    target_name: String,
    /// Shared by all workers of the target.
    permits: Arc<Semaphore>,
    status: TargetStatus,
    /// Due and read, in their order.
    ready: VecDeque<Delivery>,
    /// Being delivered now.
    running: BTreeSet<i64>,
    /// Failed, and when to try again.
    waiting: BTreeMap<i64, Timestamp>,
}

type Attempt = (Delivery, Result<(), DeliveryError>);

impl Worker {
    pub(super) fn new(
        context: &ModuleContext,
        route: &Route,
        lane: &Lane,
        target: Arc<Target>,
        permits: Arc<Semaphore>,
        options: &DeliveryOptions,
        status: TargetStatus,
    ) -> Self {
        Self {
            store: context.store.clone(),
            clock: Arc::clone(&context.clock),
            lane: lane.clone(),
            options: options.clone(),
            target,
            target_name: route.target_name.clone(),
            permits,
            status,
            ready: VecDeque::new(),
            running: BTreeSet::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Works until `shutdown`, and then finishes the requests it has begun.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let mut attempts = JoinSet::new();
        while !shutdown.is_cancelled() {
            let next = match self.begin_due(&mut attempts).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, webhook.target = self.target_name, "deliveries could not be read; trying again");
                    Some(STORE_PAUSE)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.lane.wake.notified() => {}
                Some(attempt) = attempts.join_next() => self.finish(attempt.ok(), &mut attempts).await,
                () = sleep(next) => {}
            }
        }
        while let Some(attempt) = attempts.join_next().await {
            self.finish(attempt.ok(), &mut attempts).await;
        }
    }

    /// Begins what is due and fits, and tells how long there is nothing more to do.
    async fn begin_due(&mut self, attempts: &mut JoinSet<Attempt>) -> Result<Option<Duration>, StoreError> {
        let now = self.clock.now();
        let free = self.options.max_parallel_requests.saturating_sub(self.running.len());
        if free == 0 {
            return Ok(None);
        }
        let mut nothing_is_due = false;
        if self.ready.len() < free {
            nothing_is_due = self.read_due(now).await? == 0;
        }
        for delivery in self.ready.drain(..free.min(self.ready.len())) {
            self.running.insert(delivery.id);
            self.waiting.remove(&delivery.id);
            let (target, permits) = (Arc::clone(&self.target), Arc::clone(&self.permits));
            attempts.spawn(async move {
                // The semaphore is never closed.
                let _permit = permits.acquire().await;
                let result = target.deliver(&delivery).await;
                (delivery, result)
            });
        }
        let mut next = self.waiting.values().min().copied();
        // What is due here and yet not begun waits for its turn above.
        if self.running.is_empty() && nothing_is_due {
            // Also what was left by an earlier process.
            next = next.into_iter().chain(self.store.next_due_at(&self.lane.subscriber).await?).min();
        }
        Ok(next.map(|next| next.duration_since(now)))
    }

    /// Reads what is due, and tells how much that is, what is ready or being delivered included.
    async fn read_due(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        // These still count as due.
        let known = self.running.len() + self.ready.len();
        let limit = u32::try_from(known + AHEAD.max(self.options.max_parallel_requests)).unwrap_or(u32::MAX);
        let due = self.store.due_deliveries(&self.lane.subscriber, now, limit).await?;
        let count = due.len();
        let is_ready: BTreeSet<i64> = self.ready.iter().map(|delivery| delivery.id).collect();
        let may_begin = |id: i64| {
            let is_known = self.running.contains(&id) || is_ready.contains(&id);
            !is_known && self.waiting.get(&id).is_none_or(|next| *next <= now)
        };
        self.ready.extend(due.into_iter().filter(|delivery| may_begin(delivery.id)));
        Ok(count)
    }

    /// Records the result of an attempt, and in the same transaction those of others that have ended meanwhile.
    async fn finish(&mut self, attempt: Option<Attempt>, attempts: &mut JoinSet<Attempt>) {
        let mut ended = Vec::from([attempt]);
        while let Some(attempt) = attempts.try_join_next() {
            ended.push(attempt.ok());
        }
        let one_panicked = ended.iter().any(Option::is_none);
        let ended: Vec<Attempt> = ended.into_iter().flatten().collect();
        let recorded = self.record(&ended).await;
        for (delivery, _) in &ended {
            self.running.remove(&delivery.id);
        }
        if let Err(error) = recorded {
            // These deliveries will be made once more.
            tracing::error!(%error, webhook.target = self.target_name, deliveries = ended.len(), "results of deliveries were not recorded");
            let again = self.clock.now().saturating_add(STORE_PAUSE);
            self.waiting.extend(ended.iter().map(|(delivery, _)| (delivery.id, again)));
        }
        if one_panicked {
            // It is not known which one it was. All come again.
            self.running.clear();
        }
    }

    async fn record(&mut self, ended: &[Attempt]) -> Result<(), StoreError> {
        let mut transaction = self.store.begin().await?;
        for (delivery, result) in ended {
            self.record_in(&mut transaction, delivery, result).await?;
        }
        transaction.commit().await
    }

    async fn record_in(
        &mut self,
        transaction: &mut Transaction,
        delivery: &Delivery,
        result: &Result<(), DeliveryError>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let event = &delivery.event;
        match result {
            Ok(()) => {
                tracing::debug!(
                    webhook.target = self.target_name,
                    event.id = event.id,
                    event.name = event.namespace,
                    "delivered"
                );
                transaction.delivery_succeeded(delivery.id).await?;
                self.status.succeeded(&self.target_name);
            }
            Err(error) if now.duration_since(event.created_at) >= self.options.dead_letter_after => {
                tracing::error!(
                    webhook.target = self.target_name, event.id = event.id, event.name = event.namespace, delivery.attempts = delivery.attempts + 1,
                    %error, "the delivery was given up"
                );
                transaction.dead_letter(delivery.id, &error.to_string()).await?;
                self.status.failed(&self.target_name, &error.to_string());
            }
            Err(error) => {
                let failures = delivery.attempts.saturating_add(1);
                let next = now.saturating_add(retry::pause(&self.options, failures, rand::random()));
                tracing::warn!(
                    webhook.target = self.target_name, event.id = event.id, event.name = event.namespace, delivery.attempts = failures,
                    delivery.next_attempt_at = %next, %error, "the delivery failed"
                );
                transaction.delivery_failed(delivery.id, &error.to_string(), next).await?;
                self.waiting.insert(delivery.id, next);
                self.status.failed(&self.target_name, &error.to_string());
            }
        }
        Ok(())
    }
}

/// For ever, if there is no time to wait for.
async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}
