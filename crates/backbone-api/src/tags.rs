//! `GET /Tags` (`docs/protocol/03 §9`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The tags that a Backbone offers for attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagCollection {
    /// Languages in which every tag is named; contains `en`.
    pub supported_languages: Vec<String>,
    /// Tags by attribute value type, then by name.
    pub tags_for_attribute_value_types: BTreeMap<String, BTreeMap<String, Tag>>,
}

/// A tag and the tags below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Names by language.
    pub display_names: BTreeMap<String, String>,
    /// Tags below it by name.
    #[serde(default)]
    pub children: BTreeMap<String, Tag>,
}
