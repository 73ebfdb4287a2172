//! The `transportLibrary` block (`docs/protocol/07 §1.4.2`).

use network::{CertificatePinning, Trust};
use settings::{Node, Wrong};
use transport::TransportConfig;
use url::{Host, Url};

/// Reads a block that has been checked against the table; `None` if there are mistakes.
pub(super) fn read(node: &Node<'_>, trust: Trust) -> Option<TransportConfig> {
    check_host(node);
    note_blanks(node);
    if node.report().has_errors_in(node.path()) {
        return None;
    }
    let config = match serde_path_to_error::deserialize::<_, TransportConfig>(node.value()) {
        Ok(config) => TransportConfig { trust, ..config },
        Err(error) => {
            node.mistake(Wrong::new(format!("cannot be read: {}", error.path())));
            return None;
        }
    };
    if let Err(error) = config.validate() {
        node.mistake(Wrong::new(format!("is refused: {error}")));
    }
    Some(config)
}

/// Returns true if pins are enforced, and there is none for the Backbone at this address.
pub(crate) fn lacks_pin(pinning: &CertificatePinning, base_url: &str) -> bool {
    let Ok(url) = Url::parse(base_url) else { return false };
    let is_pinned =
        url.host_str().is_some_and(|host| pinning.fingerprints.keys().any(|pin| pin.eq_ignore_ascii_case(host)));
    pinning.enforce && url.scheme() == "https" && !is_pinned
}

fn check_host(node: &Node<'_>) {
    let Some(url) = node.text("baseUrl").and_then(|text| Url::parse(text).ok()) else { return };
    let has_name = matches!(url.host(), Some(Host::Domain(_)));
    if matches!(url.scheme(), "http" | "https")
        && !has_name
        && node.member("addressGenerationHostnameOverride").is_none()
    {
        let message = "has an IP address as host, but identity addresses need a host name";
        let fix = "use a name (localhost is one), or name the Backbone's domain in \
                   transportLibrary.addressGenerationHostnameOverride";
        node.mistake_at("baseUrl", Wrong::new(message).fix(fix));
    }
}

/// White space around a secret is never intended, but not forbidden either.
fn note_blanks(node: &Node<'_>) {
    for key in ["platformClientId", "platformClientSecret"] {
        if let Some(member) = node.member(key).filter(|_| node.text(key).is_some_and(|text| text.trim() != text)) {
            let message = "begins or ends with white space, such as the line break at the end of a file";
            member.note(Wrong::new(message));
        }
    }
}
