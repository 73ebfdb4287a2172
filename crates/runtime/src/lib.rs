//! Hosts Accounts: use cases with their inputs and results, events, durable subscriptions and the lifecycle of modules.
//!
//! A use case is a method of one of the [`services`]; its input is one of the types in [`input`], its result one of the
//! [`dto`]s, its failure an [`ApplicationError`]. This crate is independent of HTTP. Facts:
//! `docs/protocol/06-rest-api.md` §3 to §7, `docs/protocol/07-connector-modules-and-operations.md` §4.

mod account;
mod content_check;
mod error;
mod health;
mod listing;
mod module;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod recordings;
mod runtime;
mod validation;

pub mod dto;
pub mod events;
pub mod input;
pub mod query;
pub mod reactor;
pub mod services;

pub use account::account_options;
pub use error::{ApplicationError, ErrorKind, RuntimeError};
pub use health::HealthChecker;
pub use input::UploadedFile;
pub use listing::Listing;
pub use module::{Module, ModuleContext, ModuleError, ModuleState, ModuleStatus, StatusReporter};
pub use query::{Ownership, Resource};
pub use runtime::{HostedAccount, HostedAccountOptions, Runtime};
pub use services::AccountServices;
