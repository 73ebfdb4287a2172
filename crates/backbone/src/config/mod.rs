pub(crate) mod rules;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use backbone_api::tags::TagCollection;
use core_types::{Clock, Randomness, SystemClock};
use ipnet::IpNet;

use crate::clients::OAuthClient;

/// Requirements for device passwords (`docs/protocol/03 §2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRules {
    /// At least 10 characters with an upper-case letter, a lower-case letter, a digit and another character.
    Production,
    /// At least one character.
    Development,
}

/// Limits on simultaneous connections. The one that has been idle for longest makes room for a new one; where none is
/// idle, the one that has waited longest for the body of a request from a caller who has not logged in. Requests of
/// such callers have at most three quarters of the connections, so that there is always room for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// In total.
    pub in_all: usize,
    /// Per source address (with IPv6: per network of 64 bits). A proxy is one source, unless it is trusted.
    pub per_source: usize,
}

impl Default for Connections {
    /// The number that fits into the 1,024 open files most systems allow a process.
    fn default() -> Self {
        Self { in_all: 800, per_source: 600 }
    }
}

/// Settings of an embedded Backbone.
#[derive(Debug, Clone)]
pub struct BackboneConfig {
    /// Folder that holds `backbone.db`; created when missing.
    pub data_dir: PathBuf,
    /// Maximum size of the database in bytes; limited only by the disk when absent.
    pub max_database_size: Option<u64>,
    /// Limits on simultaneous connections: in total, and per source address.
    pub max_connections: Connections,
    /// Proxies in front of the Backbone: requests that come from them have their source address in `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpNet>,
    /// OAuth clients that may create Identities and log in.
    pub clients: Vec<OAuthClient>,
    /// Host name inside addresses. Clients compute addresses from the host name of their base URL,
    /// so both must be the same; it cannot be an IP address.
    pub did_domain: String,
    /// Source of time.
    pub clock: Arc<dyn Clock>,
    /// Source of identifiers, tokens and salts.
    pub randomness: Randomness,
    /// Requirements for device passwords.
    pub password_rules: PasswordRules,
    /// Lifetime of a bearer token.
    pub access_token_lifetime: Duration,
    /// Duration of the lock of an account after three wrong passwords.
    pub lockout: Duration,
    /// Maximum number of recipients of a message.
    pub max_message_recipients: usize,
    /// Maximum number of messages of one sender that one recipient has not fetched yet.
    pub max_unreceived_messages: u32,
    /// Names of the notification texts `POST /Notifications` accepts.
    pub notification_codes: Vec<String>,
    /// Tags offered to clients.
    pub tags: TagCollection,
    /// Default number of days until the deletion of an Identity.
    pub grace_period_days: f64,
    /// JSON file of the administrator; its members override those of this struct. See `docs/backbone.md`.
    pub admin_file: Option<PathBuf>,
    /// Interval at which [`Backbone::serve`](crate::Backbone::serve) checks the administrator's file for changes.
    pub admin_file_interval: Duration,
    /// Interval at which [`Backbone::serve`](crate::Backbone::serve) deletes what is due.
    pub maintenance_interval: Duration,
    /// Interval of the keep-alive events of a stream of server-sent events.
    pub sse_keep_alive: Duration,
}

impl BackboneConfig {
    /// Settings for clients on `localhost`; change the members to taste.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, clients: Vec<OAuthClient>) -> Self {
        Self {
            data_dir: data_dir.into(),
            max_database_size: None,
            max_connections: Connections::default(),
            trusted_proxies: Vec::new(),
            clients,
            did_domain: "localhost".to_owned(),
            clock: Arc::new(SystemClock),
            randomness: Randomness::system(),
            password_rules: PasswordRules::Production,
            access_token_lifetime: Duration::from_secs(300),
            lockout: Duration::from_secs(600),
            max_message_recipients: 20,
            max_unreceived_messages: 20,
            notification_codes: Vec::new(),
            tags: TagCollection { supported_languages: vec!["en".to_owned()], ..TagCollection::default() },
            grace_period_days: 14.0,
            admin_file: None,
            admin_file_interval: Duration::from_secs(5),
            maintenance_interval: Duration::from_secs(3600),
            sse_keep_alive: Duration::from_secs(240),
        }
    }
}
