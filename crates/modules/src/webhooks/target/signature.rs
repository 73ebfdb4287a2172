//! Signatures of deliveries as Standard Webhooks describes them: HMAC-SHA256 over id, time and body, so that a receiver
//! can verify the sender, that nobody has altered the delivery, and that it is not an old one sent again.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The prefix of secrets of this kind in all notations; may be left out.
const PREFIX: &str = "whsec_";
/// Lengths of a secret in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// Secrets come with and without padding.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret that the target and the Connector share. Not printed.
#[derive(Clone)]
pub struct SigningSecret(SecretSlice<u8>);

impl SigningSecret {
    /// Reads `whsec_<base64>`, or the base64 alone.
    ///
    /// # Errors
    /// The mistake and its fix, without the value, for an error message.
    pub(in crate::webhooks) fn parse(text: &str) -> Result<Self, String> {
        let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
        let Ok(bytes) = ANY_PADDING.decode(encoded).map(Zeroizing::new) else {
            return Err(format!("must be base64, with or without '{PREFIX}' before it"));
        };
        if !LENGTHS.contains(&bytes.len()) {
            let (shortest, longest) = (LENGTHS.start(), LENGTHS.end());
            return Err(format!(
                "must be {shortest} to {longest} bytes in base64: 'openssl rand -base64 32' makes one"
            ));
        }
        Ok(Self(SecretSlice::from(bytes.to_vec())))
    }

    /// `v1,<base64>`; `timestamp` in seconds.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        // HMAC accepts keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl PartialEq for SigningSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// The value of the header `webhook-signature`: one signature for each secret, so that a receiver accepts the delivery
/// whichever of them it knows. `timestamp` is in seconds. `None` without secrets.
pub(super) fn signatures(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> Option<HeaderValue> {
    let signatures: Vec<_> = secrets.iter().filter_map(|secret| secret.sign(id, timestamp, body)).collect();
    if signatures.is_empty() { None } else { HeaderValue::try_from(signatures.join(" ")).ok() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// The result of `openssl dgst -sha256 -mac HMAC` for the same key and text.
    #[test]
    fn signatures_are_those_of_another_implementation() {
        let one = SigningSecret::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap();
        let two = SigningSecret::parse("ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4").unwrap();
        let body = br#"{"trigger":"runtime.modulesStarted"}"#;
        let value = signatures(&[one, two], "EVT1", 1_700_000_000, body).unwrap();
        assert_eq!(
            value,
            "v1,o5RGTt+pTSslCMiwBSHENo5xNyEosweS2wkms3uVinw= v1,C7X2CPmyv2ITYL6o7acs9i+/I4xnI6YlZNF3eMwY24s="
        );
        assert_eq!(signatures(&[], "EVT1", 1_700_000_000, body), None);
    }

    #[test]
    fn secrets_are_read_and_do_not_print() {
        let longest = STANDARD.encode([7_u8; 64]);
        for text in [longest.as_str(), longest.trim_end_matches('='), &format!("whsec_{longest}")] {
            let secret = SigningSecret::parse(text).unwrap();
            assert_eq!(secret.0.expose_secret(), [7_u8; 64]);
            assert_eq!(format!("{secret:?}"), "SigningSecret(…)");
        }
        for bytes in [23, 65] {
            let text = STANDARD.encode(vec![7_u8; bytes]);
            let error = SigningSecret::parse(&text).unwrap_err();
            assert!(error.contains("24 to 64 bytes") && !error.contains(&text), "{error}");
        }
        let error = SigningSecret::parse("whsec_my password").unwrap_err();
        assert!(error.contains("base64") && !error.contains("password"), "{error}");
    }
}
