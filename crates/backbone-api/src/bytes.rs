use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// base64url as both sides read it: with or without padding.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Binary data inside JSON, query strings and form fields (`docs/protocol/03 §1.4`).
///
/// Written as base64url without padding. Read from base64url (padding optional) and from standard
/// base64 with padding. `Debug` shows the length only: much of the data is secret.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

/// The text is neither base64url nor padded standard base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidBase64;

impl fmt::Display for InvalidBase64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not valid base64")
    }
}

impl std::error::Error for InvalidBase64 {}

impl Bytes {
    /// Reads any of the accepted base64 forms.
    ///
    /// # Errors
    /// [`InvalidBase64`] when the text has none of them.
    pub fn parse(text: &str) -> Result<Self, InvalidBase64> {
        if text.contains(['+', '/']) { general_purpose::STANDARD.decode(text) } else { URL_SAFE.decode(text) }
            .map(Self)
            .map_err(|_| InvalidBase64)
    }

    /// base64url without padding.
    #[must_use]
    pub fn to_base64url(&self) -> String {
        general_purpose::URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// Standard base64 with padding, the form of `password` query parameters (`docs/protocol/03 §1.3`).
    #[must_use]
    pub fn to_base64_standard(&self) -> String {
        general_purpose::STANDARD.encode(&self.0)
    }

    /// The bytes themselves.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64url())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a base64 text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                Bytes::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_accepted_form() {
        let expected = Bytes(vec![0xfb, 0xff, 0xfe, 0x01]);
        for text in ["-__-AQ", "-__-AQ==", "+//+AQ=="] {
            assert_eq!(Bytes::parse(text), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn refuses_other_texts() {
        for text in ["a", "####", "+//+AQ", "-_+/", "AAAA=", "A A="] {
            assert_eq!(Bytes::parse(text), Err(InvalidBase64), "{text}");
        }
    }

    #[test]
    fn debug_hides_the_content() {
        assert_eq!(format!("{:?}", Bytes(b"secret".to_vec())), "Bytes(6 bytes)");
    }

    proptest! {
        #[test]
        fn json_round_trip(bytes: Vec<u8>) {
            let bytes = Bytes(bytes);
            let json = serde_json::to_string(&bytes).unwrap();
            prop_assert!(!json.contains(['+', '/', '=']));
            prop_assert_eq!(serde_json::from_str::<Bytes>(&json).unwrap(), bytes.clone());
            prop_assert_eq!(Bytes::parse(&bytes.to_base64_standard()).unwrap(), bytes);
        }
    }
}
