use backbone_api::Envelope;
use backbone_api::tags::TagCollection;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Map, json};

use crate::camel_case::camel_case;

/// An answer that is constant until the settings change.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    /// Identifies the body, so that clients which have it do not get it again.
    pub(crate) etag: String,
}

impl Document {
    /// The tags; the names of the first level are written like keys of a dictionary (`docs/protocol/03 §9`).
    pub(super) fn of_tags(tags: &TagCollection) -> Self {
        let types: Map<_, _> = tags
            .tags_for_attribute_value_types
            .iter()
            .map(|(r#type, tags)| {
                let tags: Map<_, _> = tags.iter().map(|(name, tag)| (camel_case(name), json!(tag))).collect();
                (r#type.clone(), tags.into())
            })
            .collect();
        let result = json!({"supportedLanguages": tags.supported_languages, "tagsForAttributeValueTypes": types});
        Self::new(json!(Envelope { result }).to_string().into_bytes())
    }

    fn new(body: Vec<u8>) -> Self {
        // MD5 as in the reference: the tag distinguishes versions and protects nothing.
        let etag = format!("\"{}\"", STANDARD.encode(Md5::digest(&body)));
        Self { body, etag }
    }

    /// Looks for this document's entity tag in the value of an `If-None-Match` header; weak ones count.
    pub(crate) fn is_named_by(&self, header: &str) -> bool {
        header.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag)
    }
}
