//! Patterns of identifiers, addresses and references (`docs/protocol/06-rest-api.md` §4.2).
//!
//! A pattern without `^` or `$` is searched for anywhere in the text, so that an id with extra characters around a
//! match passes here and then results in "not found".

use std::sync::LazyLock;

use core_types::Timestamp;
use regex::Regex;

const ADDRESS: &str = r"did:e:((([A-Za-z0-9]+(-[A-Za-z0-9]+)*)\.)+[a-z]{2,}|localhost):dids:[0-9a-f]{22}";
const MESSAGE_ID: &str = "MSG[A-Za-z0-9]{17}";
const RELATIONSHIP_ID: &str = "REL[A-Za-z0-9]{17}";
const RELATIONSHIP_TEMPLATE_ID: &str = "RLT[A-Za-z0-9]{17}";
const TOKEN_ID: &str = "TOK[A-Za-z0-9]{17}";
const FILE_ID: &str = "FIL[A-Za-z0-9]{17}";

/// The required form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Address of an Identity.
    Address,
    /// `MSG` and 17 characters.
    MessageId,
    /// `REL` and 17 characters.
    RelationshipId,
    /// `RLT` and 17 characters.
    RelationshipTemplateId,
    /// `TOK` and 17 characters.
    TokenId,
    /// `FIL` and 17 characters.
    FileId,
    /// A date of ISO 8601 (§4.3).
    Date,
    /// A truncated or URL reference to a Token.
    TokenReference,
    /// A truncated or URL reference to a File.
    FileReference,
    /// A truncated or URL reference to a RelationshipTemplate.
    RelationshipTemplateReference,
}

impl Pattern {
    /// Returns true if `text` satisfies the pattern.
    pub(crate) fn is_match(self, text: &str) -> bool {
        match self {
            // Peers do not exchange signed years; the pattern clients know excludes them.
            Self::Date => !text.starts_with(['+', '-']) && text.parse::<Timestamp>().is_ok(),
            Self::Address => matches(&ADDRESS_REGEX, text),
            Self::MessageId => matches(&MESSAGE_ID_REGEX, text),
            Self::RelationshipId => matches(&RELATIONSHIP_ID_REGEX, text),
            Self::RelationshipTemplateId => matches(&RELATIONSHIP_TEMPLATE_ID_REGEX, text),
            Self::TokenId => matches(&TOKEN_ID_REGEX, text),
            Self::FileId => matches(&FILE_ID_REGEX, text),
            Self::TokenReference => matches(&TOKEN_REFERENCE_REGEX, text),
            Self::FileReference => matches(&FILE_REFERENCE_REGEX, text),
            Self::RelationshipTemplateReference => matches(&RELATIONSHIP_TEMPLATE_REFERENCE_REGEX, text),
        }
    }

    /// The expression, if it is all there is to the form: dates have none, and references may also be URLs.
    pub(crate) const fn expression(self) -> Option<&'static str> {
        match self {
            Self::Date | Self::TokenReference | Self::FileReference | Self::RelationshipTemplateReference => None,
            Self::Address => Some(ADDRESS),
            Self::MessageId => Some(MESSAGE_ID),
            Self::RelationshipId => Some(RELATIONSHIP_ID),
            Self::RelationshipTemplateId => Some(RELATIONSHIP_TEMPLATE_ID),
            Self::TokenId => Some(TOKEN_ID),
            Self::FileId => Some(FILE_ID),
        }
    }

    /// The second half of the error text, after the name of the property.
    pub(crate) fn failure(self) -> String {
        let source = match self {
            Self::Date => return "must match ISO8601 datetime format".to_owned(),
            Self::TokenReference => "VE9L.{84}",
            Self::FileReference => "RklM.{84}",
            Self::RelationshipTemplateReference => "UkxU.{84}",
            other => other.expression().unwrap_or_default(),
        };
        format!("must match pattern {source}")
    }
}

/// The expressions are constants; one that did not compile would match nothing, which every test here would show.
type Compiled = LazyLock<Option<Regex>>;

static ADDRESS_REGEX: Compiled = LazyLock::new(|| Regex::new(ADDRESS).ok());
static MESSAGE_ID_REGEX: Compiled = LazyLock::new(|| Regex::new(MESSAGE_ID).ok());
static RELATIONSHIP_ID_REGEX: Compiled = LazyLock::new(|| Regex::new(RELATIONSHIP_ID).ok());
static RELATIONSHIP_TEMPLATE_ID_REGEX: Compiled = LazyLock::new(|| Regex::new(RELATIONSHIP_TEMPLATE_ID).ok());
static TOKEN_ID_REGEX: Compiled = LazyLock::new(|| Regex::new(TOKEN_ID).ok());
static FILE_ID_REGEX: Compiled = LazyLock::new(|| Regex::new(FILE_ID).ok());
static TOKEN_REFERENCE_REGEX: Compiled = LazyLock::new(|| reference_regex("VE9L", "TOK"));
static FILE_REFERENCE_REGEX: Compiled = LazyLock::new(|| reference_regex("RklM", "FIL"));
static RELATIONSHIP_TEMPLATE_REFERENCE_REGEX: Compiled = LazyLock::new(|| reference_regex("UkxU", "RLT"));

fn reference_regex(truncated_prefix: &str, id_prefix: &str) -> Option<Regex> {
    Regex::new(&format!(r"{truncated_prefix}.{{84}}|^https?://.*/r/{id_prefix}[a-zA-Z0-9]+(\?app=.+)?#[a-zA-Z0-9_-]+$"))
        .ok()
}

fn matches(regex: &Compiled, text: &str) -> bool {
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_searched_anywhere() {
        assert!(Pattern::FileId.is_match("FIL00000000000000000"));
        assert!(Pattern::FileId.is_match("xFIL00000000000000000y"));
        assert!(!Pattern::FileId.is_match("FIL0000000000000000"));
        assert!(!Pattern::FileId.is_match("FIL0000000000000000_"));
        assert!(Pattern::MessageId.is_match("MSG00000000000000000"));
        assert!(Pattern::RelationshipId.is_match("REL00000000000000000"));
        assert!(Pattern::RelationshipTemplateId.is_match("RLT00000000000000000"));
        assert!(Pattern::TokenId.is_match("TOK00000000000000000"));
    }

    #[test]
    fn dates() {
        for date in ["2030-01-01", "2030", "20300501", "2024-060", "2024-W09-4", "2030-01-01T12:30:15,5+02:00"] {
            assert!(Pattern::Date.is_match(date), "{date}");
        }
        for text in ["", "x", "tomorrow", "2030-13-01", "2030-02-30", "+010000-01-01", "2030-01-01T25:00"] {
            assert!(!Pattern::Date.is_match(text), "{text}");
        }
    }

    #[test]
    fn addresses() {
        assert!(Pattern::Address.is_match("did:e:localhost:dids:0123456789abcdef012345"));
        assert!(Pattern::Address.is_match("did:e:backbone.example.com:dids:0123456789abcdef012345"));
        assert!(!Pattern::Address.is_match("did:e:10.0.0.1:dids:0123456789abcdef012345"));
        assert!(!Pattern::Address.is_match("did:e:localhost:dids:0123456789ABCDEF012345"));
        assert!(!Pattern::Address.is_match("id1abc"));
    }

    #[test]
    fn references() {
        let tail = "a".repeat(84);
        assert!(Pattern::TokenReference.is_match(&format!("VE9L{tail}")));
        assert!(!Pattern::TokenReference.is_match(&format!("RklM{tail}")));
        assert!(!Pattern::TokenReference.is_match("VE9Lshort"));
        assert!(Pattern::FileReference.is_match("http://localhost:8080/r/FILabc#Zm9v_-"));
        assert!(Pattern::FileReference.is_match("https://bb.example/x/r/FILabc?app=y#Zm9v"));
        assert!(!Pattern::FileReference.is_match("https://bb.example/r/FILabc"));
        assert!(!Pattern::RelationshipTemplateReference.is_match("https://bb.example/r/FILabc#Zm9v"));
        assert!(Pattern::RelationshipTemplateReference.is_match(&format!("UkxU{tail}")));
    }
}
