//! Doing something about Relationships when they change, surely and without harm if done twice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use runtime::events::Subscription;
use runtime::{AccountServices, ApplicationError, ErrorKind, ModuleContext, ModuleError};
use store::{Event, StoreError};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use transport::request_error_codes as codes;

use crate::back_off::BackOff;

const RELATIONSHIP_CHANGED: &str = "transport.relationshipChanged";

const BATCH: u32 = 64;

/// After this many events that were none of its business the place in the event log is written down all the same.
const CONFIRM_AFTER: usize = 512;

/// The pause before an action that failed is tried again.
const RETRY: BackOff = BackOff { first: Duration::from_secs(1), longest: Duration::from_mins(1) };

/// How often an action is tried when nothing says that all others would fail as well.
const MAX_ATTEMPTS: u32 = 6;

/// What is done about a Relationship.
#[async_trait]
pub(crate) trait Reaction: Send + Sync + 'static {
    /// Name of the module and of its place in the event log.
    const NAME: &'static str;

    /// The Relationships there is something to do about now.
    async fn waiting(&self, services: &AccountServices) -> Result<Vec<String>, ApplicationError>;

    /// Does what there is to do about the Relationship, which may be nothing, or have been done before.
    async fn react(&self, services: &AccountServices, relationship: &str) -> Result<(), ApplicationError>;
}

/// Applies a [`Reaction`] to what is there at the start and then to every Relationship that changes.
#[derive(Debug)]
pub(crate) struct Reactor<R> {
    reaction: Arc<R>,
    tasks: TaskTracker,
}

impl<R: Reaction> Reactor<R> {
    pub(crate) fn new(reaction: R) -> Self {
        Self { reaction: Arc::new(reaction), tasks: TaskTracker::new() }
    }

    pub(crate) async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        let subscription = Subscription::open(context.store.clone(), R::NAME)
            .await
            .map_err(|error| ModuleError(format!("the event log cannot be read: {error}")))?;
        let shutdown = context.shutdown.clone();
        let running = Running { reaction: Arc::clone(&self.reaction), context };
        // An action in progress goes on beside this, and is waited for by the Account.
        self.tasks.spawn(shutdown.run_until_cancelled_owned(running.follow(subscription)));
        Ok(())
    }

    pub(crate) async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

struct Running<R> {
    reaction: Arc<R>,
    context: ModuleContext,
}

impl<R: Reaction> Running<R> {
    async fn follow(self, mut subscription: Subscription) {
        self.catch_up().await;
        let (mut failures, mut unconfirmed) = (0, 0);
        loop {
            match self.next(&mut subscription, &mut unconfirmed).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::error!(module.name = R::NAME, %error, "the event log cannot be read");
                    self.context.status.degraded(format!("the event log cannot be read: {error}"));
                    sleep(RETRY.pause(failures)).await;
                }
            }
        }
    }

    /// What has happened before, also while the module was switched off.
    async fn catch_up(&self) {
        let waiting = self.persistently("the Relationships", || self.reaction.waiting(&self.context.services)).await;
        for relationship in waiting.into_iter().flatten() {
            self.react(&relationship).await;
        }
    }

    async fn next(&self, subscription: &mut Subscription, unconfirmed: &mut usize) -> Result<(), StoreError> {
        let events = subscription.next_batch(BATCH).await?;
        *unconfirmed += events.len();
        let mut has_acted = false;
        for event in events {
            if let Some(relationship) = relationship_of(&event) {
                self.react(relationship).await;
                has_acted = true;
            }
        }
        if has_acted || *unconfirmed >= CONFIRM_AFTER {
            subscription.confirm().await?;
            *unconfirmed = 0;
        }
        self.context.status.running();
        Ok(())
    }

    async fn react(&self, relationship: &str) {
        self.persistently(relationship, || self.reaction.react(&self.context.services, relationship)).await;
    }

    /// Tries until it works, or there is no hope.
    async fn persistently<T, F>(&self, what: &str, attempt: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, ApplicationError>>,
    {
        let mut failures = 0;
        loop {
            let error = match attempt().await {
                Ok(done) => return Some(done),
                Err(error) => error,
            };
            failures += 1;
            let hope = self.hope(&error).await;
            if hope == Hope::None || (hope == Hope::Some && failures >= MAX_ATTEMPTS) {
                tracing::error!(
                    module.name = R::NAME,
                    relationship = what,
                    error.code = error.code(),
                    error.message = error.message(),
                    "the Relationship is left as it is"
                );
                return None;
            }
            let pause = RETRY.pause(failures);
            tracing::warn!(
                module.name = R::NAME,
                relationship = what,
                error.code = error.code(),
                failures,
                "the action failed and is repeated"
            );
            self.context.status.degraded(format!("an action on {what} failed and is repeated: {}", error.code()));
            sleep(pause).await;
        }
    }

    async fn hope(&self, error: &ApplicationError) -> Hope {
        match error.kind() {
            ErrorKind::Invalid | ErrorKind::NotFound => Hope::None,
            ErrorKind::Backbone { status } => hope_after(error.code(), status),
            // With a store that does not work nothing else would work either.
            ErrorKind::Unexpected if self.context.store.ping().await.is_err() => Hope::Sure,
            ErrorKind::Unexpected => Hope::Some,
        }
    }
}

/// Whether it makes sense to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hope {
    /// The answer will be the same.
    None,
    /// It may work, or not.
    Some,
    /// What hinders it hinders everything, and will pass.
    Sure,
}

fn hope_after(code: &str, status: u16) -> Hope {
    const OUTAGES: [&str; 6] = [
        codes::NO_AUTH_POSSIBLE,
        codes::NO_AUTH_GRANT,
        codes::UNKNOWN,
        codes::ABORTED,
        codes::ADDRESS_NOT_FOUND,
        codes::UNAUTHORIZED,
    ];
    match status {
        _ if OUTAGES.contains(&code) => Hope::Sure,
        429 | 502..=504 => Hope::Sure,
        400..=499 if !matches!(status, 408 | 425) => Hope::None,
        _ => Hope::Some,
    }
}

fn relationship_of(event: &Event) -> Option<&str> {
    event.object_id.as_deref().filter(|_| event.namespace == RELATIONSHIP_CHANGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (code, status, hope) in [
            ("error.transport.request.unknown", 500, Hope::Sure),
            ("error.transport.request.noAuthPossible", 401, Hope::Sure),
            ("error.platform.unexpected", 503, Hope::Sure),
            ("error.platform.quotaExhausted", 429, Hope::Sure),
            ("error.platform.unexpected", 500, Hope::Some),
            ("error.platform.unexpected", 408, Hope::Some),
            ("error.platform.forbidden", 403, Hope::None),
            ("error.transport.request.badRequest", 400, Hope::None),
        ] {
            assert_eq!(hope_after(code, status), hope, "{code} {status}");
        }
    }
}
