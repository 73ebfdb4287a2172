//! Typed document collections with filters, transactions and the event log on SQLite and PostgreSQL.
//!
//! A [`Store`] holds JSON documents in named collections. Reads go through [`Store`]; all changes go through a
//! [`Transaction`], which writes documents and the events they cause together. Only one `Store` may be open on a
//! database: it holds the writer lease, and every transaction checks that the lease is still its own.

mod collection;
mod config;
mod connection;
mod delivery;
mod delivery_log;
mod document;
mod error;
mod event;
mod event_log;
mod filter;
mod index;
mod lease;
mod migration;
mod query;
mod reading;
mod running_time;
mod scan;
mod sql;
mod store;
mod transaction;

pub use config::{StoreConfig, StoreOptions};
pub use delivery::{Delivery, DeliveryCounts, DeliveryFilter, DeliveryPhase, NewDelivery};
pub use document::{CollectionSpec, Document};
pub use error::StoreError;
pub use event::{Abandoned, Event, EventCount, EventHead, NewEvent};
pub use filter::Filter;
pub use migration::SchemaState;
pub use query::{Query, Sort};
pub use scan::Scan;
pub use store::{Inspection, Store};
pub use transaction::Transaction;
