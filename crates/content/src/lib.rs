//! What Identities say to each other: attributes, queries, requests, responses, notifications, and the contents of messages,
//! templates and tokens. Knows neither storage nor network. Facts are in `docs/protocol/04`.
//!
//! Every type is declared once, in the tables behind [`registry::all`], as a [`TypeDescription`]; [`Reader`] interprets the descriptions, and
//! hints ([`hints`]), JSON schemas ([`json_schema`]) and the documentation ([`documentation`]) are made of them.
//!
//! ```
//! use content::{Reader, Request, RequestItem};
//! use core_types::Timestamp;
//!
//! let reader = Reader::new(Timestamp::from_millis(1_700_000_000_000));
//! let content = reader.read_text(
//!     r#"{"@type":"Request","items":[{"@type":"AuthenticationRequestItem","title":"Sign in","mustBeAccepted":true}]}"#,
//! )?;
//! let request = Request::of(content.as_ref()).ok_or("no request")?;
//! assert!(request.items().iter().filter_map(|item| RequestItem::of(*item)).all(RequestItem::must_be_accepted));
//!
//! let error = reader.read_text(r#"{"@type":"GivenName","value":5}"#).unwrap_err();
//! assert_eq!(error.to_string(), "GivenName.value :: must be a text");
//! assert_eq!(error.code(), "error.runtime.requestDeserialization");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod content;
mod description;
mod error;
mod hint_types;
mod kind;
mod reader;
mod rules;
mod types;
mod utf16;
mod version;
mod views;

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

pub use content::{Content, ContentRef, Object, ObjectRef};
pub use description::{Category, DefaultValue, Property, TypeDescription};
pub use error::{ContentError, ErrorKind, Violation};
pub use hint_types::{DataType, EditType, TechnicalType};
pub use kind::{Choice, Format, Item, Key, Kind, List, ListRule, Numeric, Text, Union};
pub use reader::{Reader, Received, UnknownType};
pub use rules::{Rule, RuleViolation};
pub use version::{Profile, Version};
pub use views::{
    IQLQuery, IQLQueryCreationHints, IdentityAttribute, IdentityAttributeQuery, Mail, Notification,
    RelationshipAttribute, RelationshipAttributeCreationHints, RelationshipAttributeQuery, RelationshipCreationContent,
    RelationshipTemplateContent, Request, RequestItem, RequestItemGroup, Response, ResponseItemGroup, ResponseWrapper,
    ThirdPartyRelationshipAttributeQuery, initial_attribute_peer,
};
