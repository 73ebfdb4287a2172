//! Decrypted data of peers, with the part of it that can be shown.

use std::fmt;

use crate::ProtocolError;

/// Decrypted data that was parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Received<T> {
    /// The parsed value.
    pub value: T,
    /// The decrypted text, if the value does not cover all of it ([`foreign_json`]).
    pub text: Option<ReceivedText>,
}

impl<T> Received<T> {
    /// Pairs a value with its text, which is only kept if parsing was not exact.
    pub(crate) fn new(value: T, is_exact: bool, text: &[u8]) -> Self {
        Self { value, text: ReceivedText::unless(is_exact, text) }
    }

    pub(crate) fn try_map<U>(
        self,
        map: impl FnOnce(T) -> Result<U, ProtocolError>,
    ) -> Result<Received<U>, ProtocolError> {
        Ok(Received { value: map(self.value)?, text: self.text })
    }
}

/// A decrypted text as its sender wrote it; with its signatures, if it has any. It can hold keys and is therefore not
/// printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedText(String);

impl ReceivedText {
    pub(crate) fn unless(is_exact: bool, text: &[u8]) -> Option<Self> {
        // Parsed text is valid UTF-8.
        (!is_exact).then(|| Self(String::from_utf8_lossy(text).into_owned()))
    }
}

impl fmt::Debug for ReceivedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceivedText(…)")
    }
}

impl From<ReceivedText> for String {
    fn from(text: ReceivedText) -> Self {
        text.0
    }
}
