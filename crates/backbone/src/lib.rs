//! An embedded Backbone: the server side of [`backbone_api`] for development, tests and small installs.
//!
//! ```no_run
//! # async fn example() -> Result<(), backbone::BackboneError> {
//! use backbone::{Backbone, BackboneConfig, OAuthClient};
//!
//! let config = BackboneConfig::new("/var/lib/backbone", vec![OAuthClient::new("client", "secret")]);
//! let backbone = Backbone::open(config).await?;
//! let router = backbone.router();
//! # drop(router);
//! # Ok(())
//! # }
//! ```
//!
//! One request is one transaction on one SQLite file, `backbone.db` in the data directory; the
//! external events a request causes are written by that same transaction. Writing transactions run
//! one after the other, so a rule that reads before it writes can not be raced. Facts:
//! `docs/protocol/03-backbone-api.md`.

mod administration;
mod backbone;
mod camel_case;
mod clients;
mod config;
mod context;
mod database;
mod error;
mod folder;
mod guesses;
mod health;
mod http;
mod ids;
mod maintenance;
mod password;
mod server;
mod settings;
mod unit;

mod announcements;
mod challenges;
mod datawallet;
mod deletion_processes;
mod devices;
mod external_events;
mod feature_flags;
mod files;
mod identities;
mod identity_deletion;
mod language;
mod messages;
mod notifications;
mod oauth;
mod quotas;
mod relationships;
mod resources;
mod server_info;
mod sse;
mod sync_runs;
mod template_references;
mod templates;
mod tokens;
mod validation;

pub use backbone::Backbone;
pub use clients::OAuthClient;
pub use config::{BackboneConfig, Connections, PasswordRules};
pub use error::BackboneError;
pub use maintenance::Maintained;
