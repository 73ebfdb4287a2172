use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use core_types::{IdentityAddress, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::challenges::ChallengeRates;
use crate::clients::{Client, ClientSecrets};
use crate::config::BackboneConfig;
use crate::database::Database;
use crate::folder::Folder;
use crate::guesses::Guesses;
use crate::health::Health;
use crate::http::{ApiError, Memory, Source, TrustedProxies};
use crate::maintenance::Maintained;
use crate::password::PasswordHasher;
use crate::settings::{AdminFile, Problem, Settings};
use crate::sse::Hub;
use crate::unit::Unit;
use crate::{BackboneError, announcements, http, identity_deletion, maintenance, server, settings, sse};

/// What a database can not do without.
const LEAST_DATABASE: u64 = 1024 * 1024;

/// A running Backbone. Clones share the same database.
#[derive(Debug, Clone)]
pub struct Backbone {
    config: Arc<BackboneConfig>,
    opened_at: Timestamp,
    database: Database,
    folder: Folder,
    settings: Arc<RwLock<Arc<Settings>>>,
    hub: Arc<Hub>,
    memory: Memory,
    passwords: Arc<PasswordHasher>,
    guesses: Arc<Guesses>,
    client_secrets: Arc<ClientSecrets>,
    challenge_rates: Arc<ChallengeRates>,
    health: Arc<Health>,
}

impl Backbone {
    /// Opens the database in the data directory, creating it when missing, and reads the administrator's file. The directory is
    /// this Backbone's until it is closed or all its clones are dropped.
    ///
    /// # Errors
    /// [`BackboneError::Configuration`] for settings that make no sense, [`BackboneError::AdminFile`] for a file
    /// that does, [`BackboneError::InUse`] when another process has the directory, otherwise when the database can not be opened or brought up to date.
    pub async fn open(config: BackboneConfig) -> Result<Self, BackboneError> {
        check(&config)?;
        let (configured, settings) = (configured(&config)?, read_settings(&config).await?);
        let folder = Folder::open(&config.data_dir)?;
        let database = Database::open(&folder.database(), config.max_database_size).await?;
        let backbone = Self {
            opened_at: config.clock.now(),
            config: Arc::new(config),
            database,
            folder,
            settings: Arc::new(RwLock::new(Arc::new(configured))),
            hub: Arc::default(),
            memory: Memory::default(),
            passwords: Arc::default(),
            guesses: Arc::default(),
            client_secrets: Arc::default(),
            challenge_rates: Arc::default(),
            health: Arc::default(),
        };
        backbone.adopt(settings).await?;
        sse::forget_former(&backbone).await.map_err(maintenance::into_error)?;
        Ok(backbone)
    }

    /// The HTTP interface, ready to be served or called in-process.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Serves the HTTP interface until the token is cancelled, then lets running requests finish and ends the streams
    /// of events. Meanwhile it does its maintenance and reads the administrator's file again when it has changed.
    ///
    /// # Errors
    /// [`BackboneError::Serve`] when the listener fails.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), BackboneError> {
        let stop_working = shutdown.child_token();
        let working = tokio::spawn(maintenance::work(self.clone(), stop_working.clone()));
        // Also when this future is dropped before its end.
        let stop_working = stop_working.drop_guard();
        let (limits, proxies) = (self.config.max_connections, TrustedProxies::new(self.config.trusted_proxies.clone()));
        let served = server::serve(listener, self.router(), limits, proxies, shutdown).await;
        drop(stop_working);
        if let Err(error) = working.await {
            tracing::error!(%error, "the maintenance ended early");
        }
        served.map_err(BackboneError::Serve)
    }

    /// Reads the administrator's file again and adopts it. Listeners are told of announcements that are new.
    ///
    /// # Errors
    /// [`BackboneError::AdminFile`] when it makes no sense, [`BackboneError::Database`]; the settings stay as they were.
    pub async fn reload(&self) -> Result<(), BackboneError> {
        let settings = read_settings(&self.config).await?;
        self.adopt(settings).await
    }

    /// Sends due reminders, removes every Identity whose grace period is over, and then what is out of date
    /// (`docs/protocol/03 §3.6, §16`). [`Self::serve`] does it regularly.
    ///
    /// # Errors
    /// [`BackboneError::Database`]; what was done before stays done.
    pub async fn maintain(&self) -> Result<Maintained, BackboneError> {
        maintenance::run(self).await
    }

    /// Removes every Identity whose grace period is over and tells its peers (`docs/protocol/03 §3.6, §19.3`).
    /// Returns the addresses removed.
    ///
    /// # Errors
    /// [`BackboneError::Database`]; the Identities removed before stay removed.
    pub async fn delete_expired_identities(&self) -> Result<Vec<IdentityAddress>, BackboneError> {
        identity_deletion::run(self).await
    }

    /// Ends the streams of events, waits for running requests, closes the database and leaves the directory to others.
    pub async fn close(&self) {
        self.hub.close();
        self.database.close().await;
        self.folder.close();
    }

    pub(crate) fn config(&self) -> &BackboneConfig {
        &self.config
    }

    pub(crate) fn shared_config(&self) -> Arc<BackboneConfig> {
        Arc::clone(&self.config)
    }

    /// The settings in force now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    pub(crate) fn shared_hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }

    pub(crate) fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn passwords(&self) -> &PasswordHasher {
        &self.passwords
    }

    /// The OAuth client of this name, if the secret is its own.
    ///
    /// # Errors
    /// After too many wrong secrets from the source.
    pub(crate) fn authenticate_client(
        &self,
        id: &str,
        secret: &str,
        source: Source,
    ) -> Result<Option<Client>, ApiError> {
        let now = self.config.clock.monotonic();
        let settings = self.settings();
        self.client_secrets.authenticate(&settings.clients, (id, secret), source, now).map(Option::<&Client>::cloned)
    }

    pub(crate) fn guesses(&self) -> &Guesses {
        &self.guesses
    }

    pub(crate) fn shared_guesses(&self) -> Arc<Guesses> {
        Arc::clone(&self.guesses)
    }

    pub(crate) fn challenge_rates(&self) -> &ChallengeRates {
        &self.challenge_rates
    }

    pub(crate) fn health(&self) -> &Health {
        &self.health
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
        Ok(Unit::new(transaction, self))
    }

    /// A transaction that only reads, beside the writers.
    pub(crate) async fn read(&self) -> Result<Unit, ApiError> {
        let transaction = self.database.readers.begin().await?;
        Ok(Unit::new(transaction, self))
    }

    /// Puts settings in force.
    async fn adopt(&self, mut settings: Settings) -> Result<(), BackboneError> {
        let result = async {
            let mut unit = self.write().await?;
            let result = announcements::note(&mut unit, &mut settings.announcements).await;
            let former = self.settings();
            if result.is_ok() {
                // Before the commit, because whoever is told of an announcement comes to read it at once.
                self.set_settings(Arc::new(settings));
            }
            let finished = unit.finish(result).await;
            if finished.is_err() {
                self.set_settings(former);
            }
            finished
        };
        result.await.map_err(maintenance::into_error)
    }

    fn set_settings(&self, settings: Arc<Settings>) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }
}

/// The settings without the administrator's file.
fn configured(config: &BackboneConfig) -> Result<Settings, BackboneError> {
    Settings::new(config, AdminFile::default())
        .map_err(|problem| BackboneError::Configuration { setting: "clients", reason: problem.to_string() })
}

async fn read_settings(config: &BackboneConfig) -> Result<Settings, BackboneError> {
    let Some(path) = &config.admin_file else { return configured(config) };
    let refuse = |problem: Problem| BackboneError::AdminFile { path: path.clone(), reason: problem.to_string() };
    Settings::new(config, settings::read(path).await.map_err(refuse)?).map_err(refuse)
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
    if config.max_connections.in_all == 0 || config.max_connections.per_source == 0 {
        return refuse("max_connections", "there must be at least one");
    }
    if config.max_database_size.is_some_and(|bytes| bytes < LEAST_DATABASE) {
        return refuse("max_database_size", "it must be at least 1 MiB, which an empty database takes");
    }
    if config.max_message_recipients == 0 {
        return refuse("max_message_recipients", "it must be greater than 0");
    }
    if !(1..=100).contains(&config.max_unreceived_messages) {
        return refuse("max_unreceived_messages", "it must be 1 to 100");
    }
    if !(0.0..=3650.0).contains(&config.grace_period_days) {
        return refuse("grace_period_days", "it must be 0 to 3650");
    }
    for (setting, period) in [
        ("admin_file_interval", config.admin_file_interval),
        ("maintenance_interval", config.maintenance_interval),
        ("sse_keep_alive", config.sse_keep_alive),
    ] {
        if period.is_zero() {
            return refuse(setting, "it must be longer than nothing");
        }
    }
    settings::check_tags(&config.tags)
        .map_err(|problem| BackboneError::Configuration { setting: "tags", reason: problem.into_reason() })
}
