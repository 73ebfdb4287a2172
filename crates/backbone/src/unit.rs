use std::sync::Arc;

use core_types::Timestamp;
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::BackboneConfig;
use crate::http::ApiError;

/// The work of one request: one transaction, one instant.
#[derive(Debug)]
pub(crate) struct Unit {
    transaction: Transaction<'static, Sqlite>,
    /// When the request is processed; every time written is this one.
    pub(crate) now: Timestamp,
    pub(crate) config: Arc<BackboneConfig>,
    keeps_changes: bool,
}

impl Unit {
    pub(crate) fn new(transaction: Transaction<'static, Sqlite>, now: Timestamp, config: Arc<BackboneConfig>) -> Self {
        Self { transaction, now, config, keeps_changes: false }
    }

    /// The connection inside the transaction.
    pub(crate) fn db(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Keeps what was written so far even though the request fails: counters against guessing.
    pub(crate) fn keep_changes_on_error(&mut self) {
        self.keeps_changes = true;
    }

    /// Ends the transaction as the result demands.
    pub(crate) async fn finish<T>(self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        if result.is_ok() || self.keeps_changes {
            self.transaction.commit().await?;
        } else {
            self.transaction.rollback().await?;
        }
        result
    }
}
