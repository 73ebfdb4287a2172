use core_types::{DraftId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Document, prints_id_only};

/// Something an application has begun (`docs/protocol/05 §8.2`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    #[serde(rename = "@type")]
    type_name: String,
    /// Its content.
    pub content: Value,
    /// When it was created.
    pub created_at: Timestamp,
    /// Id.
    pub id: DraftId,
    /// When it was created: an update leaves it.
    pub last_modified_at: Timestamp,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// When `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// The kind of draft, in the words of the application; may be empty.
    #[serde(rename = "type", default)]
    pub draft_type: String,
    /// Members nobody here knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Draft {
    /// A draft of that kind.
    #[must_use]
    pub fn new(id: DraftId, draft_type: impl Into<String>, content: Value, created_at: Timestamp) -> Self {
        Self {
            type_name: "Draft".to_owned(),
            content,
            created_at,
            id,
            last_modified_at: created_at,
            metadata: None,
            metadata_modified_at: None,
            draft_type: draft_type.into(),
            other: Map::new(),
        }
    }
}

impl Document for Draft {
    const COLLECTION: &'static str = "Drafts";
    const INDEXES: &'static [&'static str] = &["type"];
    const TECHNICAL: &'static [&'static str] = &["@type", "@context", "type", "createdAt", "lastModifiedAt"];
    const USERDATA: &'static [&'static str] = &["content"];
    const METADATA: &'static [&'static str] = &["metadata", "metadataModifiedAt"];

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

prints_id_only!(Draft);
