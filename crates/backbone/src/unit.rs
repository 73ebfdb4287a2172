use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use backbone_api::sse::SseEvent;
use core_types::{IdentityAddress, Timestamp};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::guesses::Guesses;
use crate::http::ApiError;
use crate::settings::Settings;
use crate::sse::{Audience, Hub};
use crate::{Backbone, BackboneConfig};

/// The work of one request: one transaction, one instant.
#[derive(Debug)]
pub(crate) struct Unit {
    transaction: Transaction<'static, Sqlite>,
    /// When the request is processed; every time written is this one.
    pub(crate) now: Timestamp,
    /// When this Backbone was opened.
    pub(crate) opened_at: Timestamp,
    pub(crate) config: Arc<BackboneConfig>,
    /// The settings in force when the request began.
    pub(crate) settings: Arc<Settings>,
    pub(crate) guesses: Arc<Guesses>,
    hub: Arc<Hub>,
    outbox: Outbox,
    keeps_changes: bool,
    commits: Arc<AtomicU64>,
}

/// What listeners are told once the transaction is committed.
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
    pub(crate) fn new(transaction: Transaction<'static, Sqlite>, backbone: &Backbone) -> Self {
        Self {
            transaction,
            now: backbone.now(),
            opened_at: backbone.opened_at(),
            config: backbone.shared_config(),
            settings: backbone.settings(),
            guesses: backbone.shared_guesses(),
            hub: backbone.shared_hub(),
            outbox: Outbox::default(),
            keeps_changes: false,
            commits: backbone.database().commit_counter(),
        }
    }

    /// The connection inside the transaction.
    pub(crate) fn db(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Tells listeners once, and only if, the transaction is committed.
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

    /// Keeps what was written so far even though the request fails: counters against guessing.
    pub(crate) fn keep_changes_on_error(&mut self) {
        self.keeps_changes = true;
    }

    /// Ends the transaction as the result demands.
    pub(crate) async fn finish<T>(self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        if result.is_err() && !self.keeps_changes {
            // SQLite has rolled back by itself after some errors. The connection is not used again then.
            if let Err(error) = self.transaction.rollback().await {
                tracing::debug!(%error, "a transaction could not be rolled back once more");
            }
        } else if self.outbox.is_empty() {
            self.transaction.commit().await?;
            self.commits.fetch_add(1, Ordering::Relaxed);
        } else {
            let Self { transaction, outbox, hub, commits, .. } = self;
            // On its own, so that a client which goes away during the commit keeps nobody else from being told.
            let committed = tokio::spawn(async move {
                transaction.commit().await?;
                commits.fetch_add(1, Ordering::Relaxed);
                outbox.send(&hub);
                Ok::<_, sqlx::Error>(())
            });
            committed.await.map_err(|_| ApiError::Internal("the commit"))??;
        }
        result
    }
}
