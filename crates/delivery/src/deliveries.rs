use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use core_types::{Clock, Randomness, Timestamp};
use store::{Delivery, DeliveryFilter, DeliveryPhase, NewDelivery, Store, StoreError};

use crate::registry::{Registry, TargetHandle, removed};
use crate::{DeliveryQuery, DeliveryState, DeliveryView, Replay, ReplayError, TargetState, matches};

/// The maximum number of deliveries listed at once.
const MOST_LISTED: u32 = 1000;
/// The maximum number of events redelivered in one transaction.
const CHUNK: u32 = 500;

/// The targets of an Account with their backlogs, and redelivery. A handle: clones share everything.
#[derive(Clone)]
pub struct Deliveries {
    store: Store,
    clock: Arc<dyn Clock>,
    randomness: Randomness,
    targets: Arc<Mutex<Registry>>,
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Deliveries {
    /// Creates it without targets, until engines are started with it.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, randomness: Randomness) -> Self {
        Self { store, clock, randomness, targets: Arc::default() }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) fn randomness(&self) -> &Randomness {
        &self.randomness
    }

    pub(crate) fn register(&self, handle: Arc<TargetHandle>) {
        self.registry(|targets| targets.add(handle));
    }

    fn registry<T>(&self, use_it: impl FnOnce(&mut Registry) -> T) -> T {
        use_it(&mut self.targets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn configured(&self, subscriber: &str) -> Option<Arc<TargetHandle>> {
        self.registry(|targets| targets.get(subscriber))
    }

    /// The configured targets in the order in which they were started, then those that remain in the store. Also
    /// updates the gauges of the targets.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn targets(&self) -> Result<Vec<TargetState>, StoreError> {
        let mut states = Vec::new();
        for handle in self.registry(|targets| targets.all()) {
            states.push(handle.state(handle.measure(&self.store).await?));
        }
        for (subscriber, _) in self.store.target_cursors().await? {
            if self.configured(&subscriber).is_none() {
                states.push(removed(&self.store, subscriber).await?);
            }
        }
        Ok(states)
    }

    /// One target by its name in the store.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn target(&self, subscriber: &str) -> Result<Option<TargetState>, StoreError> {
        if let Some(handle) = self.configured(subscriber) {
            return Ok(Some(handle.state(handle.measure(&self.store).await?)));
        }
        let known = self.store.target_cursors().await?.into_iter().any(|(name, _)| name == subscriber);
        if known { removed(&self.store, subscriber.to_owned()).await.map(Some) } else { Ok(None) }
    }

    /// Deliveries that were not accepted at the first attempt, ordered by id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn list(&self, query: &DeliveryQuery) -> Result<Vec<DeliveryView>, StoreError> {
        let filter = DeliveryFilter {
            subscriber: query.subscriber.clone(),
            dead: query.state.map(|state| state == DeliveryState::Dead),
            after: query.after.unwrap_or(0),
        };
        let deliveries = self.store.deliveries(&filter, query.limit.clamp(1, MOST_LISTED)).await?;
        Ok(deliveries.into_iter().map(|delivery| self.view(delivery)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: i64) -> Result<Option<DeliveryView>, StoreError> {
        Ok(self.store.delivery(id).await?.map(|delivery| self.view(delivery)))
    }

    /// Redelivers the requested messages, and returns their number. They get all their attempts and a new age. A
    /// failing target is probed at once.
    ///
    /// # Errors
    /// The target or the delivery is unknown, or the store failed. A period may then be redelivered in part.
    pub async fn replay(&self, request: &Replay) -> Result<u64, ReplayError> {
        match request {
            Replay::One(id) => self.replay_several(&[*id]).await,
            Replay::Many(ids) => self.replay_several(ids).await,
            Replay::DeadLetters { subscriber } => {
                let handle = self.for_replay(subscriber)?;
                let mut transaction = self.store.begin().await?;
                let count = transaction.retry_dead_letters(subscriber).await?;
                transaction.commit().await?;
                handle.replayed(count);
                Ok(count)
            }
            Replay::Range { subscriber, from, to, triggers } => {
                let handle = self.for_replay(subscriber)?;
                let wanted = |namespace: &str| {
                    triggers.as_ref().is_none_or(|triggers| triggers.iter().any(|trigger| matches(trigger, namespace)))
                };
                Ok(self.replay_range(&handle, (*from, *to), wanted).await?)
            }
        }
    }

    fn for_replay(&self, subscriber: &str) -> Result<Arc<TargetHandle>, ReplayError> {
        self.configured(subscriber).ok_or_else(|| ReplayError::UnknownTarget(subscriber.to_owned()))
    }

    async fn replay_several(&self, ids: &[i64]) -> Result<u64, ReplayError> {
        let mut transaction = self.store.begin().await?;
        let mut handles = Vec::new();
        for id in ids {
            let subscriber = transaction.retry_delivery(*id).await?.ok_or(ReplayError::UnknownDelivery(*id))?;
            handles.push(self.for_replay(&subscriber)?);
        }
        transaction.commit().await?;
        for handle in &handles {
            handle.replayed(1);
        }
        Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
    }

    /// Events after the target's cursor are delivered anyway.
    async fn replay_range(
        &self,
        handle: &TargetHandle,
        period: (Timestamp, Timestamp),
        wanted: impl Fn(&str) -> bool,
    ) -> Result<u64, StoreError> {
        let end = self.store.cursor(&handle.subscriber).await?.unwrap_or(0);
        let (mut position, mut count) = (0, 0);
        loop {
            let events = self.store.event_heads((position, end), period, CHUNK).await?;
            let Some(last) = events.last() else { return Ok(count) };
            position = last.sequence;
            let mut added = 0;
            let mut transaction = self.store.begin().await?;
            for event in events.iter().filter(|event| wanted(&event.namespace)) {
                for copy in 1..=handle.copies(&event.namespace) {
                    let now = self.store.running_time();
                    let delivery = NewDelivery {
                        subscriber: handle.subscriber.clone(),
                        event_sequence: event.sequence,
                        copy,
                        object_id: event.object_id.clone(),
                        attempts: 0,
                        next_attempt_at: now,
                        last_error: None,
                        since: now,
                        phase: DeliveryPhase::Waiting,
                    };
                    added += u64::from(transaction.add_delivery_again(delivery).await?);
                }
            }
            transaction.commit().await?;
            handle.replayed(added);
            count += added;
        }
    }

    /// Removes a dead letter. False if there is no such dead letter.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn discard(&self, id: i64) -> Result<bool, StoreError> {
        let mut transaction = self.store.begin().await?;
        let discarded = transaction.discard_dead_letter(id).await?;
        transaction.commit().await?;
        Ok(discarded)
    }

    /// Deletes a target that is no longer in the configuration, with its backlog. False if there is no
    /// such target.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn forget_target(&self, subscriber: &str) -> Result<bool, StoreError> {
        let known = self.store.target_cursors().await?.into_iter().any(|(name, _)| name == subscriber);
        if !known || self.configured(subscriber).is_some() {
            return Ok(false);
        }
        let mut transaction = self.store.begin().await?;
        transaction.forget_subscriber(subscriber).await?;
        transaction.commit().await?;
        Ok(true)
    }

    fn view(&self, delivery: Delivery) -> DeliveryView {
        let dead = delivery.phase == DeliveryPhase::Dead;
        let has_its_turn = delivery.phase == DeliveryPhase::Waiting;
        let next_attempt_at = shown_time(&self.store, &*self.clock, delivery.next_attempt_at);
        DeliveryView {
            id: delivery.id,
            subscriber: delivery.subscriber,
            event_id: delivery.event.id,
            namespace: delivery.event.namespace,
            object_id: delivery.object_id,
            event_created_at: delivery.event.created_at,
            correlation_id: delivery.event.correlation_id,
            attempts: delivery.attempts,
            next_attempt_at: has_its_turn.then_some(next_attempt_at),
            last_error: delivery.last_error,
            state: if dead { DeliveryState::Dead } else { DeliveryState::Waiting },
        }
    }
}

/// The time the clock will show, or has shown, at that running time, unless it is adjusted.
pub(crate) fn shown_time(store: &Store, clock: &dyn Clock, running_time: Duration) -> Timestamp {
    let (now, running) = (clock.now(), store.running_time());
    match running_time.checked_sub(running) {
        Some(ahead) => now.saturating_add(ahead),
        None => now.saturating_sub(running.saturating_sub(running_time)),
    }
}
