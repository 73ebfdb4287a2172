use core_types::{IdentityAddress, IdentityMetadataId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Document, prints_id_only};

/// A note about this Identity or a peer (`docs/protocol/05 §8.3`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityMetadata {
    #[serde(rename = "@type")]
    type_name: String,
    /// Id.
    pub id: IdentityMetadataId,
    /// The name of the note. There is one note for each Identity and name, and one without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The Identity.
    pub reference: IdentityAddress,
    /// The note.
    pub value: Value,
    /// Members nobody here knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl IdentityMetadata {
    /// A note about that Identity.
    #[must_use]
    pub fn new(id: IdentityMetadataId, reference: IdentityAddress, key: Option<String>, value: Value) -> Self {
        Self { type_name: "IdentityMetadata".to_owned(), id, key, reference, value, other: Map::new() }
    }
}

impl Document for IdentityMetadata {
    const COLLECTION: &'static str = "IdentityMetadata";
    const INDEXES: &'static [&'static str] = &["reference"];
    const TECHNICAL: &'static [&'static str] = &["@type", "@context", "key", "reference"];
    const USERDATA: &'static [&'static str] = &["value"];

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

prints_id_only!(IdentityMetadata);
