//! Tags of Files (`docs/protocol/05-consumption.md` §2.2).

use crate::error::{ApplicationError, codes};
use crate::languages;

/// Refuses tags that are neither custom nor of a general kind.
///
/// Tags of the Backbone's collection (`bkb:`) are not valid for Files, because the collection has none for them.
///
/// # Errors
/// `error.consumption.attributes.invalidTags`, naming the tags.
pub(crate) fn check(tags: &[String]) -> Result<(), ApplicationError> {
    let invalid: Vec<_> = tags.iter().filter(|tag| !is_valid(tag)).map(|tag| format!("'{tag}'")).collect();
    if invalid.is_empty() {
        return Ok(());
    }
    let text = format!("Detected invalidity of the following tags: {}.", invalid.join(", "));
    Err(ApplicationError::invalid(codes::ATTRIBUTES_INVALID_TAGS, text))
}

fn is_valid(tag: &str) -> bool {
    if tag.starts_with("x:") || tag.starts_with("X:") || tag.starts_with("urn:") {
        return true;
    }
    if let Some(language) = tag.strip_prefix("language:") {
        return languages::is_known(language);
    }
    tag.strip_prefix("mimetype:").and_then(|mimetype| mimetype.split_once('/')).is_some_and(|(kind, subkind)| {
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'*'));
        is_name(kind) && is_name(subkind)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        for tag in ["x:", "X:mine", "urn:a", "language:de", "mimetype:image/*", "mimetype:text/x-y"] {
            assert!(is_valid(tag), "{tag}");
        }
        for tag in ["nope", "", "language:xx", "language:", "mimetype:image", "mimetype:image/P", "bkb:a", "URN:a"] {
            assert!(!is_valid(tag), "{tag}");
        }
        let error = check(&["x:a".to_owned(), "nope".to_owned(), "nope2".to_owned()]).unwrap_err();
        assert_eq!(error.code(), "error.consumption.attributes.invalidTags");
        assert_eq!(error.message(), "Detected invalidity of the following tags: 'nope', 'nope2'.");
    }
}
