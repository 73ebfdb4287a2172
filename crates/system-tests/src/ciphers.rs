//! The ciphers that a Backbone gets to see.

use backbone_api::Bytes;
use serde_json::Value;

/// A cipher in the body of a request (`docs/protocol/01 §5`): either with a nonce of its own, or with the counter
/// that makes one together with the agreed nonce of its relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCipher {
    /// `nnc`, base64url.
    pub nonce: Option<String>,
    /// `cnt`.
    pub counter: Option<u64>,
    /// `cph`, base64url.
    pub ciphertext: String,
}

/// All ciphers in a JSON body, those inside base64url members and nested texts included.
#[must_use]
pub fn ciphers_in(body: &[u8]) -> Vec<FoundCipher> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice(body) {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<FoundCipher>) {
    match value {
        Value::Object(members) => {
            if let Some(ciphertext) = members.get("cph").and_then(Value::as_str) {
                found.push(FoundCipher {
                    nonce: members.get("nnc").and_then(Value::as_str).map(str::to_owned),
                    counter: members.get("cnt").and_then(Value::as_u64),
                    ciphertext: ciphertext.to_owned(),
                });
            }
            members.values().for_each(|member| collect(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::String(text) => {
            if let Some(inner) = json_in(text) {
                collect(&inner, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The JSON object in a text, as it is or as base64url.
fn json_in(text: &str) -> Option<Value> {
    if text.starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    // `{"` in base64.
    if !text.starts_with("ey") {
        return None;
    }
    serde_json::from_slice(Bytes::parse(text).ok()?.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The bodies under this name in the recordings of the TypeScript implementation.
    fn recorded(file: &str, member: &str) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(file);
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        Ok(vectors["cases"].as_array().into_iter().flatten().map(|case| case[member].clone()).collect())
    }

    #[test]
    fn every_cipher_of_recorded_messages_is_found() -> Result<(), Box<dyn std::error::Error>> {
        let bodies = recorded("messages.json", "request_body")?;
        assert_eq!(bodies.len(), 5);
        for body in bodies {
            let found = ciphers_in(body.to_string().as_bytes());
            let recipients = body["recipients"].as_array().map_or(0, Vec::len);
            assert_eq!(found.iter().filter(|cipher| cipher.counter.is_some()).count(), recipients);
            assert_eq!(found.iter().filter(|cipher| cipher.nonce.is_some()).count(), 1);
        }
        Ok(())
    }

    #[test]
    fn the_cipher_of_a_creation_response_is_found() -> Result<(), Box<dyn std::error::Error>> {
        for body in recorded("relationships.json", "step5_put_accept_body")? {
            let found = ciphers_in(body.to_string().as_bytes());
            assert_eq!(found.iter().map(|cipher| cipher.counter).collect::<Vec<_>>(), [Some(0)]);
        }
        Ok(())
    }
}
