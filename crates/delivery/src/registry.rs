//! The configured targets and their figures.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use core_types::Timestamp;
use store::{Store, StoreError};
use tokio::sync::Notify;

use crate::meters::Meters;
use crate::{Activity, TargetSpec, TargetState, matches};

/// The number of events after a target's position that are counted exactly.
const COUNTED_EVENTS: u32 = 10_000;
/// The maximum number of a target's deliveries that are counted.
const COUNTED_DELIVERIES: u64 = 1_000_000;

/// A configured target.
pub(crate) struct TargetHandle {
    pub(crate) subscriber: String,
    name: String,
    kind: &'static str,
    module: &'static str,
    endpoint: String,
    pub(crate) triggers: Vec<String>,
    /// The cursor: all events up to here are settled. Negative before the runner has found it.
    pub(crate) position: AtomicI64,
    /// The cursor of a new target.
    newest: i64,
    /// Rows to redeliver that the runner does not know of yet.
    pub(crate) replayed: AtomicU64,
    /// Notified when there are some.
    pub(crate) wake: Notify,
    pub(crate) meters: Meters,
    live: Mutex<Live>,
}

/// The figures that change with each delivery.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) activity: Activity,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) unroutable: u64,
    pub(crate) last_delivered_at: Option<Timestamp>,
    pub(crate) last_failed_at: Option<Timestamp>,
    pub(crate) last_error: Option<String>,
}

/// The backlog of a target.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Backlog {
    pub(crate) waiting: u64,
    pub(crate) parked: u64,
    pub(crate) dead_letters: u64,
    /// The time for which the oldest of them has waited.
    pub(crate) lag: Option<Duration>,
}

impl TargetHandle {
    pub(crate) fn new(spec: &TargetSpec, newest: i64) -> Self {
        Self {
            subscriber: spec.subscriber.clone(),
            name: spec.name.clone(),
            kind: spec.kind,
            module: spec.module,
            endpoint: spec.endpoint.clone(),
            triggers: spec.triggers.clone(),
            position: AtomicI64::new(-1),
            newest,
            replayed: AtomicU64::new(0),
            wake: Notify::new(),
            meters: Meters::new(spec),
            live: Mutex::new(Live {
                activity: Activity::Delivering,
                delivered: 0,
                failed: 0,
                unroutable: 0,
                last_delivered_at: None,
                last_failed_at: None,
                last_error: None,
            }),
        }
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the runner for rows to redeliver.
    pub(crate) fn replayed(&self, count: u64) {
        self.replayed.fetch_add(count, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// The number of messages that the target gets for an event of this name.
    pub(crate) fn copies(&self, namespace: &str) -> u32 {
        copies(&self.triggers, namespace)
    }

    /// Counts, and updates the gauges.
    pub(crate) async fn measure(&self, store: &Store) -> Result<Backlog, StoreError> {
        let mut position = self.position.load(Ordering::Relaxed);
        if position < 0 {
            position = store.cursor(&self.subscriber).await?.unwrap_or(self.newest);
        }
        let backlog = backlog(store, &self.subscriber, Some((position, &self.triggers))).await?;
        self.meters.waiting.set(to_float(backlog.waiting));
        self.meters.lag.set(backlog.lag.unwrap_or_default().as_secs_f64());
        Ok(backlog)
    }

    pub(crate) fn state(&self, backlog: Backlog) -> TargetState {
        let live = self.live().clone();
        TargetState {
            subscriber: self.subscriber.clone(),
            name: self.name.clone(),
            kind: self.kind,
            module: self.module,
            endpoint: Some(self.endpoint.clone()),
            triggers: self.triggers.clone(),
            activity: live.activity,
            waiting: backlog.waiting,
            lag: backlog.lag,
            parked: backlog.parked,
            dead_letters: backlog.dead_letters,
            delivered: live.delivered,
            failed: live.failed,
            unroutable: live.unroutable,
            last_delivered_at: live.last_delivered_at,
            last_failed_at: live.last_failed_at,
            last_error: live.last_error,
        }
    }
}

/// The state of a target that was removed from the configuration.
pub(crate) async fn removed(store: &Store, subscriber: String) -> Result<TargetState, StoreError> {
    let backlog = backlog(store, &subscriber, None).await?;
    Ok(TargetState {
        name: subscriber.clone(),
        subscriber,
        kind: "",
        module: "",
        endpoint: None,
        triggers: Vec::new(),
        activity: Activity::Removed,
        waiting: backlog.waiting,
        lag: backlog.lag,
        parked: backlog.parked,
        dead_letters: backlog.dead_letters,
        delivered: 0,
        failed: 0,
        unroutable: 0,
        last_delivered_at: None,
        last_failed_at: None,
        last_error: None,
    })
}

/// The number of messages for an event of this name: one for every trigger that it matches.
pub(crate) fn copies(triggers: &[String], namespace: &str) -> u32 {
    let matching = triggers.iter().filter(|trigger| matches(trigger, namespace)).count();
    u32::try_from(matching).unwrap_or(u32::MAX)
}

async fn backlog(store: &Store, subscriber: &str, unread: Option<(i64, &[String])>) -> Result<Backlog, StoreError> {
    let counts = store.delivery_counts(subscriber, COUNTED_DELIVERIES).await?;
    let mut oldest = if counts.live > 0 { store.oldest_delivery(subscriber).await? } else { None };
    let mut unread_messages = 0;
    if let Some((position, triggers)) = unread {
        let newest = *store.event_commits().borrow();
        if newest > position {
            let (messages, first) = count_unread(store, position, newest, triggers).await?;
            // Those that have a row are counted above, or are dead letters.
            let with_delivery = store.deliveries_after(subscriber, position).await?.len();
            unread_messages = messages.saturating_sub(u64::try_from(with_delivery).unwrap_or(u64::MAX));
            if let Some(first) = first
                && let Some(time) = store.event_since(first).await?
            {
                oldest = Some(oldest.map_or(time, |oldest| oldest.min(time)));
            }
        }
    }
    let waiting = counts.live.saturating_add(unread_messages);
    let lag = oldest.map(|oldest| store.running_time().saturating_sub(oldest));
    Ok(Backlog { waiting, parked: counts.live, dead_letters: counts.dead, lag })
}

/// The number of messages for a target after a position, and the first of their events.
async fn count_unread(
    store: &Store,
    position: i64,
    newest: i64,
    triggers: &[String],
) -> Result<(u64, Option<i64>), StoreError> {
    let counts = store.event_counts(position, COUNTED_EVENTS).await?;
    let (mut events, mut messages, mut first) = (0_u64, 0_u64, None);
    for of_name in counts {
        events += of_name.count;
        let copies = u64::from(copies(triggers, &of_name.namespace));
        if copies > 0 {
            messages += of_name.count * copies;
            first = Some(first.map_or(of_name.first, |first: i64| first.min(of_name.first)));
        }
    }
    if events >= u64::from(COUNTED_EVENTS) {
        let all = u64::try_from(newest.saturating_sub(position)).unwrap_or_default().max(events);
        messages = u64::try_from(u128::from(messages) * u128::from(all) / u128::from(events)).unwrap_or(u64::MAX);
    }
    Ok((messages, first))
}

fn to_float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The configured targets, in the order in which they were started.
#[derive(Default)]
pub(crate) struct Registry {
    order: Vec<String>,
    targets: HashMap<String, Arc<TargetHandle>>,
}

impl Registry {
    pub(crate) fn add(&mut self, handle: Arc<TargetHandle>) {
        if self.targets.insert(handle.subscriber.clone(), Arc::clone(&handle)).is_none() {
            self.order.push(handle.subscriber.clone());
        }
    }

    pub(crate) fn get(&self, subscriber: &str) -> Option<Arc<TargetHandle>> {
        self.targets.get(subscriber).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<TargetHandle>> {
        self.order.iter().filter_map(|subscriber| self.get(subscriber)).collect()
    }
}
