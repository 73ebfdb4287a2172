use content::tags::{self, TagCollection};
use serde::de::DeserializeOwned;
use serde_json::Value;
use transport::Account;

use crate::dto::TagCollectionDto;
use crate::error::{ApplicationError, RuntimeError};

/// The value type that stands for Files in the tag collection.
const FILES: &str = "IdentityFileReference";
const OF_BACKBONE: &str = "bkb:";

/// Use cases on Attributes (`docs/protocol/06-rest-api.md` §5.3), as far as they need no stored Attribute.
#[derive(Debug, Clone)]
pub struct AttributesService {
    pub(super) account: Account,
}

impl AttributesService {
    /// The tags offered by the Backbone.
    ///
    /// # Errors
    /// Failures of the Backbone, unless the tags are already known, and of the store.
    pub async fn tag_collection(&self) -> Result<TagCollectionDto, ApplicationError> {
        collection(&self.account).await
    }
}

/// The tags of the Backbone, fetched only if the content names any.
///
/// # Errors
/// As [`AttributesService::tag_collection`].
pub(super) async fn known_tags(account: &Account, content: &Value) -> Result<TagCollection, ApplicationError> {
    if names_tag_of_backbone(content) { collection(account).await } else { Ok(TagCollection::default()) }
}

fn names_tag_of_backbone(content: &Value) -> bool {
    match content {
        Value::String(text) => text.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(OF_BACKBONE)),
        Value::Array(items) => items.iter().any(names_tag_of_backbone),
        Value::Object(members) => members.values().any(names_tag_of_backbone),
        _ => false,
    }
}

/// Refuses tags that are invalid for a File (`docs/protocol/05-consumption.md` §2.2).
///
/// # Errors
/// `error.consumption.attributes.invalidTags`, naming the tags; as [`AttributesService::tag_collection`].
pub(super) async fn check_file_tags(account: &Account, tags: &[String]) -> Result<(), ApplicationError> {
    let known = known_tags(account, &Value::from(tags)).await?;
    invalid_tags(tags, &known).map_or(Ok(()), Err)
}

/// The error for tags that are invalid for a File, if there are any.
pub(crate) fn invalid_tags(tags: &[String], known: &TagCollection) -> Option<ApplicationError> {
    let invalid: Vec<_> = tags::invalid(tags, FILES, known).iter().map(|tag| format!("'{tag}'")).collect();
    (!invalid.is_empty()).then(|| RuntimeError::InvalidTags(invalid.join(", ")).into())
}

async fn collection<T: DeserializeOwned>(account: &Account) -> Result<T, ApplicationError> {
    let collection = account.tags().collection().await?;
    Ok(serde_json::from_value(collection).map_err(|error| RuntimeError::Unexpected(error.to_string()))?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn all_invalid_tags_are_named() {
        let tags = ["x:a", "nope", "bkb:a", "nope2"].map(str::to_owned);
        let error = invalid_tags(&tags, &TagCollection::default()).unwrap();
        assert_eq!(error.code(), "error.consumption.attributes.invalidTags");
        assert_eq!(error.message(), "Detected invalidity of the following tags: 'nope', 'bkb:a', 'nope2'.");
        assert!(invalid_tags(&tags[..1], &TagCollection::default()).is_none());
    }
}
