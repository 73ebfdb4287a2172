//! The two keys about certificate pinning (`docs/protocol/07 §6.4`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use transport::CertificatePinning;

use super::problems::{Problems, Section, boolean};

const PINS: &str = "pinnedTLSCertificateSHA256Fingerprints";
const ENFORCE: &str = "enforceCertificatePinning";
/// A SHA-256 in hexadecimal.
const FINGERPRINT_DIGITS: usize = 64;

/// `None` where nothing is pinned.
pub(super) fn read(merged: &Value, problems: &Problems<'_>) -> Option<CertificatePinning> {
    let enforce = boolean(merged, ENFORCE, problems).unwrap_or_default();
    let mut fingerprints = BTreeMap::new();
    if let Some(pins) = merged.get(PINS) {
        for (host, list) in Section::of(PINS, pins, problems)?.map() {
            let path = format!("{PINS}.{host}");
            if !is_host_name(host) {
                problems.add(&path, "must be a host name such as \"backbone.example.com\", without port or wildcard.");
            }
            match read_list(list) {
                Some(list) => {
                    fingerprints.insert(host.clone(), list);
                }
                None => problems.add(
                    &path,
                    "must be a list of SHA-256 fingerprints: 64 hexadecimal digits each, with or without colons.",
                ),
            }
        }
    }
    (enforce || !fingerprints.is_empty()).then_some(CertificatePinning { fingerprints, enforce })
}

fn read_list(list: &Value) -> Option<BTreeSet<String>> {
    let fingerprint = |value: &Value| {
        let text = value.as_str()?;
        let digits = text.chars().filter(|character| *character != ':');
        let is_valid =
            digits.clone().count() == FINGERPRINT_DIGITS && digits.clone().all(|digit| digit.is_ascii_hexdigit());
        is_valid.then(|| text.to_owned())
    };
    list.as_array()?.iter().map(fingerprint).collect()
}

/// Labels of letters, digits and inner hyphens, with a top level of lower-case letters; or `localhost`.
fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.contains("--")
    };
    let is_top_level = |label: &str| label.len() >= 2 && label.chars().all(|character| character.is_ascii_lowercase());
    match host.rsplit_once('.') {
        Some((labels, top_level)) => labels.split('.').all(is_label) && is_top_level(top_level),
        None => host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::is_host_name;

    #[test]
    fn pins_are_for_host_names() {
        for host in ["localhost", "example.com", "a-b.Example.com"] {
            assert!(is_host_name(host), "{host}");
        }
        for host in
            ["", "com", "127.0.0.1", "example.com:443", "*.example.com", "-a.com", "a..com", "a--b.com", "example.C"]
        {
            assert!(!is_host_name(host), "{host}");
        }
    }
}
