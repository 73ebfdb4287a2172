//! One Identity's protocol agent: keys, relationships, templates, tokens, files, messages and synchronisation.
//!
//! [`Account`] is the facade of the crate. It talks to a Backbone over HTTP and keeps its state in a [`store::Store`].
//! The *meaning* of a document is decided by the layers above; here contents are free JSON. Protocol:
//! `docs/protocol/02-transport.md`.
//!
//! Every operation first talks to the Backbone, then writes documents and the events they cause in one transaction.
//! Operations that change something remotely run to their end even if the caller stops waiting.

mod account;
mod account_info;
mod anonymous_tokens;
mod backbone;
mod backbone_notifications;
mod cause;
mod challenges;
mod config;
mod context;
mod counters;
mod datawallet;
mod devices;
mod error;
mod events;
mod files;
mod identity_deletion;
mod inbox;
mod keys;
mod locks;
mod messages;
mod password_hashing;
mod protected;
mod reconciliation;
mod relationships;
mod request_error;
mod secrets;
mod sync;
mod tags;
mod templates;
mod tokens;
mod unit_of_work;

pub mod correlation;
pub mod documents;

pub use account::{Account, AccountOptions, BackboneAccess, IdentityDeletionStatus, StoredAccount};
pub use anonymous_tokens::{AnonymousTokens, EmptyToken};
pub use backbone::{
    BackboneAnswer, BackboneCompatibility, EventStream, ask_backbone, backbone_compatibility, check_client,
};
pub use backbone_notifications::BackboneNotifications;
pub use cause::{Causes, Sending, Sent};
pub use challenges::{ChallengeValidation, Challenges};
pub use config::{AgentOptions, SETTINGS, TransportConfig};
pub use datawallet::{Category, SynchronisedCollection};
pub use devices::{Devices, SendDevice};
pub use error::{Result, TransportError, UNKNOWN_ERROR_CODE};
pub use events::{EventRecorder, TransportEvent};
pub use files::{Files, SendFile};
pub use identity_deletion::IdentityDeletion;
pub use inbox::{GivingUp, Inbox, InboxAttempt, InboxOverview};
pub use messages::{Messages, Recipients, SendMessage};
pub use reconciliation::{PassLimits, PassReport, Reconciliation, UnknownOwnMessages};
pub use relationships::Relationships;
pub use request_error::{RequestError, codes as request_error_codes};
pub use sync::{ChangedItems, Synchronisation};
pub use tags::Tags;
pub use templates::{SendTemplate, Templates};
pub use tokens::{FilledToken, SendToken, Tokens};
pub use unit_of_work::UnitOfWork;
