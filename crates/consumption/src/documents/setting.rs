use core_types::{SettingId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Document, prints_id_only, words};

/// A setting of an application (`docs/protocol/05 §8.1`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    #[serde(rename = "@type")]
    type_name: String,
    /// When it was created; an update leaves it.
    pub created_at: Timestamp,
    /// Id.
    pub id: SettingId,
    /// Its name. Several settings can have the same.
    pub key: String,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// When `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// The object it is about, such as a Relationship.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its scope.
    #[serde(default)]
    pub scope: SettingScope,
    /// From when on it takes the place of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeds_at: Option<Timestamp>,
    /// The setting it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeds_item: Option<String>,
    /// The value.
    pub value: Value,
    /// Members nobody here knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Setting {
    /// A setting of the Identity as a whole.
    #[must_use]
    pub fn new(id: SettingId, key: impl Into<String>, value: Value, created_at: Timestamp) -> Self {
        Self {
            type_name: "Setting".to_owned(),
            created_at,
            id,
            key: key.into(),
            metadata: None,
            metadata_modified_at: None,
            reference: None,
            scope: SettingScope::default(),
            succeeds_at: None,
            succeeds_item: None,
            value,
            other: Map::new(),
        }
    }
}

words! {
    /// The scope of a setting.
    #[derive(Default)]
    SettingScope {
        /// The Identity.
        #[default]
        Identity,
        /// One device.
        Device,
        /// One Relationship.
        Relationship,
    }
}

impl Document for Setting {
    const COLLECTION: &'static str = "Settings";
    const INDEXES: &'static [&'static str] = &["key", "reference"];
    const TECHNICAL: &'static [&'static str] =
        &["@type", "@context", "key", "scope", "reference", "createdAt", "succeedsItem", "succeedsAt"];
    const USERDATA: &'static [&'static str] = &["value"];
    const METADATA: &'static [&'static str] = &["metadata", "metadataModifiedAt"];

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

prints_id_only!(Setting);
