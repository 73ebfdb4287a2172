//! A reaction as a target of the delivery engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use rand::Rng as _;

use super::failure::delivery_error;
use super::mark::{AppliedEvent, remove_passed};
use super::options::OPTIONS;
use super::pause::Pause;
use super::reaction::{Occasion, Reaction};
use super::trouble::Trouble;
use crate::error::ApplicationError;
use crate::services::AccountServices;

/// After this many applied events, marks that are no longer needed are removed.
const REMOVE_MARKS_EVERY: u32 = 64;

pub(super) struct ReactionTarget<R> {
    reaction: Arc<R>,
    services: AccountServices,
    pause: Pause,
    trouble: Arc<Trouble>,
    applied: AtomicU32,
}

impl<R: Reaction> ReactionTarget<R> {
    pub(super) fn new(reaction: Arc<R>, services: AccountServices, trouble: Arc<Trouble>) -> Self {
        Self { reaction, services, pause: Pause::default(), trouble, applied: AtomicU32::new(0) }
    }

    /// Reacts to the backlog, including everything that happened while the module was switched off.
    pub(super) async fn catch_up(&self) {
        let objects = self.persistently("the backlog", || self.reaction.backlog(&self.services)).await;
        for object in objects.unwrap_or_default() {
            self.persistently(&object, || self.react(Occasion::Found(&object))).await;
        }
    }

    /// Retries until it succeeds, or is known to be futile.
    async fn persistently<T, F>(&self, what: &str, attempt: impl FnMut() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, ApplicationError>>,
    {
        let back_off = ExponentialBuilder::default()
            .with_min_delay(OPTIONS.retry_delay)
            .with_max_delay(OPTIONS.max_retry_delay)
            .with_jitter()
            .with_jitter_seed(self.services.randomness().next_u64())
            .without_max_times();
        let mut refusals = 0;
        let may_work = |error: &ApplicationError| {
            refusals += u32::from(matches!(delivery_error(error), DeliveryError::Refused(_)));
            is_tried_again(&delivery_error(error), refusals)
        };
        let outcome = attempt.retry(back_off).when(may_work).adjust(|error, pause| {
            self.trouble.failed(what, error.code());
            later(error, pause)
        });
        let outcome = outcome.await;
        self.trouble.over(what);
        match outcome {
            Ok(done) => Some(done),
            Err(error) => {
                let (code, message) = (error.code(), error.message());
                tracing::error!(module.name = R::NAME, error.code = code, error.message = message, "nothing was done");
                None
            }
        }
    }

    async fn react(&self, occasion: Occasion<'_>) -> Result<(), ApplicationError> {
        let Some(facts) = self.reaction.prepare(&self.services, occasion).await? else { return Ok(()) };
        let account = self.services.transport();
        let mut unit = account.unit_of_work().await?;
        if let Occasion::Event(event) = occasion {
            let mark = AppliedEvent::new(R::NAME, event);
            // Under the lock of the only writer.
            if unit.get::<AppliedEvent>(&AppliedEvent::id_of(R::NAME, event)).await?.is_some() {
                return Ok(());
            }
            unit.insert(&mark).await?;
            if self.applied.fetch_add(1, Ordering::Relaxed).is_multiple_of(REMOVE_MARKS_EVERY) {
                remove_passed(account.store(), &mut unit, R::NAME).await?;
            }
        }
        self.reaction.apply(&mut unit, occasion, facts).await?;
        Ok(unit.commit().await?)
    }
}

/// Returns true if there is another attempt after this number of refusals.
fn is_tried_again(error: &DeliveryError, refusals: u32) -> bool {
    match error {
        DeliveryError::Unreachable(_) | DeliveryError::Unroutable(_) => true,
        DeliveryError::Refused(_) => OPTIONS.max_attempts.is_none_or(|most| refusals < most),
        DeliveryError::Permanent(_) => false,
    }
}

/// The pause, or the one that the Backbone asked for if that is longer.
fn later(error: &ApplicationError, pause: Option<Duration>) -> Option<Duration> {
    pause.map(|pause| pause.max(error.retry_after().unwrap_or_default()))
}

#[async_trait]
impl<R: Reaction> Target for ReactionTarget<R> {
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        self.pause.over().await;
        let occasion = Occasion::Event(event);
        match self.react(occasion).await {
            Ok(()) => {
                self.trouble.over(occasion.object_id());
                Ok(Receipt::Accepted)
            }
            Err(error) => {
                self.pause.ask(error.retry_after());
                let failure = delivery_error(&error);
                if is_tried_again(&failure, event.attempt) {
                    self.trouble.failed(occasion.object_id(), error.code());
                } else {
                    self.trouble.over(occasion.object_id());
                }
                Err(failure)
            }
        }
    }
}
