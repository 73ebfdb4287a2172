//! The handling of the content Identities exchange: the rules of Attributes, Requests and Notifications
//! (`docs/protocol/05-consumption.md`), without I/O.
//!
//! A rule is a function of a document, an input and [`Facts`]; it gives [`Changes`] or a [`ConsumptionError`]. It reads no store,
//! no clock and no random numbers. So the caller
//!
//! 1. opens a unit of work and loads what the rule's [`Need`]s name,
//! 2. calls the rule,
//! 3. writes the changes, and commits.
//!
//! Since one writer has the Identity, what was loaded is still true when the changes are written, and a crash leaves nothing or
//! everything. Several rules in one unit of work go through a [`Work`], where each sees what those before it have changed.
//!
//! ```
//! use consumption::attributes::create::{NewOwnIdentityAttribute, needs, own_identity_attribute};
//! use consumption::{ConsumptionEvent, Facts, Write};
//! use core_types::{AttributeId, Randomness, Timestamp};
//! use serde_json::json;
//!
//! let content = json!({"@type": "IdentityAttribute", "owner": "did:e:a.example:dids:me", "value": {"@type": "GivenName", "value": " Ann "}});
//! let id = AttributeId::generate(&mut Randomness::system());
//! let facts = Facts::new("did:e:a.example:dids:me".into(), Timestamp::from_millis(1_700_000_000_000));
//! assert_eq!(needs(&id, &content, facts.settings()).len(), 1, "whether the id is free");
//!
//! let changes = own_identity_attribute(NewOwnIdentityAttribute { id, content: &content }, &facts)?;
//! let [ConsumptionEvent::AttributeCreated(attribute)] = changes.events() else { return Err("no event".into()) };
//! assert_eq!(attribute.value()["value"], "Ann");
//! assert_eq!(changes.writes().collect::<Vec<_>>(), [&Write::Insert(attribute.clone().into())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Identifiers of new documents are part of a rule's input where it makes one, and come from a `rand::CryptoRng` where it makes several.

#![forbid(unsafe_code)]

mod changes;
mod error;
mod events;
mod facts;
mod needs;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod testing;
mod validation_result;
mod work;

pub mod attributes;
pub mod decider;
pub mod documents;
pub mod notifications;
pub mod requests;

pub use changes::{AnyDocument, Cause, Changes, DocumentRef, Outgoing, Write};
pub use error::{ConsumptionError, ErrorKind};
pub use events::{ConsumptionEvent, ProcessingResult};
pub use facts::{ConsumptionSettings, Facts, PeerDeletion, PeerRelationship, ReferencedFile, RelationshipStatus};
pub use needs::Need;
pub use validation_result::ValidationResult;
pub use work::Work;
