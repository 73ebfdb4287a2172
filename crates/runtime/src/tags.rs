//! Tags of Files (`docs/protocol/05-consumption.md` §2.2).

use crate::error::{ApplicationError, codes};

/// Two-letter codes of ISO 639-1 (`docs/protocol/04-content.md` §11).
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

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
        return LANGUAGES.split(' ').any(|known| known == language);
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
