use std::future::IntoFuture as _;
use std::sync::Arc;

use axum::Router;
use core_types::{IdentityAddress, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::BackboneConfig;
use crate::database::Database;
use crate::http::ApiError;
use crate::unit::Unit;
use crate::{BackboneError, http, identity_deletion};

/// A running Backbone. Clones share the same database.
#[derive(Debug, Clone)]
pub struct Backbone {
    config: Arc<BackboneConfig>,
    database: Database,
}

impl Backbone {
    /// Opens the database in the data directory, creating it when missing.
    ///
    /// # Errors
    /// [`BackboneError::Configuration`] for settings that make no sense, otherwise when the database
    /// can not be opened or brought up to date.
    pub async fn open(config: BackboneConfig) -> Result<Self, BackboneError> {
        check(&config)?;
        let database = Database::open(&config.data_dir).await?;
        Ok(Self { config: Arc::new(config), database })
    }

    /// The HTTP interface, ready to be served or called in-process.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Serves the HTTP interface until the token is cancelled, then lets running requests finish.
    ///
    /// # Errors
    /// [`BackboneError::Serve`] when the listener fails.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), BackboneError> {
        axum::serve(listener, self.router())
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .into_future()
            .await
            .map_err(BackboneError::Serve)
    }

    /// Removes every Identity whose grace period is over and tells its peers (`docs/protocol/03 §3.6, §19.3`).
    /// Returns the addresses removed.
    ///
    /// # Errors
    /// [`BackboneError::Database`]; the Identities removed before stay removed.
    pub async fn delete_expired_identities(&self) -> Result<Vec<IdentityAddress>, BackboneError> {
        identity_deletion::run(self).await
    }

    /// Waits for running requests and closes the database.
    pub async fn close(&self) {
        self.database.close().await;
    }

    pub(crate) fn config(&self) -> &BackboneConfig {
        &self.config
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// A transaction that may write; it waits for the ones before.
    pub(crate) async fn write(&self) -> Result<Unit, ApiError> {
        let transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Unit::new(transaction, self.now(), Arc::clone(&self.config)))
    }

    /// A transaction that only reads, beside the writers.
    pub(crate) async fn read(&self) -> Result<Unit, ApiError> {
        let transaction = self.database.readers.begin().await?;
        Ok(Unit::new(transaction, self.now(), Arc::clone(&self.config)))
    }
}

fn check(config: &BackboneConfig) -> Result<(), BackboneError> {
    let refuse = |setting, reason: &str| Err(BackboneError::Configuration { setting, reason: reason.to_owned() });
    let length = config.did_domain.len();
    if !(3..=45).contains(&length) {
        return refuse("did_domain", "it must have 3 to 45 characters");
    }
    if !core_types::identity_address::compute_from_bytes(&[], &config.did_domain).is_valid() {
        return refuse(
            "did_domain",
            "it must be a host name in lower case; an IP address can not be part of an address",
        );
    }
    if config.clients.is_empty() {
        return refuse("clients", "at least one OAuth client is needed");
    }
    if config.clients.iter().any(|client| client.id.is_empty() || client.secret.expose().is_empty()) {
        return refuse("clients", "an OAuth client needs an id and a secret");
    }
    if !(60..=3600).contains(&config.access_token_lifetime.as_secs()) {
        return refuse("access_token_lifetime", "it must be 60 to 3600 seconds");
    }
    if config.max_message_recipients == 0 {
        return refuse("max_message_recipients", "it must be greater than 0");
    }
    if !(1..=100).contains(&config.max_unreceived_messages) {
        return refuse("max_unreceived_messages", "it must be 1 to 100");
    }
    if !config.tags.supported_languages.iter().any(|language| language == "en") {
        return refuse("tags", "the supported languages must include 'en'");
    }
    Ok(())
}
