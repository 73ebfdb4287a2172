//! Identifiers: 20 characters, a prefix for the kind of object and random letters and digits (`docs/protocol/01 §5`).
//!
//! Reading is lenient, as in the existing implementation: any text is an identifier. [`is_valid`] is the check that it
//! applies where it checks at all.

use rand::CryptoRng;

use crate::{CoreError, random};

/// Length of every generated identifier.
pub const LENGTH: usize = 20;

/// Longest prefix that an identifier can be generated with.
pub const MAX_PREFIX_LENGTH: usize = 6;

/// A new identifier with `prefix` (upper-cased, possibly empty).
///
/// # Errors
/// [`CoreError::InvalidIdPrefix`] if the prefix is longer than six characters or not alphanumeric.
pub fn generate(rng: &mut (impl CryptoRng + ?Sized), prefix: &str) -> Result<String, CoreError> {
    if prefix.len() > MAX_PREFIX_LENGTH || !prefix.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(CoreError::InvalidIdPrefix);
    }
    Ok(with_prefix(rng, &prefix.to_ascii_uppercase()))
}

/// A new identifier without prefix.
#[must_use]
pub fn generic(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    with_prefix(rng, "")
}

/// Returns true if `id` contains the prefix followed by letters and digits up to 20 characters. Like the existing check
/// it is case-sensitive and not anchored: longer texts that contain a match pass.
#[must_use]
pub fn is_valid(prefix: &str, id: &str) -> bool {
    let rest = LENGTH.saturating_sub(prefix.len());
    id.char_indices()
        .filter_map(|(start, _)| id.get(start..)?.strip_prefix(prefix))
        .any(|after| after.bytes().take(rest).filter(u8::is_ascii_alphanumeric).count() == rest)
}

fn with_prefix(rng: &mut (impl CryptoRng + ?Sized), prefix: &str) -> String {
    let rest = LENGTH.saturating_sub(prefix.len());
    format!("{prefix}{}", random::string(rng, rest, random::ALPHANUMERIC))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The prefix of this kind of identifier.
            pub const PREFIX: &'static str = $prefix;

            /// Accepts any text as identifier; see [`Self::is_valid`].
            #[must_use]
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// A new identifier.
            #[must_use]
            pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
                Self(with_prefix(rng, Self::PREFIX))
            }

            /// Returns true if the text passes the existing (unanchored) check for this prefix.
            #[must_use]
            pub fn is_valid(&self) -> bool {
                is_valid(Self::PREFIX, &self.0)
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        crate::json::text_type!($name, "id");
    )*};
}

ids! {
    /// Identifies a file. Made by the Backbone.
    FileId = "FIL";
    /// Identifies a relationship. Made by the Backbone.
    RelationshipId = "REL";
    /// Identifies a message. Made by the Backbone.
    MessageId = "MSG";
    /// Identifies a relationship template. Made by the Backbone.
    RelationshipTemplateId = "RLT";
    /// Identifies a token. Made by the Backbone.
    TokenId = "TOK";
    /// Identifies a device. Made by the Backbone.
    DeviceId = "DVC";
    /// The user name that a device logs in with. Made by the Backbone.
    Username = "USR";
    /// Identifies a challenge. Made by the Backbone.
    ChallengeId = "CHL";
    /// Identifies a deletion process of an identity. Made by the Backbone.
    IdentityDeletionProcessId = "IDP";
    /// Identifies an entry of a relationship's audit log. Made by the Backbone.
    RelationshipAuditLogEntryId = "RAL";
    /// Identifies a sync run. Made by the Backbone.
    SyncRunId = "SYR";
    /// Identifies an external event (the item of a sync run). Made by the Backbone.
    ExternalEventId = "SYI";
    /// Identifies an error reported for an external event. Made by the Backbone.
    SyncErrorId = "SYE";
    /// Identifies a datawallet. Made by the Backbone.
    DatawalletId = "DWL";
    /// Identifies a pushed datawallet modification. Made by the Backbone.
    DatawalletModificationId = "DWM";
    /// Identifies an announcement. Made by the Backbone.
    AnnouncementId = "ANC";
    /// Identifies a device's registration for push notifications. Made by the Backbone.
    DevicePushIdentifier = "DPI";
    /// Identifies a tier. Made by the Backbone.
    TierId = "TIR";
    /// Identifies a secret container. Local.
    SecretId = "TRPSEC";
    /// Names the secrets of a relationship. Local.
    RelationshipSecretId = "TRPRSE";
    /// Identifies the exchange key of a relationship template and names its secret. Local, and transmitted inside the
    /// template.
    RelationshipTemplateKeyId = "TRPRTK";
    /// Identifies a datawallet modification that is not pushed yet. Local.
    LocalDatawalletModificationId = "TRPDWM";
    /// Identifies a request to the Backbone in logs. Local.
    HttpRequestId = "HTTP";
    /// Identifies an attribute. Local, and transmitted in content.
    AttributeId = "ATT";
    /// Identifies a request between identities. Local, and transmitted in content.
    RequestId = "REQ";
    /// Identifies a notification between identities. Local, and transmitted in content.
    NotificationId = "NOT";
    /// Identifies the details of how an attribute was forwarded to a peer. Local. Passes for an attribute's, too, as the peers check it.
    ForwardingDetailsId = "ATTFD";
    /// Identifies a setting. Local.
    SettingId = "LCLSET";
    /// Identifies a draft. Local.
    DraftId = "LCLDRF";
    /// Identifies what is noted about another identity. Local.
    IdentityMetadataId = "IDM";
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn generated_ids_are_valid_and_differ() {
        let mut rng = crate::Randomness::system();
        let (one, two) = (TokenId::generate(&mut rng), TokenId::generate(&mut rng));
        assert_ne!(one, two);
        assert!(one.is_valid() && one.as_str().len() == LENGTH && one.as_str().starts_with("TOK"));
        assert_eq!(generic(&mut rng).len(), LENGTH);
    }

    #[test]
    fn an_id_may_be_given_as_object() {
        let id: FileId = serde_json::from_str(r#"{"id":"whatever","x":1}"#).unwrap();
        assert_eq!(id.as_str(), "whatever");
        assert!(serde_json::from_str::<FileId>("5").is_err());
        assert!(serde_json::from_str::<FileId>(r#"{"x":"y"}"#).is_err());
        assert!(serde_json::from_str::<FileId>("null").is_err());
    }

    proptest! {
        #[test]
        fn the_check_never_panics(prefix in "\\PC{0,8}", text in "\\PC{0,40}") {
            let _ = is_valid(&prefix, &text);
        }

        #[test]
        fn surrounding_text_does_not_spoil_a_match(before in "\\PC{0,8}", after in "\\PC{0,8}") {
            let id = MessageId::generate(&mut crate::Randomness::system());
            let text = format!("{before}{id}{after}");
            prop_assert!(is_valid("MSG", &text));
        }
    }
}
