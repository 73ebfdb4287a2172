//! The wire contract with a Backbone: paths, bodies, error codes and external events.
//!
//! A single definition for both sides: the transport client serialises the requests and reads the responses of
//! this crate, the embedded Backbone does the opposite. Protocol: `docs/protocol/03-backbone-api.md`.
//!
//! Responses write `null` for absent members. Requests omit absent members; both forms are
//! read. Identifiers are not checked while parsing: the server answers a malformed one with a
//! code of its own.

mod bytes;
mod envelope;
mod int32;
mod secret_text;
mod wire_enum;

pub mod announcements;
pub mod challenges;
pub mod codes;
pub mod datawallet;
pub mod devices;
pub mod external_events;
pub mod files;
pub mod headers;
pub mod identities;
pub mod messages;
pub mod notifications;
pub mod oauth;
pub mod paging;
pub mod paths;
pub mod quotas;
pub mod relationships;
pub mod sse;
pub mod sync_runs;
pub mod tags;
pub mod template_references;
pub mod templates;
pub mod tokens;
pub mod version;

pub use bytes::{Bytes, InvalidBase64};
pub use envelope::{Envelope, ErrorBody, ErrorObject, Page, Pagination};
pub use secret_text::SecretText;
