use std::sync::Arc;

use backbone_api::sse::SseEvent;
use core_types::{IdentityAddress, Randomness, Timestamp};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::config::BackboneConfig;
use crate::context::Context;
use crate::guesses::Guesses;
use crate::http::ApiError;
use crate::hub::{Audience, Hub};
use crate::settings::Settings;

/// The work of one request: one transaction, one instant.
#[derive(Debug)]
pub(crate) struct Unit {
    transaction: Transaction<'static, Sqlite>,
    /// The time at which the request is processed; every time written is this one.
    pub(crate) now: Timestamp,
    /// The settings in force when the request began.
    pub(crate) settings: Arc<Settings>,
    context: Context,
    outbox: Outbox,
    keeps_changes: bool,
}

/// The notifications to be sent once the transaction is committed.
#[derive(Debug, Default)]
struct Outbox {
    notifications: Vec<(Audience, SseEvent)>,
    /// Identities whose streams end.
    dismissed: Vec<IdentityAddress>,
}

impl Outbox {
    fn is_empty(&self) -> bool {
        self.notifications.is_empty() && self.dismissed.is_empty()
    }

    fn send(&self, hub: &Hub) {
        self.notifications.iter().for_each(|(audience, event)| hub.publish(audience, *event));
        self.dismissed.iter().for_each(|identity| hub.dismiss(identity));
    }
}

impl Unit {
    /// A transaction that may write; it waits for the ones before.
    pub(crate) async fn write(context: &Context) -> Result<Self, ApiError> {
        let transaction = context.database().writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Self::new(transaction, context))
    }

    /// A transaction that only reads, beside the writers.
    pub(crate) async fn read(context: &Context) -> Result<Self, ApiError> {
        let transaction = context.database().readers.begin().await?;
        Ok(Self::new(transaction, context))
    }

    fn new(transaction: Transaction<'static, Sqlite>, context: &Context) -> Self {
        Self {
            transaction,
            now: context.now(),
            settings: context.settings(),
            context: context.clone(),
            outbox: Outbox::default(),
            keeps_changes: false,
        }
    }

    pub(crate) fn config(&self) -> &BackboneConfig {
        self.context.config()
    }

    /// The time at which this Backbone was opened.
    pub(crate) fn opened_at(&self) -> Timestamp {
        self.context.opened_at()
    }

    pub(crate) fn randomness(&self) -> Randomness {
        self.context.randomness()
    }

    pub(crate) fn guesses(&self) -> &Guesses {
        self.context.guesses()
    }

    /// The connection inside the transaction.
    pub(crate) fn db(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Notifies listeners when the transaction is committed, and only then.
    pub(crate) fn notify(&mut self, audience: Audience, event: SseEvent) {
        let notification = (audience, event);
        if !self.outbox.notifications.contains(&notification) {
            self.outbox.notifications.push(notification);
        }
    }

    /// Ends the streams of an Identity once the transaction is committed.
    pub(crate) fn dismiss(&mut self, identity: IdentityAddress) {
        self.outbox.dismissed.push(identity);
    }

    /// Commits the changes so far even if the request fails: counters against guessing.
    pub(crate) fn keep_changes_on_error(&mut self) {
        self.keeps_changes = true;
    }

    /// Commits or rolls back, depending on the result.
    pub(crate) async fn finish<T>(self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        if result.is_err() && !self.keeps_changes {
            // SQLite has rolled back by itself after some errors. The connection is not used again then.
            if let Err(error) = self.transaction.rollback().await {
                tracing::debug!(%error, "a transaction could not be rolled back once more");
            }
        } else if self.outbox.is_empty() {
            self.transaction.commit().await?;
            self.context.database().count_commit();
        } else {
            let Self { transaction, outbox, context, .. } = self;
            // In a task of its own, so that a client which disconnects during the commit does not keep others from
            // being notified.
            let committed = tokio::spawn(async move {
                transaction.commit().await?;
                context.database().count_commit();
                outbox.send(context.hub());
                Ok::<_, sqlx::Error>(())
            });
            committed.await.map_err(|_| ApiError::Internal("the commit"))??;
        }
        result
    }
}
