use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The tags a Backbone offers for Attributes and Files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TagCollectionDto {
    /// Languages every tag is named in.
    pub supported_languages: Vec<String>,
    /// Tags by value type, then by name. Files have the value type `IdentityFileReference`.
    pub tags_for_attribute_value_types: BTreeMap<String, BTreeMap<String, TagDto>>,
}

/// A tag and the tags below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TagDto {
    /// Names by language.
    pub display_names: BTreeMap<String, String>,
    /// Tags below it by name. Absent at a tag that can be used.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(no_recursion)]
    pub children: BTreeMap<String, TagDto>,
}
