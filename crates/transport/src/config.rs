//! Configuration of the transport layer (`transportLibrary`, `docs/protocol/02 §1`).

use std::{collections::BTreeMap, time::Duration};

use network::Trust;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use settings::{Kind, Members, Section, Setting, Text, Wrong};
use url::Url;

use crate::error::{Result, TransportError};

/// The datawallet version that this program reads and writes.
pub(crate) const SUPPORTED_DATAWALLET_VERSION: u16 = 1;
/// The version of the Identities that this program creates.
pub(crate) const SUPPORTED_IDENTITY_VERSION: u8 = 1;
/// Lowest compatible major version of a Backbone.
pub(crate) const SUPPORTED_MIN_BACKBONE_VERSION: u64 = 6;
/// Highest compatible major version of a Backbone.
pub(crate) const SUPPORTED_MAX_BACKBONE_VERSION: u64 = 7;

/// The section `transportLibrary` of the configuration.
pub const SETTINGS: Section = Section::new(&[
    Setting::new(
        "baseUrl",
        Kind::text(base_url),
        "the Backbone, `http://` or `https://`, with a host name: identity addresses carry it. No user name and password: references \
         carry the whole of it",
    )
    .required("write the Backbone's address, for example \"https://backbone.example.com\""),
    Setting::new("platformClientId", Kind::TEXT, "id of the OAuth client at the Backbone")
        .required("write the OAuth client id the Backbone's operator gave you"),
    Setting::new("platformClientSecret", Kind::TEXT, "secret of the OAuth client at the Backbone")
        .required("write the OAuth client secret the Backbone's operator gave you")
        .secret(),
    Setting::new(
        "allowIdentityCreation",
        Kind::Boolean,
        "whether an empty database may be filled with a new Identity",
    )
    .default("true")
    .since("6.33"),
    Setting::new(
        "addressGenerationHostnameOverride",
        Kind::ANY_TEXT,
        "the host name in addresses, if it is not that of `baseUrl`",
    )
    .since("5.0"),
    Setting::new("platformTimeout", Kind::COUNT, "limit of one call, milliseconds").default("60000"),
    Setting::new(
        "platformMaxRedirects",
        Kind::COUNT,
        "accepted, without effect: a Backbone that redirects is an error that names where to, because whoever is redirected to would \
         get the credentials",
    )
    .default("10"),
    Setting::new(
        "platformAdditionalHeaders",
        Kind::Members(&Members {
            name: "header",
            rule: Some(header_name),
            kind: Kind::Text(Text { may_be_empty: true, rule: Some(header_value) }),
        }),
        "sent with every call",
    )
    .default("{}")
    .secret(),
    Setting::new("datawalletEnabled", Kind::Boolean, "synchronisation between several devices of one Identity")
        .default("false"),
    Setting::new("debug", Kind::Boolean, "logs the duration of each call").default("false"),
    Setting::new("platformMaxContentLength", Kind::COUNT, "accepted, without effect"),
    Setting::removed(
        "realm",
        "was removed in 6.0",
        "identity addresses carry the Backbone's host name instead; remove the key",
    ),
]);

fn base_url(text: &str) -> Result<(), Wrong> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Err(Wrong::new("must start with http:// or https://"));
    }
    if text.contains('|') {
        return Err(Wrong::new("must not contain the character |, which separates the parts of a reference"));
    }
    let url = Url::parse(text).map_err(|_| Wrong::new("is not a valid URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "must not contain a user name or a password, because references carry it to whoever gets them",
        )
        .fix("send the credentials of a gateway as a header, with platformAdditionalHeaders"));
    }
    Ok(())
}

fn header_name(name: &str) -> Result<(), Wrong> {
    HeaderName::try_from(name).map(drop).map_err(|_| Wrong::new("is not the name of a header"))
}

/// A header that cannot be sent, or that would be altered on the way, would fail every call.
fn header_value(text: &str) -> Result<(), Wrong> {
    if text.trim() == text && HeaderValue::try_from(text).is_ok() {
        return Ok(());
    }
    Err(Wrong::new("holds what a header cannot carry: a line break, or white space at its beginning or end"))
}

/// The connection to a Backbone: its URL, credentials and limits. Unknown members are ignored.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TransportConfig {
    /// Base URL of the Backbone; written into references as it is.
    pub base_url: String,
    /// OAuth client id.
    pub platform_client_id: String,
    /// OAuth client secret.
    pub platform_client_secret: SecretString,
    /// Allows filling an empty database with a new Identity.
    pub allow_identity_creation: bool,
    /// Logs the duration of each call.
    pub debug: bool,
    /// Time limit of one call, in milliseconds.
    pub platform_timeout: u64,
    /// Limit of the plaintext of an uploaded file, in bytes.
    pub platform_max_unencrypted_file_size: u64,
    /// Headers sent with every call.
    pub platform_additional_headers: BTreeMap<String, String>,
    /// Host name for the computation of this account's address, when it differs from the host of `baseUrl`.
    pub address_generation_hostname_override: Option<String>,
    /// Enables the synchronisation of the datawallet.
    pub datawallet_enabled: bool,
    /// Connections of `http` base URLs.
    pub http_agent_options: AgentOptions,
    /// Connections of `https` base URLs.
    pub https_agent_options: AgentOptions,
    /// Lifetime of the cached tag collection, in minutes.
    pub tag_cache_lifetime_in_minutes: f64,
    /// The trusted certificates. Configured in another section (`docs/protocol/07 §6.4`).
    #[serde(skip)]
    pub trust: Trust,
}

/// The configurable options of connections.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentOptions {
    /// Keeps connections for further calls.
    pub keep_alive: bool,
    /// The number of unused connections that are kept.
    pub max_free_sockets: usize,
}

impl Default for AgentOptions {
    fn default() -> Self {
        Self { keep_alive: true, max_free_sockets: 2 }
    }
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            platform_client_id: String::new(),
            platform_client_secret: SecretString::default(),
            allow_identity_creation: true,
            debug: false,
            platform_timeout: 60_000,
            platform_max_unencrypted_file_size: 10 * 1024 * 1024,
            platform_additional_headers: BTreeMap::new(),
            address_generation_hostname_override: None,
            datawallet_enabled: false,
            http_agent_options: AgentOptions::default(),
            https_agent_options: AgentOptions::default(),
            tag_cache_lifetime_in_minutes: 5.0,
            trust: Trust::default(),
        }
    }
}

impl TransportConfig {
    /// Checks the required settings, in the order of `docs/protocol/02 §1`.
    pub fn validate(&self) -> Result<()> {
        if self.platform_client_id.is_empty() {
            return Err(TransportError::PlatformClientIdNotSet);
        }
        if self.platform_client_secret.expose_secret().is_empty() {
            return Err(TransportError::PlatformClientSecretNotSet);
        }
        if self.base_url.is_empty() {
            return Err(TransportError::BaseUrlNotSet);
        }
        // The character that separates the parts of a reference.
        if self.base_url.contains('|') {
            return Err(TransportError::InvalidBaseUrl("it contains the character '|'".to_owned()));
        }
        self.parsed_base_url().map(drop)
    }

    /// Host name that is part of this account's address.
    pub fn address_hostname(&self) -> Result<String> {
        match &self.address_generation_hostname_override {
            Some(hostname) if !hostname.is_empty() => Ok(hostname.clone()),
            _ => self.base_url_hostname(),
        }
    }

    /// Host name of the base URL, without port.
    pub(crate) fn base_url_hostname(&self) -> Result<String> {
        let url = self.parsed_base_url()?;
        let host = url.host_str().ok_or_else(|| TransportError::InvalidBaseUrl("it has no host".to_owned()))?;
        Ok(host.to_owned())
    }

    /// The time limit of one call.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.platform_timeout)
    }

    /// The connection options for the base URL.
    pub(crate) fn agent_options(&self) -> &AgentOptions {
        if self.base_url.starts_with("https:") { &self.https_agent_options } else { &self.http_agent_options }
    }

    fn parsed_base_url(&self) -> Result<Url> {
        let url = Url::parse(&self.base_url).map_err(|error| TransportError::InvalidBaseUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(TransportError::InvalidBaseUrl("it is no http or https URL".to_owned()));
        }
        Ok(url)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn config(json: serde_json::Value) -> TransportConfig {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn has_the_documented_defaults_and_ignores_unknown_members() {
        let config = config(serde_json::json!({ "baseUrl": "https://b.example:8443", "future": 1 }));
        assert!(config.allow_identity_creation);
        assert!(!config.datawallet_enabled);
        assert_eq!(config.platform_timeout, 60_000);
        assert_eq!(config.platform_max_unencrypted_file_size, 10_485_760);
        assert_eq!(config.https_agent_options, AgentOptions { keep_alive: true, max_free_sockets: 2 });
        assert_eq!(config.address_hostname().unwrap(), "b.example");
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let of_table = config(settings::defaults(&SETTINGS).into());
        assert_eq!(format!("{of_table:?}"), format!("{:?}", TransportConfig::default()));
    }

    #[test]
    fn reports_the_first_missing_setting() {
        let mut json = serde_json::json!({});
        let mut codes = Vec::new();
        for (name, value) in [
            ("platformClientId", "id"),
            ("platformClientSecret", "secret"),
            ("baseUrl", "http://a|b"),
            ("baseUrl", "ftp://localhost"),
            ("baseUrl", "http://localhost:8090"),
        ] {
            codes.push(config(json.clone()).validate().unwrap_err().code().to_owned());
            json[name] = value.into();
        }
        assert_eq!(
            codes,
            [
                "error.transport.general.platformClientIdNotSet",
                "error.transport.general.platformClientSecretNotSet",
                "error.transport.general.baseUrlNotSet",
                "error.transport.general.invalidBaseUrl",
                "error.transport.general.invalidBaseUrl",
            ]
        );
        config(json).validate().unwrap();
    }

    #[test]
    fn the_override_names_the_host_of_the_address() {
        let config = config(serde_json::json!({
            "baseUrl": "http://127.0.0.1:8090", "addressGenerationHostnameOverride": "localhost"
        }));
        assert_eq!(config.address_hostname().unwrap(), "localhost");
        assert_eq!(config.base_url_hostname().unwrap(), "127.0.0.1");
    }

    #[test]
    fn never_prints_the_client_secret() {
        let config = config(serde_json::json!({ "platformClientSecret": "hunter2" }));
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
