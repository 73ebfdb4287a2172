//! Identity addresses: `did:e:<hostname>:dids:<20 hex digits of the key's hash><2 hex digits of checksum>`
//! (`docs/protocol/01 §6`).

use crypto::SignaturePublicKey;
use crypto::hash::{sha256, sha512};
use serde::Serialize;

use crate::CoreError;

const PREFIX: &str = "did:e:";
const MIDDLE: &str = ":dids:";
/// Hexadecimal digits of the key's hash.
const HASH_DIGITS: usize = 20;
/// Hexadecimal digits of hash and checksum.
const TAIL_DIGITS: usize = 22;
/// Longest address that a Backbone accepts.
const MAX_LENGTH: usize = 80;
/// Length of the part of an address that a personalised reference contains.
const TRUNCATED_LENGTH: usize = 4;
const DELETED_IDENTITY: &str = "deleted identity";

/// Address of an identity. Any text can be read as one; [`IdentityAddress::is_valid`] checks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct IdentityAddress(String);

crate::json::text_type!(IdentityAddress, "address");

impl IdentityAddress {
    /// Accepts any text as address.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Returns true if a Backbone would accept the address: length, form and checksum. IP addresses as host name are
    /// not valid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        is_valid(&self.0)
    }

    /// The host name inside the address, if it has the form of an address.
    #[must_use]
    pub fn hostname(&self) -> Option<&str> {
        let (hostname, tail) = self.0.strip_prefix(PREFIX)?.split_once(MIDDLE)?;
        (tail.len() == TAIL_DIGITS).then_some(hostname)
    }

    /// Returns true if the address belongs to `public_key` on the host that the address names. Existing clients do not
    /// check this; it binds an identity's signatures to its address.
    #[must_use]
    pub fn belongs_to(&self, public_key: &SignaturePublicKey) -> bool {
        self.hostname().is_some_and(|hostname| compute(public_key, hostname) == *self)
    }

    /// The last four characters, which personalise a reference without naming the identity.
    #[must_use]
    pub fn truncated(&self) -> &str {
        let start = self.0.char_indices().rev().nth(TRUNCATED_LENGTH - 1).map_or(0, |(start, _)| start);
        self.0.get(start..).unwrap_or_default()
    }

    /// Returns true if something personalised for `ending` (a full address or its truncated form) is intended for this
    /// identity.
    #[must_use]
    pub fn is_addressed_by(&self, ending: &str) -> bool {
        self.0.ends_with(ending)
    }

    /// Returns true if this is one of the two addresses that stand for deleted identities on `hostname`.
    #[must_use]
    pub fn is_pseudonym(&self, hostname: &str) -> bool {
        *self == client_pseudonym(hostname) || *self == backbone_pseudonym(hostname)
    }
}

/// Address of an identity public key on a Backbone with this host name (no port).
#[must_use]
pub fn compute(public_key: &SignaturePublicKey, hostname: &str) -> IdentityAddress {
    compute_from_bytes(public_key.as_bytes(), hostname)
}

/// Like [`compute`], over any bytes in place of the public key.
#[must_use]
pub fn compute_from_bytes(public_key: &[u8], hostname: &str) -> IdentityAddress {
    let main = format!("{PREFIX}{hostname}{MIDDLE}{}", hash_part(public_key));
    let checksum = checksum(&main);
    IdentityAddress(main + &checksum)
}

/// The client-side check of the existing implementation: host name as prefix, checksum and, if a key is given, its
/// hash. `hostname` may be shorter than the one in the address. For the strict check see [`is_valid`] and
/// [`IdentityAddress::belongs_to`].
///
/// # Errors
/// [`CoreError::MalformedAddress`] if the last 22 characters are not hexadecimal digits.
pub fn check(address: &str, hostname: &str, public_key: Option<&[u8]>) -> Result<bool, CoreError> {
    if !address.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with(hostname)) {
        return Ok(false);
    }
    let tail_start = address.len().checked_sub(TAIL_DIGITS).ok_or(CoreError::MalformedAddress)?;
    let tail = address
        .get(tail_start..)
        .filter(|tail| tail.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .ok_or(CoreError::MalformedAddress)?;
    let (hash, given_checksum) = tail.split_at(HASH_DIGITS);
    let main = address.strip_suffix(given_checksum).unwrap_or_default();
    Ok(given_checksum == checksum(main) && public_key.is_none_or(|key| hash == hash_part(key)))
}

/// Returns true if a Backbone would accept the address.
#[must_use]
pub fn is_valid(address: &str) -> bool {
    let Some((hostname, tail)) = address.strip_prefix(PREFIX).and_then(|rest| rest.split_once(MIDDLE)) else {
        return false;
    };
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let mut labels = hostname.rsplit('.');
    address.len() <= MAX_LENGTH
        && labels.next().is_some_and(is_top_level)
        && labels.all(is_label)
        && tail.len() == TAIL_DIGITS
        && tail.bytes().all(is_lower_hex)
        && tail
            .get(HASH_DIGITS..)
            .zip(address.get(..address.len() - 2))
            .is_some_and(|(given, main)| given == checksum(main))
}

/// Returns true if the text contains an address by the existing request schemas: not anchored, no checksum.
#[must_use]
pub fn matches_runtime_pattern(text: &str) -> bool {
    text.match_indices(PREFIX).any(|(start, _)| {
        text.get(start + PREFIX.len()..).and_then(|rest| rest.split_once(MIDDLE)).is_some_and(|(hostname, tail)| {
            is_runtime_hostname(hostname)
                && tail.bytes().take(TAIL_DIGITS).filter(|b| is_lower_hex(*b)).count() == TAIL_DIGITS
        })
    })
}

/// Address by which existing clients replace a deleted identity.
#[must_use]
pub fn client_pseudonym(hostname: &str) -> IdentityAddress {
    compute_from_bytes(DELETED_IDENTITY.as_bytes(), hostname)
}

/// Address by which the Backbone replaces a deleted identity: it hashes the UTF-16LE bytes of the same text.
#[must_use]
pub fn backbone_pseudonym(hostname: &str) -> IdentityAddress {
    let bytes: Vec<u8> = DELETED_IDENTITY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    compute_from_bytes(&bytes, hostname)
}

fn hash_part(public_key: &[u8]) -> String {
    let hash = hex::encode(sha256(sha512(public_key)));
    hash.get(..HASH_DIGITS).unwrap_or_default().to_owned()
}

fn checksum(main: &str) -> String {
    let hash = hex::encode(sha256(main));
    hash.get(..TAIL_DIGITS - HASH_DIGITS).unwrap_or_default().to_owned()
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_top_level(label: &str) -> bool {
    label.len() >= 2 && label.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_runtime_hostname(hostname: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    hostname == "localhost"
        || hostname
            .rsplit_once('.')
            .is_some_and(|(labels, top)| is_top_level(top) && labels.split(['.', '-']).all(is_part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn truncated_form_is_the_ending() {
        let address = IdentityAddress::from("did:e:prod.enmeshed.eu:dids:97469b0da807a881e7441d");
        assert_eq!(address.truncated(), "441d");
        assert!(
            address.is_addressed_by("441d")
                && address.is_addressed_by(address.as_str())
                && !address.is_addressed_by("441e")
        );
        assert_eq!(IdentityAddress::from("ä").truncated(), "ä");
        assert_eq!(address.hostname(), Some("prod.enmeshed.eu"));
    }

    #[test]
    fn both_pseudonyms_are_recognised() {
        assert!(
            client_pseudonym("localhost").is_pseudonym("localhost")
                && backbone_pseudonym("localhost").is_pseudonym("localhost")
        );
        assert!(!client_pseudonym("localhost").is_pseudonym("example.com"));
        assert_ne!(client_pseudonym("localhost"), backbone_pseudonym("localhost"));
    }

    proptest! {
        #[test]
        fn computed_addresses_are_valid(key in any::<[u8; 32]>(), host in "([a-z0-9-]{1,8}\\.){0,2}[a-z]{2,6}") {
            let address = compute_from_bytes(&key, &host);
            prop_assert!(address.is_valid());
            prop_assert_eq!(address.hostname(), Some(host.as_str()));
            prop_assert_eq!(check(address.as_str(), &host, Some(&key)), Ok(true));
        }

        #[test]
        fn checks_never_panic(text in "(did:e:)?\\PC{0,30}(:dids:)?\\PC{0,30}", host in "\\PC{0,5}") {
            let _ = (is_valid(&text), matches_runtime_pattern(&text), check(&text, &host, None));
            let _ = (IdentityAddress::from(text.as_str()).truncated().len(), IdentityAddress::from(text).hostname().is_some());
        }
    }
}
