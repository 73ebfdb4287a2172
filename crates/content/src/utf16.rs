//! Lengths as every peer counts them.

/// Number of UTF-16 code units: characters beyond U+FFFF count twice.
#[must_use]
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// Returns whether the text has more than `max` UTF-16 code units.
#[must_use]
pub(crate) fn is_longer_than(text: &str, max: usize) -> bool {
    // A code unit takes at least one byte, so most texts need no counting.
    text.len() > max && length(text) > max
}
