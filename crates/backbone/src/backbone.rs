use axum::Router;
use core_types::IdentityAddress;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{self, BackboneConfig};
use crate::context::Context;
use crate::database::Database;
use crate::error::BackboneError;
use crate::folder::Folder;
use crate::http::TrustedProxies;
use crate::maintenance::{self, Maintained, identity_deletion};
use crate::resources::sse::registration;
use crate::{administration, router, server};

/// A running Backbone. Clones share the same database.
#[derive(Debug, Clone)]
pub struct Backbone(Context);

impl Backbone {
    /// Opens the database in the data directory, creating it when missing, and reads the administrator's file. The
    /// directory is locked for this Backbone until it is closed or all its clones are dropped.
    ///
    /// # Errors
    /// [`BackboneError::Configuration`] for invalid settings, [`BackboneError::AdminFile`] for an invalid file,
    /// [`BackboneError::InUse`] when another process has the directory, otherwise when the database cannot be opened or
    /// migrated.
    pub async fn open(config: BackboneConfig) -> Result<Self, BackboneError> {
        config::rules::check(&config)?;
        let (configured, settings) = (administration::configured(&config)?, administration::read(&config).await?);
        let folder = Folder::open(&config.data_dir)?;
        let database = Database::open(&folder.database(), config.max_database_size).await?;
        let context = Context::new(config, folder, database, configured);
        administration::adopt(&context, settings).await?;
        registration::forget_former(&context).await?;
        Ok(Self(context))
    }

    /// The HTTP interface, ready to be served or called in-process.
    pub fn router(&self) -> Router {
        router::router(self.0.clone())
    }

    /// Serves the HTTP interface until the token is cancelled, then lets running requests finish and ends the streams
    /// of events. Meanwhile it does its maintenance and reads the administrator's file again when it has changed.
    ///
    /// # Errors
    /// [`BackboneError::Serve`] when the listener fails.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), BackboneError> {
        let stop_working = shutdown.child_token();
        let working = tokio::spawn(maintenance::work(self.0.clone(), stop_working.clone()));
        // Also when this future is dropped before its end.
        let stop_working = stop_working.drop_guard();
        let config = self.0.config();
        let (limits, proxies) = (config.max_connections, TrustedProxies::new(config.trusted_proxies.clone()));
        let served = server::serve(listener, (self.router(), self.0.error_bodies()), limits, proxies, shutdown).await;
        drop(stop_working);
        if let Err(error) = working.await {
            tracing::error!(%error, "the maintenance ended early");
        }
        served.map_err(BackboneError::Serve)
    }

    /// Reads the administrator's file again and adopts it. Listeners are notified of new announcements.
    ///
    /// # Errors
    /// [`BackboneError::AdminFile`] when it is invalid, [`BackboneError::Database`]; the settings stay as they were.
    pub async fn reload(&self) -> Result<(), BackboneError> {
        administration::reload(&self.0).await
    }

    /// Sends due reminders, removes every Identity whose grace period is over, and then outdated records
    /// (`docs/protocol/03 §3.6, §16`). [`Self::serve`] does it regularly.
    ///
    /// # Errors
    /// [`BackboneError::Database`]; completed steps stay done.
    pub async fn maintain(&self) -> Result<Maintained, BackboneError> {
        maintenance::run(&self.0).await
    }

    /// Removes every Identity whose grace period is over and notifies its peers (`docs/protocol/03 §3.6, §19.3`).
    /// Returns the addresses removed.
    ///
    /// # Errors
    /// [`BackboneError::Database`]; the Identities removed before stay removed.
    pub async fn delete_expired_identities(&self) -> Result<Vec<IdentityAddress>, BackboneError> {
        identity_deletion::run(&self.0).await
    }

    /// Ends the streams of events, waits for running requests, closes the database and leaves the directory to others.
    pub async fn close(&self) {
        self.0.hub().close();
        self.0.database().close().await;
        self.0.folder().close();
    }
}
