//! References: id, key and location of an object, as text to hand over (`docs/protocol/01 §8`).

use std::fmt;
use std::str::FromStr;

use crypto::encoding::{base64url_decode, base64url_encode};
use crypto::{CryptoObject, SecretKey};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::json;
use url::Url;

use crate::json::{declared, id_text, present, to_string};
use crate::password::SharedPasswordProtection;
use crate::{CoreError, FileId, RelationshipTemplateId, TokenId, id};

/// Number of the only encryption algorithm in use.
const ALGORITHM: i64 = 3;

/// The kind of object that a reference points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferenceKind {
    /// A file; the key opens its metadata.
    File,
    /// A token.
    Token,
    /// A relationship template.
    RelationshipTemplate,
    /// Anything else.
    Other,
}

impl ReferenceKind {
    /// The kind that an identifier belongs to, by its prefix.
    #[must_use]
    pub fn of(id: &str) -> Self {
        [Self::File, Self::Token, Self::RelationshipTemplate]
            .into_iter()
            .find(|kind| kind.accepts(id))
            .unwrap_or(Self::Other)
    }

    /// The prefix of the identifiers of this kind; empty for [`Self::Other`].
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::File => FileId::PREFIX,
            Self::Token => TokenId::PREFIX,
            Self::RelationshipTemplate => RelationshipTemplateId::PREFIX,
            Self::Other => "",
        }
    }

    /// The `@type` of references of this kind.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::File => "FileReference",
            Self::Token => "TokenReference",
            Self::RelationshipTemplate => "RelationshipTemplateReference",
            Self::Other => "Reference",
        }
    }

    fn accepts(self, id: &str) -> bool {
        self == Self::Other || id::is_valid(self.prefix(), id)
    }
}

/// A reference. Anyone who has it (and the password, if one is needed) can load and read the object.
///
/// Serialises as the nested JSON form (without `@type`); [`Self::to_verbose_json`] adds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference {
    /// Identifier of the object.
    pub id: String,
    /// Base URL of the Backbone that has the object; the text forms break if it contains `|` or `@`.
    pub backbone_base_url: Option<String>,
    /// Key of the object.
    pub key: SecretKey,
    /// Last four characters of the only address that may load the object.
    pub for_identity_truncated: Option<String>,
    /// The password protection of the object.
    pub password_protection: Option<SharedPasswordProtection>,
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference")
            .field("id", &self.id)
            .field("backbone_base_url", &self.backbone_base_url)
            .finish_non_exhaustive()
    }
}

impl Reference {
    /// A reference without personalisation and password.
    #[must_use]
    pub fn new(id: impl Into<String>, key: SecretKey) -> Self {
        Self { id: id.into(), backbone_base_url: None, key, for_identity_truncated: None, password_protection: None }
    }

    /// The kind of object that the reference points to, by the prefix of its id.
    #[must_use]
    pub fn kind(&self) -> ReferenceKind {
        ReferenceKind::of(&self.id)
    }

    /// Truncated form: base64url of `id@baseUrl|3|key|forIdentity|password protection`.
    #[must_use]
    pub fn to_truncated(&self) -> String {
        let at_backbone = self.backbone_base_url.as_ref().map(|url| format!("@{url}")).unwrap_or_default();
        base64url_encode(format!("{}{at_backbone}|{}", self.id, self.parts_after_id()).as_bytes())
    }

    /// URL form: `{baseUrl}/r/{id}?app={app_id}#{fragment}`.
    ///
    /// # Errors
    /// [`CoreError::MissingBackboneBaseUrl`] if the reference names no Backbone.
    pub fn to_url(&self, app_id: Option<&str>) -> Result<String, CoreError> {
        let base_url = self.backbone_base_url.as_ref().ok_or(CoreError::MissingBackboneBaseUrl)?;
        let app = app_id.map(|app_id| format!("?app={app_id}")).unwrap_or_default();
        Ok(format!("{base_url}/r/{}{app}#{}", self.id, base64url_encode(self.parts_after_id().as_bytes())))
    }

    /// JSON with `@type`.
    ///
    /// # Errors
    /// None for references that were read or built from valid parts; the type follows the serialiser.
    pub fn to_verbose_json(&self) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Verbose<'a> {
            #[serde(rename = "@type")]
            type_name: &'static str,
            #[serde(flatten)]
            reference: &'a Reference,
        }
        to_string(&Verbose { type_name: self.kind().type_name(), reference: self })
    }

    /// Reads either text form of a reference to anything.
    ///
    /// # Errors
    /// See [`Self::parse_kind`].
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        Self::parse_kind(ReferenceKind::Other, text)
    }

    /// Reads either text form (a URL if it starts with `http`) of a reference to this kind of object.
    ///
    /// # Errors
    /// [`CoreError::InvalidTruncatedReference`] if parts are missing or unreadable, [`CoreError::Crypto`] for a wrong
    /// algorithm or key length, [`CoreError::Validation`] for everything else, such as an id of another kind.
    pub fn parse_kind(kind: ReferenceKind, text: &str) -> Result<Self, CoreError> {
        let reference = if text.starts_with("http") { parse_url(text)? } else { parse_truncated(text)? };
        reference.checked(kind)
    }

    fn parts_after_id(&self) -> String {
        format!(
            "{ALGORITHM}|{}|{}|{}",
            base64url_encode(self.key.as_bytes()),
            self.for_identity_truncated.as_deref().unwrap_or_default(),
            self.password_protection.as_ref().map(SharedPasswordProtection::to_text).unwrap_or_default()
        )
    }

    fn checked(self, kind: ReferenceKind) -> Result<Self, CoreError> {
        if !kind.accepts(&self.id) {
            return Err(CoreError::validation("id", format!("must start with {}", kind.prefix())));
        }
        let is_ending =
            |text: &String| text.len() == 4 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !self.for_identity_truncated.as_ref().is_none_or(is_ending) {
            return Err(CoreError::validation("forIdentityTruncated", "must be 4 hexadecimal digits"));
        }
        Ok(self)
    }
}

impl FromStr for Reference {
    type Err = CoreError;

    fn from_str(text: &str) -> Result<Self, CoreError> {
        Self::parse(text)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("Reference", 5)?;
        if let Some(base_url) = &self.backbone_base_url {
            members.serialize_field("backboneBaseUrl", base_url)?;
        }
        if let Some(ending) = &self.for_identity_truncated {
            members.serialize_field("forIdentityTruncated", ending)?;
        }
        members.serialize_field("id", &self.id)?;
        members.serialize_field("key", &self.key)?;
        if let Some(protection) = &self.password_protection {
            members.serialize_field("passwordProtection", protection)?;
        }
        members.end()
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Members {
            #[serde(default, deserialize_with = "present")]
            backbone_base_url: Option<String>,
            #[serde(default, deserialize_with = "present")]
            for_identity_truncated: Option<String>,
            #[serde(deserialize_with = "id_text")]
            id: String,
            #[serde(deserialize_with = "secret_key")]
            key: SecretKey,
            password_protection: Option<SharedPasswordProtection>,
        }
        let members = Members::deserialize(deserializer)?;
        let reference = Self {
            id: members.id,
            backbone_base_url: members.backbone_base_url,
            key: members.key,
            for_identity_truncated: members.for_identity_truncated,
            password_protection: members.password_protection,
        };
        reference.checked(ReferenceKind::Other).map_err(D::Error::custom)
    }
}

fn secret_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretKey, D::Error> {
    declared(deserializer, SecretKey::TYPE)
}

fn parse_truncated(text: &str) -> Result<Reference, CoreError> {
    let decoded = decode(text)?;
    let parts: Vec<&str> = decoded.split('|').collect();
    let (id_part, algorithm, key, for_identity, protection) = match *parts {
        [id, algorithm, key] => (id, algorithm, key, "", ""),
        [id, algorithm, key, for_identity, protection] => (id, algorithm, key, for_identity, protection),
        _ => {
            return Err(CoreError::InvalidTruncatedReference("it must have 3 or 5 parts"));
        }
    };
    let mut id_parts = id_part.split('@');
    let id = id_parts.next().unwrap_or_default();
    let base_url = id_parts.next().filter(|url| !url.is_empty());
    from_parts(id, base_url, algorithm, key, for_identity, protection)
}

fn parse_url(text: &str) -> Result<Reference, CoreError> {
    let url = Url::parse(text).map_err(|_| CoreError::validation("reference", "is not a URL"))?;
    let fragment = decode(url.fragment().unwrap_or_default())?;
    let parts: Vec<&str> = fragment.split('|').collect();
    let &[algorithm, key, for_identity, protection, ..] = parts.as_slice() else {
        return Err(CoreError::InvalidTruncatedReference("the fragment must have 4 parts"));
    };
    let (prefix, id) = url.path().rsplit_once("/r/").filter(|(_, id)| !id.contains('/')).unwrap_or_default();
    let base_url = format!("{}{prefix}", url.origin().ascii_serialization());
    from_parts(id, Some(&base_url), algorithm, key, for_identity, protection).and_then(|reference| {
        if reference.id.is_empty() {
            Err(CoreError::validation("id", "the path does not end with /r/ and an id"))
        } else {
            Ok(reference)
        }
    })
}

fn from_parts(
    id: &str,
    base_url: Option<&str>,
    algorithm: &str,
    key: &str,
    for_identity: &str,
    protection: &str,
) -> Result<Reference, CoreError> {
    let algorithm =
        leading_integer(algorithm).ok_or(CoreError::InvalidTruncatedReference("the algorithm is not a number"))?;
    let optional = |part: &str| Some(part).filter(|part| !part.is_empty()).map(str::to_owned);
    let password_protection =
        optional(protection).map(|text| SharedPasswordProtection::from_text(&text)).transpose()?;
    let key = SecretKey::from_value(&json!({ "key": key, "alg": algorithm }))?;
    Ok(Reference {
        id: id.to_owned(),
        backbone_base_url: base_url.map(str::to_owned),
        key,
        for_identity_truncated: optional(for_identity),
        password_protection,
    })
}

fn decode(text: &str) -> Result<String, CoreError> {
    let bytes = base64url_decode(text).map_err(|_| CoreError::validation("reference", "is not base64url"))?;
    String::from_utf8(bytes).map_err(|_| CoreError::validation("reference", "is not UTF-8"))
}

/// The leading integer of a text, after white space, as JavaScript's `parseInt` finds it. `None` if there is none;
/// values that do not fit are treated the same, as no rule of ours accepts them.
pub(crate) fn leading_integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    digits.get(..length)?.parse::<i64>().ok().map(|number| sign * number)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::{LocationIndicator, PasswordType};

    #[test]
    fn leading_integers() {
        for (text, number) in [
            ("3", Some(3)),
            ("3abc", Some(3)),
            (" -1.5", Some(-1)),
            ("+7", Some(7)),
            ("x", None),
            ("", None),
            ("-", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(leading_integer(text), number, "{text}");
        }
    }

    #[test]
    fn the_key_stays_out_of_debug_output() {
        let reference = Reference::new("TOKabcdefghij0123456", SecretKey::from_bytes([7; 32]));
        assert!(!format!("{reference:?}").contains(&base64url_encode([7; 32])));
        assert_eq!(reference.to_url(None), Err(CoreError::MissingBackboneBaseUrl));
    }

    #[test]
    fn a_url_without_an_id_is_refused() {
        let text = format!(
            "https://bkb.example/x#{}",
            base64url_encode(format!("3|{}||", base64url_encode([7; 32])).as_bytes())
        );
        assert_eq!(Reference::parse(&text).unwrap_err().code(), "error.core-types.validation");
        assert_eq!(Reference::parse("http").unwrap_err().code(), "error.core-types.validation");
    }

    fn any_reference() -> impl Strategy<Value = Reference> {
        let indicator = (0_i64..=99).prop_map(|number| LocationIndicator::new(number).unwrap());
        let password_type = prop_oneof![Just("pw".to_owned()), (4..=16).prop_map(|n| format!("pin{n}"))]
            .prop_map(|text| PasswordType::parse(&text).unwrap());
        let protection = (password_type, any::<[u8; 16]>(), option::of(indicator), option::of("[^&|]{1,20}")).prop_map(
            |(password_type, salt, password_location_indicator, password)| SharedPasswordProtection {
                password,
                password_location_indicator,
                password_type,
                salt,
            },
        );
        (
            prop_oneof!["FIL[A-Za-z0-9]{17}", "TOK[A-Za-z0-9]{17}", "RLT[A-Za-z0-9]{17}", "[A-Za-z0-9]{20}"],
            option::of("https?://[a-z]{1,8}\\.example(:[1-9][0-9]{3})?(/[a-z]{1,5}){0,2}"),
            any::<[u8; 32]>(),
            option::of("[0-9a-f]{4}"),
            option::of(protection),
        )
            .prop_map(|(id, backbone_base_url, key, for_identity_truncated, password_protection)| Reference {
                id,
                backbone_base_url,
                key: SecretKey::from_bytes(key),
                for_identity_truncated,
                password_protection,
            })
    }

    proptest! {
        #[test]
        fn every_form_reads_back(reference in any_reference()) {
            prop_assert_eq!(&Reference::parse_kind(reference.kind(), &reference.to_truncated()).unwrap(), &reference);
            prop_assert_eq!(&serde_json::from_str::<Reference>(&reference.to_verbose_json().unwrap()).unwrap(), &reference);
            if let Ok(url) = reference.to_url(Some("eu.enmeshed.app")) {
                prop_assert_eq!(&Reference::parse_kind(reference.kind(), &url).unwrap(), &reference);
            }
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*", fields in "[|&@=a-zA-Z0-9/+-]{0,80}") {
            let _ = Reference::parse(&text);
            let encoded = base64url_encode(fields.as_bytes());
            let _ = Reference::parse(&encoded);
            let _ = Reference::parse(&format!("https://bkb.example{text}/r/{fields}#{encoded}"));
            let _ = serde_json::from_str::<Reference>(&text);
        }
    }
}
