//! The contents Identities exchange: attributes, queries, requests, responses, notifications, messages, templates and tokens
//! (`docs/protocol/04`). Knows neither storage nor network. Every type is declared once, in the tables of the module `types`: begin
//! reading at `types/request_items.rs`. A [`Reader`] checks JSON and writes it in the peers' form; only checked content can be looked
//! at as a [`Request`] or any other type, and each [`Category`] is an enum of its types. Own content begins as a [`Draft`] and passes
//! the same check. Rules that need more than the content are in [`queries`], [`form_fields`], [`tags`] and [`characters`].
//!
//! ```
//! use content::{AuthenticationRequestItem, Reader, Request, RequestEntry, RequestItem};
//! use core_types::Timestamp;
//!
//! let reader = Reader::new(Timestamp::from_millis(1_700_000_000_000));
//! let content = reader.read_text(
//!     r#"{"@type":"Request","items":[{"@type":"AuthenticationRequestItem","title":"Sign in","mustBeAccepted":true}]}"#,
//! )?;
//! let request = Request::of(&content).ok_or("no request")?;
//! let [RequestEntry::Item(RequestItem::Authentication(item))] = request.items() else { return Err("another item".into()) };
//! assert_eq!(item.title(), "Sign in");
//!
//! let item = AuthenticationRequestItem::new("Sign in", true);
//! assert_eq!(Request::new([item]).check(&reader)?.to_json(), content.to_json());
//!
//! let error = reader.read_text(r#"{"@type":"GivenName","value":5}"#).unwrap_err();
//! assert_eq!(error.to_string(), "GivenName.value :: must be a text");
//! assert_eq!(error.code(), "error.runtime.requestDeserialization");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[macro_use]
mod declare;

// The generator of test content is shared with the tests outside, which name the crate.
#[cfg(test)]
extern crate self as content;

mod checked;
mod description;
mod draft;
mod error;
mod held;
mod hint_types;
mod kind;
mod reader;
mod rules;
mod types;
mod utf16;
mod version;
mod words;

pub mod bank;
pub mod characters;
pub mod code_lists;
pub mod documentation;
pub mod form_fields;
pub mod hints;
pub mod iql;
pub mod json_schema;
pub mod patterns;
pub mod positions;
pub mod queries;
pub mod registry;
pub mod tags;
pub mod tokens;
pub mod values;

pub use checked::{Content, ContentRef, Object, ObjectRef};
pub use description::{Category, DefaultValue, Property, TypeDescription};
pub use draft::{Draft, Fits};
pub use error::{ContentError, ErrorKind, Violation};
pub use hint_types::{DataType, EditType, TechnicalType};
pub use kind::{Choice, Format, Item, Key, Kind, List, ListRule, Numeric, Text, Union};
pub use reader::{Reader, Received, UnknownType};
pub use rules::{Rule, RuleViolation};
pub use types::attributes::*;
pub use types::creation_hints::*;
pub use types::entries::{RequestEntry, ResponseEntry};
pub use types::form_fields::*;
pub use types::messages::*;
pub use types::notifications::*;
pub use types::parts::*;
pub use types::queries::*;
pub use types::relationships::creation::*;
pub use types::relationships::template::*;
pub use types::request_items::*;
pub use types::response_items::*;
pub use version::{Profile, Version};
pub use words::{BodyFormat, Confidentiality, Outcome, Owner, RequestSourceType, ThirdPartyOwner};
