//! The `transportLibrary` block (`docs/protocol/07 §1.4.2`).

use serde_json::Value;
use transport::{CertificatePinning, TransportConfig};
use url::{Host, Url};

use super::problems::{Problems, Section};

const PATH: &str = "transportLibrary";
const KNOWN: [&str; 11] = [
    "baseUrl",
    "platformClientId",
    "platformClientSecret",
    "allowIdentityCreation",
    "addressGenerationHostnameOverride",
    "platformTimeout",
    "platformMaxRedirects",
    "platformAdditionalHeaders",
    "platformMaxContentLength",
    "datawalletEnabled",
    "debug",
];

pub(super) fn read<'a>(
    block: &'a Value,
    certificate_pinning: Option<CertificatePinning>,
    problems: &'a Problems<'a>,
) -> Option<TransportConfig> {
    let before = problems.count();
    check(block, problems);
    if problems.count() > before {
        return None;
    }
    let config = serde_path_to_error::deserialize::<_, TransportConfig>(block);
    let noted = config.map_err(|error| {
        problems.add(&format!("{PATH}.{}", error.path()), &format!("is wrong: {}.", error.inner()));
    });
    let config = TransportConfig { certificate_pinning, ..noted.ok()? };
    if let Err(error) = config.validate() {
        problems.add(PATH, &format!("is refused: {error}."));
    }
    check_pins(&config, problems);
    Some(config)
}

/// Enforced pins without one for the Backbone would refuse every call there.
fn check_pins(config: &TransportConfig, problems: &Problems<'_>) {
    let Some(pinning) = config.certificate_pinning.as_ref().filter(|pinning| pinning.enforce) else { return };
    let Ok(url) = Url::parse(&config.base_url) else { return };
    let is_pinned =
        url.host_str().is_some_and(|host| pinning.fingerprints.keys().any(|pin| pin.eq_ignore_ascii_case(host)));
    if url.scheme() == "https" && !is_pinned {
        problems.add(
            "enforceCertificatePinning",
            "refuses the host of transportLibrary.baseUrl: name its certificate in pinnedTLSCertificateSHA256Fingerprints.",
        );
    }
}

/// The mistakes that deserve a better message than that a member has the wrong type.
fn check<'a>(block: &'a Value, problems: &'a Problems<'a>) {
    let Some(section) = Section::of(PATH, block, problems) else { return };
    if section.map().contains_key("realm") {
        section.problem(
            "realm",
            "was removed in 6.0: identity addresses carry the Backbone's host name instead. Remove the key.",
        );
        section.refuse_unknown(&[&KNOWN[..], &["realm"]].concat());
    } else {
        section.refuse_unknown(&KNOWN);
    }
    let base_url =
        section.required_text("baseUrl", "write the Backbone's address, for example \"https://backbone.example.com\".");
    section.required_text("platformClientId", "write the OAuth client id the Backbone's operator gave you.");
    section.required_text("platformClientSecret", "write the OAuth client secret the Backbone's operator gave you.");
    section.text("addressGenerationHostnameOverride");
    section.texts("platformAdditionalHeaders");
    for key in ["allowIdentityCreation", "datawalletEnabled", "debug"] {
        section.boolean(key);
    }
    for key in ["platformTimeout", "platformMaxRedirects", "platformMaxContentLength"] {
        section.count(key);
    }
    if let Some(base_url) = base_url {
        check_base_url(&section, base_url);
    }
}

fn check_base_url(section: &Section<'_>, text: &str) {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        section.problem("baseUrl", "must start with http:// or https://.");
        return;
    }
    if text.contains('|') {
        section.problem("baseUrl", "must not contain the character |, which separates the parts of a reference.");
        return;
    }
    let Ok(url) = Url::parse(text) else {
        section.problem("baseUrl", "is not a valid URL.");
        return;
    };
    if !url.username().is_empty() || url.password().is_some() {
        section.problem(
            "baseUrl",
            "must not contain a user name or a password: references carry it to whoever gets them. \
             Credentials of a gateway can be sent as a header, with platformAdditionalHeaders.",
        );
    }
    let has_name = matches!(url.host(), Some(Host::Domain(_)));
    if !has_name && !section.map().contains_key("addressGenerationHostnameOverride") {
        section.problem(
            "baseUrl",
            "has an IP address as host, but identity addresses need a host name: use a name (localhost is one), \
             or name the Backbone's domain in transportLibrary.addressGenerationHostnameOverride.",
        );
    }
}
