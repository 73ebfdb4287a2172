//! The state that requests and maintenance share: configuration, database, settings in force, and counters across
//! requests.

use std::sync::{Arc, PoisonError, RwLock};

use core_types::{Randomness, Timestamp};

use crate::challenge_rates::ChallengeRates;
use crate::clients::{Client, ClientSecrets};
use crate::config::BackboneConfig;
use crate::database::Database;
use crate::folder::Folder;
use crate::guesses::Guesses;
use crate::health::Health;
use crate::http::{ApiError, ErrorBodies, Memory, Source};
use crate::hub::Hub;
use crate::password::PasswordHasher;
use crate::settings::Settings;

/// The parts of one open Backbone. A handle: clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Context(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: BackboneConfig,
    opened_at: Timestamp,
    /// Held for as long as the database inside it is in use.
    folder: Folder,
    database: Database,
    settings: RwLock<Arc<Settings>>,
    hub: Hub,
    memory: Memory,
    passwords: PasswordHasher,
    guesses: Guesses,
    client_secrets: ClientSecrets,
    challenge_rates: ChallengeRates,
    health: Health,
}

impl Context {
    pub(crate) fn new(config: BackboneConfig, folder: Folder, database: Database, settings: Settings) -> Self {
        Self(Arc::new(Shared {
            opened_at: config.clock.now(),
            passwords: PasswordHasher::new(config.randomness.clone()),
            config,
            folder,
            database,
            settings: RwLock::new(Arc::new(settings)),
            hub: Hub::default(),
            memory: Memory::default(),
            guesses: Guesses::default(),
            client_secrets: ClientSecrets::default(),
            challenge_rates: ChallengeRates::default(),
            health: Health::default(),
        }))
    }

    pub(crate) fn config(&self) -> &BackboneConfig {
        &self.0.config
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.config.clock.now()
    }

    pub(crate) fn randomness(&self) -> Randomness {
        self.0.config.randomness.clone()
    }

    /// The time at which this Backbone was opened.
    pub(crate) fn opened_at(&self) -> Timestamp {
        self.0.opened_at
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.0.folder
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    /// The settings in force now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.0.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_settings(&self, settings: Arc<Settings>) {
        *self.0.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn error_bodies(&self) -> ErrorBodies {
        ErrorBodies::new(Arc::clone(&self.0.config.clock), self.randomness())
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.0.memory
    }

    pub(crate) fn passwords(&self) -> &PasswordHasher {
        &self.0.passwords
    }

    pub(crate) fn guesses(&self) -> &Guesses {
        &self.0.guesses
    }

    pub(crate) fn challenge_rates(&self) -> &ChallengeRates {
        &self.0.challenge_rates
    }

    pub(crate) fn health(&self) -> &Health {
        &self.0.health
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
        let now = self.0.config.clock.monotonic();
        let settings = self.settings();
        self.0.client_secrets.authenticate(&settings.clients, (id, secret), source, now).map(Option::<&Client>::cloned)
    }
}
