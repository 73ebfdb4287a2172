use std::fmt;

use content::{ContentError, Object, Reader};
use core_types::{IdentityAddress, RequestId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Document, prints_id_only, words};

/// A Request as one side keeps it (`docs/protocol/05 §3.1`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalRequest {
    #[serde(rename = "@type")]
    type_name: String,
    /// The Request. Its `@type` is not stored.
    pub content: Value,
    /// When it was created or received here.
    pub created_at: Timestamp,
    /// Of an outgoing one the same as in the content; of an incoming one too, if that has one.
    pub id: RequestId,
    /// It is outgoing.
    pub is_own: bool,
    /// The answering or asking peer.
    pub peer: IdentityAddress,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<LocalResponse>,
    /// The object it travelled in; absent in a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<RequestSource>,
    /// Its status.
    pub status: LocalRequestStatus,
    /// Every change of the status.
    #[serde(default)]
    pub status_log: Vec<StatusLogEntry>,
    /// The decider has answered it; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_automatically_decided: Option<bool>,
    /// Members nobody here knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl LocalRequest {
    /// One that nobody has answered. `content` is a Request in the form a [`Reader`] writes; of its members `@type` is left out.
    #[must_use]
    pub fn new(
        id: RequestId,
        is_own: bool,
        peer: IdentityAddress,
        content: Value,
        status: LocalRequestStatus,
        created_at: Timestamp,
    ) -> Self {
        Self {
            type_name: "LocalRequest".to_owned(),
            content: without_type(content),
            created_at,
            id,
            is_own,
            peer,
            response: None,
            source: None,
            status,
            status_log: Vec::new(),
            was_automatically_decided: None,
            other: Map::new(),
        }
    }

    /// The content, checked: what can be looked at as a [`content::Request`].
    ///
    /// # Errors
    /// The first thing that is wrong with what is stored.
    pub fn checked_content(&self, reader: &Reader) -> Result<Object, ContentError> {
        reader.read_as(content::Request::TYPE, &self.content)
    }
}

/// An answer to a Request.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalResponse {
    /// The Response. Its `@type` is not stored.
    pub content: Value,
    /// When it was made or received here.
    pub created_at: Timestamp,
    /// The object it travelled in; absent until sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ResponseSource>,
    /// Members nobody here knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl LocalResponse {
    /// One that was not sent yet. `content` is a Response in the form a [`Reader`] writes; of its members `@type` is left out.
    #[must_use]
    pub fn new(content: Value, created_at: Timestamp, source: Option<ResponseSource>) -> Self {
        Self { content: without_type(content), created_at, source, other: Map::new() }
    }

    /// The content, checked: what can be looked at as a [`content::Response`].
    ///
    /// # Errors
    /// The first thing that is wrong with what is stored.
    pub fn checked_content(&self, reader: &Reader) -> Result<Object, ContentError> {
        reader.read_as(content::Response::TYPE, &self.content)
    }
}

impl fmt::Debug for LocalResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalResponse({})", self.created_at)
    }
}

/// Objects of a declared type are stored without it (`docs/protocol/02 §8`).
pub(super) fn without_type(mut content: Value) -> Value {
    if let Some(members) = content.as_object_mut() {
        members.shift_remove("@type");
    }
    content
}

/// The object a Request travelled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSource {
    /// Id of that object.
    pub reference: String,
    /// The kind of object.
    #[serde(rename = "type")]
    pub source_type: RequestSourceType,
}

/// The object a Response travelled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseSource {
    /// Id of that object.
    pub reference: String,
    /// The kind of object.
    #[serde(rename = "type")]
    pub source_type: ResponseSourceType,
}

words! {
    /// The kind of object a Request travels in.
    RequestSourceType {
        /// A Message whose content it is.
        Message,
        /// A RelationshipTemplate, for a new or an existing Relationship.
        RelationshipTemplate,
    }
}

words! {
    /// The kind of object a Response travels in.
    ResponseSourceType {
        /// A Message with a ResponseWrapper.
        Message,
        /// The creation content of a Relationship.
        Relationship,
    }
}

/// A change of the status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusLogEntry {
    /// When.
    pub created_at: Timestamp,
    /// Status after.
    pub new_status: LocalRequestStatus,
    /// Status before.
    pub old_status: LocalRequestStatus,
    /// Members nobody here knows, `data` and `code` among them.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// The status of a Request (`docs/protocol/05 §3.2`).
    LocalRequestStatus {
        /// Outgoing: created, not sent.
        Draft,
        /// Sent or received.
        Open,
        /// Incoming: can be decided.
        DecisionRequired,
        /// Incoming: only people can decide it.
        ManualDecisionRequired,
        /// Incoming: answered here, and the Response is not sent yet.
        Decided,
        /// The Response was sent, or received and applied.
        Completed,
        /// Its time has passed.
        Expired,
    }
}

impl Document for LocalRequest {
    const COLLECTION: &'static str = "Requests";
    const INDEXES: &'static [&'static str] = &["createdAt", "isOwn", "peer", "source.reference", "status"];
    const TECHNICAL: &'static [&'static str] = &[
        "@type",
        "@context",
        "isOwn",
        "peer",
        "createdAt",
        "source",
        "status",
        "statusLog",
        "wasAutomaticallyDecided",
    ];
    const USERDATA: &'static [&'static str] = &["content", "response"];

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

prints_id_only!(LocalRequest);
