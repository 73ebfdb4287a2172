//! Messages whose sending has no known outcome: the Backbone may have accepted them.
//!
//! Between the moment at which the Backbone accepts a message and the transaction that stores it, the process can die,
//! and the answer can be lost. An accepted message is found in the Backbone's list by its body, and stored as if the
//! answer had arrived.

use std::{collections::HashMap, time::Duration};

use backbone_api::{messages::Message as BackboneMessage, paths};
use backon::{ExponentialBuilder, Retryable};
use core_types::{MessageId, Timestamp};
use crypto::{encoding::base64url_encode, hash::sha512};
use store::{Filter, Query};
use tokio::sync::OwnedMutexGuard;

use super::{Messages, list::Backwards};
use crate::{
    cause::Sent,
    documents::{Message, PendingMessage},
    error::{Result, TransportError},
    events::TransportEvent,
    request_error::RequestError,
};

/// The time that is spent on finding the outcome of an interrupted sending before the next synchronisation does so.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time that the start waits for it: a starting process should soon serve requests.
const PATIENCE_AT_START: Duration = Duration::from_secs(5);
/// A Backbone may be working on a call whose caller is gone; after this time it is done, unless it is very slow.
const CALL_IN_FLIGHT: Duration = Duration::from_millis(250);
/// A message prepared earlier was looked for at an earlier start, or can no longer arrive late.
const RECENT: Duration = Duration::from_secs(10);
/// The greatest lag of the Backbone's clock that is assumed while its time is unknown.
const CLOCK_SKEW: Duration = Duration::from_secs(24 * 3600);
/// Instances of a Backbone have different clocks, and a message can be stored some time after it got its time stamp.
const INSTANCE_SKEW: Duration = Duration::from_secs(10);
/// A Backbone that announces more messages than it has must not keep a caller busy indefinitely.
const MAX_PAGES: usize = 5_000;

/// The hash that identifies a message at the Backbone before its id is known.
pub(crate) fn body_hash(body: &[u8]) -> String {
    base64url_encode(sha512(body))
}

/// Name of the lock that is held while a message is being sent.
pub(super) fn lock_name(id: &str) -> String {
    format!("pending message {id}")
}

impl Messages {
    /// Stores the messages that the Backbone has accepted without this process knowing it. One that it does not have is
    /// given up when it can no longer arrive.
    async fn recover(&self) -> Result<()> {
        let context = &self.context;
        let mut held: Vec<(PendingMessage, OwnedMutexGuard<()>)> = Vec::new();
        for pending in context.store().find::<PendingMessage>(&Query::default()).await? {
            // Without the lock, it is being sent right now.
            if let Some(guard) = context.try_lock(&lock_name(&pending.id))
                && context.store().get::<PendingMessage>(&pending.id).await?.is_some()
            {
                held.push((pending, guard));
            }
        }
        if held.is_empty() {
            return Ok(());
        }
        let looked_at = self.time_of_backbone();
        let mut taken = self.taken(held.iter().map(|(pending, _)| pending)).await?;
        for (mut pending, _guard) in held {
            match taken.remove(&pending.id) {
                Some(message) => {
                    tracing::info!(message = %message.id, "a sent message was found at the Backbone");
                    self.store_sent(pending, message.id, message.created_at).await?;
                }
                None if self.is_over(&pending) => self.forget(&pending).await?,
                // The next time, less has to be searched.
                None => {
                    pending.sent_after = pending.sent_after.max(looked_at);
                    let mut unit = context.unit_of_work().await?;
                    unit.replace(&pending).await?;
                    unit.commit().await?;
                }
            }
        }
        Ok(())
    }

    /// [`recover`](Self::recover) before any messages are requested, so that every answer is complete.
    pub(crate) async fn recover_at_start(&self) {
        let twice = async {
            self.recover().await?;
            let pending: Vec<PendingMessage> = self.context.store().find(&Query::default()).await?;
            let now = self.context.clock().now();
            if pending.iter().any(|pending| !pending.prepared_at.saturating_add(RECENT).is_expired(now)) {
                tokio::time::sleep(CALL_IN_FLIGHT).await;
                self.recover().await?;
            }
            Ok(())
        };
        in_passing(PATIENCE_AT_START, twice).await;
    }

    /// [`recover`](Self::recover) alongside other work, which it must not delay or prevent.
    pub(crate) async fn recover_in_passing(&self) {
        in_passing(PATIENCE, self.recover()).await;
    }

    /// The outcome of a sending that failed with `error`, which does not tell if the Backbone has accepted the message:
    /// the message if it has, otherwise the error.
    pub(super) async fn resolve(&self, pending: PendingMessage, error: TransportError) -> Result<Message> {
        let look_up = || async { self.taken([&pending]).await };
        let taken = tokio::time::timeout(PATIENCE, look_up.retry(patience()).when(TransportError::may_pass)).await;
        let error = error.with_unknown_outcome();
        match taken {
            Ok(Ok(mut taken)) => match taken.remove(&pending.id) {
                Some(message) => self.store_taken(pending, message.id, message.created_at).await,
                // Stays pending: it may arrive late.
                None => Err(error),
            },
            Ok(Err(failure)) => {
                tracing::warn!(code = failure.code(), error = %failure, "the fate of a sent message is not known yet");
                Err(error)
            }
            Err(_) => Err(error),
        }
    }

    /// The message that an earlier call sent for this cause without knowing its outcome; `None` if none was sent.
    pub(super) async fn sent_for(&self, cause: &str) -> Result<Option<Message>> {
        let of_cause = Query::new(Filter::eq("cause", cause));
        for pending in self.context.store().find::<PendingMessage>(&of_cause).await? {
            // Another call may be about to find out.
            let _on_its_way = self.context.lock(&lock_name(&pending.id)).await;
            let Some(pending) = self.context.store().get::<PendingMessage>(&pending.id).await? else { continue };
            if let Some(message) = self.taken([&pending]).await?.remove(&pending.id) {
                return self.store_taken(pending, message.id, message.created_at).await.map(Some);
            }
            if !self.is_over(&pending) {
                return Err(TransportError::from(RequestError::earlier_outcome_unknown("POST", paths::MESSAGES)));
            }
            self.forget(&pending).await?;
        }
        Ok(None)
    }

    /// A time of the Backbone before which it will certainly accept no more messages.
    pub(crate) fn time_of_backbone(&self) -> Timestamp {
        match self.context.backbone().latest_time() {
            Some(time) => time.saturating_sub(INSTANCE_SKEW),
            None => self.context.clock().now().saturating_sub(CLOCK_SKEW),
        }
    }

    /// Stores a message that the Backbone has. Retries, because a caller that gets an error sends it again.
    pub(super) async fn store_taken(&self, pending: PendingMessage, id: MessageId, at: Timestamp) -> Result<Message> {
        let store = || async { self.store_sent(pending.clone(), id.clone(), at).await };
        store.retry(patience()).when(TransportError::is_transient).await
    }

    pub(super) async fn forget(&self, pending: &PendingMessage) -> Result<()> {
        let mut unit = self.context.unit_of_work().await?;
        unit.delete::<PendingMessage>(&pending.id).await?;
        unit.commit().await
    }

    async fn store_sent(&self, pending: PendingMessage, id: MessageId, created_at: Timestamp) -> Result<Message> {
        let mut unit = self.context.unit_of_work().await?;
        // A commit that seemed to fail may have succeeded.
        if let Some(stored) = unit.get(id.as_str()).await? {
            return Ok(stored);
        }
        unit.delete::<PendingMessage>(&pending.id).await?;
        let cause = pending.cause.clone();
        let message = pending.into_message(id, created_at, self.context.identity().address.clone());
        unit.insert(&message).await?;
        unit.publish(&TransportEvent::MessageSent(message.clone())).await?;
        if let Some(cause) = cause {
            self.context.causes().complete(&mut unit, &cause, Sent::Message(&message)).await?;
        }
        unit.commit().await?;
        Ok(message)
    }

    /// Those of the given messages that the Backbone has, by their pending id. Its list is ordered by time, so its end
    /// is read first.
    async fn taken<'a>(
        &self,
        wanted: impl IntoIterator<Item = &'a PendingMessage>,
    ) -> Result<HashMap<String, BackboneMessage>> {
        let mut wanted: HashMap<&str, Timestamp> =
            wanted.into_iter().map(|pending| (pending.id.as_str(), pending.sent_after)).collect();
        let mut taken = HashMap::new();
        let Some(since) = wanted.values().min().copied() else { return Ok(taken) };
        let mut list = Backwards::open(&self.context).await?;
        for _ in 0..MAX_PAGES {
            if wanted.is_empty() {
                break;
            }
            let Some(messages) = list.next().await? else { break };
            let is_last = messages.first().is_some_and(|message| message.created_at < since);
            for message in messages.into_iter().filter(|message| self.context.is_me(&message.created_by)) {
                if let Some((id, _)) = wanted.remove_entry(body_hash(message.body.as_slice()).as_str()) {
                    taken.insert(id.to_owned(), message);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(taken)
    }

    /// Returns true if a message that the Backbone does not have can no longer arrive there.
    fn is_over(&self, pending: &PendingMessage) -> bool {
        let latest = pending.prepared_at.saturating_add(self.context.config().timeout().saturating_mul(2));
        latest.is_expired(self.context.clock().now())
    }
}

async fn in_passing(patience: Duration, recovery: impl Future<Output = Result<()>>) {
    match tokio::time::timeout(patience, recovery).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error.code = error.code(), %error, "the fate of sent messages could not be found out yet");
        }
        Err(_) => tracing::warn!("the fate of sent messages could not be found out in time"),
    }
}

fn patience() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(14)
}
