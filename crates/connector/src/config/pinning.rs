//! The two keys about certificate pinning (`docs/protocol/07 §6.4`).

use std::collections::{BTreeMap, BTreeSet};

use network::CertificatePinning;
use settings::{Node, Wrong};

pub(super) const PINS: &str = "pinnedTLSCertificateSHA256Fingerprints";
pub(super) const ENFORCE: &str = "enforceCertificatePinning";
/// A SHA-256 in hexadecimal.
const FINGERPRINT_DIGITS: usize = 64;

/// `None` if nothing is pinned.
pub(super) fn read(root: &Node<'_>) -> Option<CertificatePinning> {
    let enforce = root.boolean(ENFORCE).unwrap_or_default();
    let pins = root.member(PINS);
    let fingerprints: BTreeMap<String, BTreeSet<String>> = pins
        .iter()
        .flat_map(Node::members)
        .map(|(host, list)| {
            let texts = list.items().filter_map(|item| item.value().as_str().map(str::to_owned));
            (host.to_owned(), texts.collect())
        })
        .collect();
    (enforce || !fingerprints.is_empty()).then_some(CertificatePinning { fingerprints, enforce })
}

pub(super) fn fingerprint(text: &str) -> Result<(), Wrong> {
    let digits = text.chars().filter(|character| *character != ':');
    if digits.clone().count() == FINGERPRINT_DIGITS && digits.clone().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Wrong::new("must be a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons"))
}

pub(super) fn host_name(host: &str) -> Result<(), Wrong> {
    if is_host_name(host) {
        return Ok(());
    }
    Err(Wrong::new("must be a host name such as \"backbone.example.com\", without port or wildcard"))
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
