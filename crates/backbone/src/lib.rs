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
//! Each request is one transaction on one SQLite file, `backbone.db` in the data directory, which also writes the
//! external events the request causes. Writing transactions run one after the other, so a rule that reads before it
//! writes cannot be raced. Facts: `docs/protocol/03-backbone-api.md`.

mod administration;
mod backbone;
mod camel_case;
mod challenge_rates;
mod clients;
mod config;
mod context;
mod database;
mod error;
mod folder;
mod guesses;
mod health;
mod http;
mod hub;
mod ids;
mod language;
mod maintenance;
mod password;
mod resources;
mod router;
mod server;
mod settings;
mod unit;
mod validation;

pub use backbone::Backbone;
pub use clients::OAuthClient;
pub use config::{BackboneConfig, Connections, PasswordRules};
pub use error::BackboneError;
pub use maintenance::Maintained;
