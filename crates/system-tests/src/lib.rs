//! Building blocks for tests of the whole system: real processes of the `connector` program, a REST client for them, a
//! receiver of webhooks, a proxy that records the requests to the Backbone, a private PostgreSQL server, message
//! brokers with independent consumers, a service that implements the protocol of Google Pub/Sub, and [`chaos`], which
//! kills them at random moments while they work.
//!
//! Everything listens on loopback, on ports that the system chooses, and ends with the process that started it.

mod backbone;
mod brokers;
pub mod chaos;
mod ciphers;
mod connector;
mod disturbance;
mod folder;
mod postgres;
mod process;
mod program;
mod proxy;
mod pubsub_service;
mod rest;
mod webhooks;

pub use backbone::{BackboneProcess, CLIENT_ID, CLIENT_SECRET};
pub use brokers::{Broker, BrokerKind, Consumer, free_port};
pub use ciphers::{FoundCipher, ciphers_in};
pub use connector::{ConnectorOptions, ConnectorProcess, Database};
pub use disturbance::{Disturbance, Trouble};
pub use folder::WorkFolder;
pub use postgres::Postgres;
pub use process::ServerProcess;
pub use program::connector_program;
pub use proxy::{RecordedRequest, RecordingProxy};
pub use pubsub_service::{PubSubFault, PubSubMessage, PubSubService, PublishedMessage};
pub use rest::{Answer, RestClient, establish_relationship};
pub use webhooks::{ReceivedDelivery, WebhookReceiver};
