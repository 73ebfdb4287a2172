//! Items that the recordings only describe: special bodies and API keys.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::placeholders::Bindings;
use super::replay::Recording;

/// gzip of `{"challengeType":"Identity"}`.
const GZIPPED_CHALLENGE: &str = "H4sIAAAAAAACA6tWSs5IzMlJzUtPDaksSFWyUvJMSc0rySypVKoFAN6UOOccAAAA";

/// A body that is not JSON.
pub(super) fn raw(text: &str) -> Vec<u8> {
    if text == "JSON object of 2097161 bytes" {
        return format!("{{\"a\":\"{}\"}}", "x".repeat(2_097_161 - 8)).into_bytes();
    }
    if text.starts_with("gzip of ") {
        return BASE64_STANDARD.decode(GZIPPED_CHALLENGE).unwrap();
    }
    text.as_bytes().to_vec()
}

/// A key for every placeholder such as `<api-key: scopes ["core:*"]>`.
pub(super) fn keys(recordings: &[Recording], bindings: &mut Bindings) -> Value {
    let placeholders: BTreeSet<&str> = recordings
        .iter()
        .filter_map(|recording| recording.request.as_ref())
        .flat_map(|request| request.headers.values())
        .filter_map(|value| value.strip_prefix('<')?.strip_suffix('>'))
        .filter(|name| name.starts_with("api-key"))
        .collect();
    let mut keys = json!({});
    for (index, placeholder) in placeholders.into_iter().enumerate() {
        let value = format!("Key-Of-the-replay-2026-number-{index:02}!");
        bindings.bind(placeholder, &value);
        let key = &mut keys[index.to_string()];
        key["key"] = json!(value);
        match placeholder.strip_prefix("api-key: ") {
            None => {}
            Some("disabled") => key["enabled"] = json!(false),
            Some("expired") => key["expiresAt"] = json!("2020-01-01"),
            Some(scopes) => {
                let scopes = scopes.strip_prefix("scopes ").unwrap();
                key["scopes"] = serde_json::from_str(scopes).unwrap();
            }
        }
    }
    keys
}
