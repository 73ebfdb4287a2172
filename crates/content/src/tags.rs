//! The syntax of tags, checked when an attribute is created or shared, not while content is read (`docs/protocol/04 §2.3`).

use std::collections::HashMap;

use serde::Deserialize;

use crate::{code_lists, patterns};

/// The tags a Backbone defines, by value type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TagCollection {
    /// Tags by name of the value type.
    pub tags_for_attribute_value_types: HashMap<String, HashMap<String, Tag>>,
}

/// A tag of a Backbone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Tag {
    /// Tags below it. Absent, `null` and empty all mean that there are none, so that the tag can be used.
    pub children: Option<HashMap<String, Tag>>,
}

impl TagCollection {
    fn has_leaf(&self, value_type: &str, path: &str) -> bool {
        let Some(mut tags) = self.tags_for_attribute_value_types.get(value_type) else { return false };
        let mut parts = path.split(':').peekable();
        while let Some(part) = parts.next() {
            let Some(tag) = tags.get(part) else { return false };
            match tag.children.as_ref().filter(|children| !children.is_empty()) {
                None => return parts.peek().is_none(),
                Some(children) => tags = children,
            }
        }
        false
    }
}

/// Returns whether the tag may be used with that value type.
#[must_use]
pub fn is_valid(tag: &str, value_type: &str, collection: &TagCollection) -> bool {
    if let Some(code) = tag.strip_prefix("language:") {
        return code_lists::is_language(code);
    }
    if let Some(media_type) = tag.strip_prefix("mimetype:") {
        return patterns::is_media_type_tag(media_type);
    }
    match tag.split_once(':') {
        Some((prefix, _)) if prefix.eq_ignore_ascii_case("x") || prefix == "urn" => true,
        Some((prefix, path)) if prefix.eq_ignore_ascii_case("bkb") => collection.has_leaf(value_type, path),
        _ => false,
    }
}

/// The tags that may not be used with that value type.
#[must_use]
pub fn invalid<'t>(tags: &'t [String], value_type: &str, collection: &TagCollection) -> Vec<&'t str> {
    tags.iter().map(String::as_str).filter(|tag| !is_valid(tag, value_type, collection)).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prefixes_and_the_collection_decide() {
        let collection: TagCollection = serde_json::from_value(json!({
            "supportedLanguages": ["de"],
            "tagsForAttributeValueTypes": { "PhoneNumber": { "emergency": { "displayNames": {}, "children": {
                "first": { "displayNames": {} }, "second": { "children": null }, "third": { "children": {} } } } } }
        }))
        .unwrap();
        for (tag, valid) in [
            ("x:", true),
            ("X:anything", true),
            ("urn:a", true),
            ("URN:a", false),
            ("language:de", true),
            ("language:DE", false),
            ("language:xx", false),
            ("mimetype:text/x-*", true),
            ("mimetype:text/x1", false),
            ("mimetype:text", false),
            ("bkb:emergency:first", true),
            ("BKB:emergency:second", true),
            ("bkb:emergency:third", true),
            ("bkb:emergency", false),
            ("bkb:emergency:first:more", false),
            ("bkb:Emergency:first", false),
            ("bkb", false),
            ("", false),
            ("free text", false),
        ] {
            assert_eq!(is_valid(tag, "PhoneNumber", &collection), valid, "{tag}");
        }
        assert!(!is_valid("bkb:emergency:first", "FaxNumber", &collection));
        assert_eq!(invalid(&["x:a".to_owned(), "b".to_owned()], "PhoneNumber", &collection), ["b"]);
    }
}
