use core_types::{IdentityAddress, PasswordType, Reference, ReferenceKind, Timestamp, json};
use crypto::encoding::{base58_decode, base64_decode, base64_encode, base64url_decode, base64url_encode};
use serde_json::Value;

/// Text encodings of bytes, and JSON in JavaScript's order and number format.
pub fn encoding(data: &[u8]) {
    assert_eq!(base64url_decode(&base64url_encode(data)).ok().as_deref(), Some(data));
    assert_eq!(base64_decode(&base64_encode(data)).ok().as_deref(), Some(data));
    let Ok(text) = std::str::from_utf8(data) else { return };
    drop(base64url_decode(text));
    drop(base64_decode(text));
    // Its running time grows with the square of the length; no value of the protocol is longer.
    if text.len() < 1000 {
        drop(base58_decode(text));
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let canonical = json::canonical(&value);
        let again = serde_json::from_str(&canonical).map(|again| json::canonical(&again));
        assert_eq!(again.ok(), Some(canonical));
    }
}

/// JSON of other programs: never deeper than allowed, and it survives a round trip.
pub fn odd_json(data: &[u8]) {
    if let Ok(reading) = foreign_json::read::<Value>(data) {
        assert!(depth(&reading.value) <= foreign_json::MAX_DEPTH);
        let again = foreign_json::read::<Value>(reading.value.to_string());
        assert!(again.is_ok_and(|again| again.is_exact() && again.value == reading.value));
    }
    if let Ok(plain) = serde_json::from_slice::<Value>(data) {
        assert_eq!(foreign_json::from_slice::<Value>(data).ok(), Some(plain));
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// References in all their forms, and their parts.
pub fn reference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for kind in [ReferenceKind::File, ReferenceKind::RelationshipTemplate, ReferenceKind::Token] {
        drop(Reference::parse_kind(kind, text));
    }
    if let Ok(reference) = Reference::parse(text) {
        let truncated = reference.to_truncated();
        assert_eq!(Reference::parse(&truncated).map(|again| again.to_truncated()).ok(), Some(truncated));
    }
    // The text inside, which a truncated reference encodes.
    drop(Reference::parse(&base64url_encode(data)));
    drop(PasswordType::parse(text));
    drop(serde_json::from_slice::<IdentityAddress>(data));
}

/// Points in time in the notations of peers and clients.
pub fn timestamp(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(time) = text.parse::<Timestamp>() {
        assert_eq!(time.to_string().parse().ok(), Some(time));
    }
}
