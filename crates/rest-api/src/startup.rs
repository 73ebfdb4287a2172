//! What must hold before the server may listen (`docs/protocol/07 §2.8.2`, `06 §2.1`).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret as _;

use crate::config::{ApiKeyAuthenticationConfig, ApiKeyConfig, HttpServerConfig};
use crate::middleware::security_headers::SecurityHeaders;

/// Why the HTTP server must not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartupError {
    /// Production mode without any authentication method.
    #[error("no authentication method is enabled; this is only allowed in debug mode")]
    NoAuthentication,
    /// Two keys have the same value.
    #[error("the API keys {first:?} and {second:?} have the same value")]
    DuplicateApiKeys {
        /// Id of the first key.
        first: String,
        /// Id of the second key.
        second: String,
    },
    /// API keys are enabled but none of them can be used.
    #[error("API key authentication is enabled, but no key is both enabled and unexpired")]
    NoUsableApiKey,
    /// Keys that are too easy to guess.
    #[error(
        "the following API keys are too weak: {}; a key needs at least 30 characters, 2 upper-case letters, 2 lower-case letters, 2 digits and a special character",
        ids.join(", ")
    )]
    WeakApiKeys {
        /// Ids of the keys.
        ids: Vec<String>,
    },
    /// `expiresAt` of a key is no date.
    #[error("expiresAt of the API key {id:?} is not an ISO 8601 date or date-time")]
    InvalidExpiry {
        /// Id of the key.
        id: String,
    },
    /// The name of the API key header cannot be a header name.
    #[error("{0:?} is not a valid name for the API key header")]
    InvalidHeaderName(String),
    /// A configured method is not available in this version.
    #[error("the authentication method {0} is not available in this version")]
    MethodNotAvailable(&'static str),
    /// `helmetOptions` or `cors` would produce an invalid header.
    #[error("{0} leads to an invalid header value")]
    InvalidHeaderValue(&'static str),
}

impl StartupError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAuthentication => "error.connector.startup.noAuthentication",
            Self::DuplicateApiKeys { .. } => "error.connector.startup.duplicateApiKeys",
            Self::NoUsableApiKey => "error.connector.startup.noUsableApiKey",
            Self::WeakApiKeys { .. } => "error.connector.startup.weakApiKeys",
            Self::InvalidExpiry { .. } => "error.connector.startup.invalidApiKeyExpiry",
            Self::InvalidHeaderName(_) => "error.connector.startup.invalidApiKeyHeaderName",
            Self::MethodNotAvailable(_) => "error.connector.startup.authenticationMethodNotAvailable",
            Self::InvalidHeaderValue(_) => "error.connector.startup.invalidHeaderValue",
        }
    }
}

impl HttpServerConfig {
    /// Checks the startup rules. The connector calls this before it opens the port; [`crate::router`]
    /// calls it again, so that no server can exist that breaks them.
    pub fn validate(&self, mode: ServerMode, now: jiff::Timestamp) -> Result<(), StartupError> {
        if self.authentication.jwt_bearer.is_enabled() {
            return Err(StartupError::MethodNotAvailable("jwtBearer"));
        }
        if self.authentication.oidc.is_enabled() {
            return Err(StartupError::MethodNotAvailable("oidc"));
        }
        let api_key = &self.authentication.api_key;
        if api_key.is_enabled() {
            validate_api_keys(api_key, now)?;
        } else if !mode.debug {
            return Err(StartupError::NoAuthentication);
        }
        SecurityHeaders::new(self.helmet_options.as_ref(), mode.debug)?;
        crate::middleware::cors::Cors::new(&self.cors)?;
        Ok(())
    }
}

/// How the server runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerMode {
    /// Debug mode: open without authentication methods, errors carry their details.
    pub debug: bool,
    /// What is served of the core API.
    pub core_api: CoreHttpApi,
}

/// What `modules.coreHttpApi` says (`docs/protocol/07 §5.8`). Health, monitoring and deliveries are there without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreHttpApi {
    /// Whether the resources of the Account are served.
    pub enabled: bool,
    /// Whether their documentation is served: in debug mode to everybody, else to whoever has credentials.
    pub documentation: bool,
    /// Whether the page of the documentation remembers the credentials that are typed into it.
    pub persist_authorization: bool,
}

impl Default for CoreHttpApi {
    fn default() -> Self {
        Self { enabled: true, documentation: false, persist_authorization: false }
    }
}

fn validate_api_keys(config: &ApiKeyAuthenticationConfig, now: jiff::Timestamp) -> Result<(), StartupError> {
    if axum::http::HeaderName::try_from(config.header_name()).is_err() {
        return Err(StartupError::InvalidHeaderName(config.header_name().to_owned()));
    }
    let keys: Vec<(&String, &str)> = config.keys.iter().map(|(id, key)| (id, key.key.expose_secret())).collect();
    for (index, (second, value)) in keys.iter().enumerate() {
        if let Some((first, _)) = keys.iter().take(index).find(|(_, other)| other == value) {
            return Err(StartupError::DuplicateApiKeys { first: (*first).clone(), second: (*second).clone() });
        }
    }

    let mut usable = 0_usize;
    let mut weak = Vec::new();
    for (id, key) in &config.keys {
        let expiry = expiry(id, key.expires_at.as_deref())?;
        if key.enabled == Some(false) || expiry.is_some_and(|expiry| expiry <= now) {
            continue;
        }
        usable += 1;
        if !is_strong(key.key.expose_secret()) {
            weak.push(id.clone());
        }
    }
    if !weak.is_empty() {
        return Err(StartupError::WeakApiKeys { ids: weak });
    }
    if usable == 0 {
        return Err(StartupError::NoUsableApiKey);
    }
    Ok(())
}

impl ApiKeyConfig {
    /// When the key expires; `None` if it never does, or if `expiresAt` is no date.
    #[must_use]
    pub fn expiry(&self) -> Option<jiff::Timestamp> {
        expiry("", self.expires_at.as_deref()).ok().flatten()
    }
}

/// When a key expires. Dates and times without a zone are UTC.
pub(crate) fn expiry(id: &str, text: Option<&str>) -> Result<Option<jiff::Timestamp>, StartupError> {
    let Some(text) = text else { return Ok(None) };
    let parsed = text.parse::<jiff::Timestamp>().or_else(|_| {
        text.parse::<DateTime>().and_then(|local| local.to_zoned(TimeZone::UTC)).map(|zoned| zoned.timestamp())
    });
    match parsed {
        Ok(expiry) => Ok(Some(expiry)),
        Err(_) => Err(StartupError::InvalidExpiry { id: id.to_owned() }),
    }
}

fn is_strong(key: &str) -> bool {
    let count = |test: fn(&char) -> bool| key.chars().filter(test).count();
    key.chars().count() >= 30
        && count(char::is_ascii_uppercase) >= 2
        && count(char::is_ascii_lowercase) >= 2
        && count(char::is_ascii_digit) >= 2
        && count(char::is_ascii_punctuation) >= 1
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const STRONG: &str = "This-Is-1-key-of-30-characters!";

    fn check(http_server: Value, mode: ServerMode) -> Result<(), StartupError> {
        let config: HttpServerConfig = serde_json::from_value(http_server).unwrap();
        config.validate(mode, "2026-01-01T00:00:00Z".parse().unwrap())
    }

    fn production(keys: Value) -> Result<(), StartupError> {
        check(json!({"authentication": {"apiKey": {"keys": keys}}}), ServerMode::default())
    }

    #[test]
    fn production_needs_an_authentication_method_and_debug_mode_does_not() {
        assert_eq!(check(json!({}), ServerMode::default()), Err(StartupError::NoAuthentication));
        let debug = ServerMode { debug: true, ..ServerMode::default() };
        assert_eq!(check(json!({}), debug), Ok(()));
    }

    #[test]
    fn a_strong_key_is_enough() {
        assert_eq!(production(json!({"a": {"key": STRONG}})), Ok(()));
    }

    #[test]
    fn equal_keys_are_refused_even_if_one_is_disabled() {
        assert_eq!(
            production(json!({"a": {"key": STRONG}, "b": {"key": STRONG, "enabled": false}})),
            Err(StartupError::DuplicateApiKeys { first: "a".into(), second: "b".into() })
        );
    }

    #[test]
    fn at_least_one_key_must_be_usable() {
        for keys in [
            json!({"a": {"key": STRONG, "enabled": false}}),
            json!({"a": {"key": STRONG, "expiresAt": "2025-12-31"}}),
            json!({"a": {"key": STRONG, "expiresAt": "2026-01-01T00:00:00.000Z"}}),
        ] {
            assert_eq!(production(keys), Err(StartupError::NoUsableApiKey));
        }
        assert_eq!(
            check(json!({"authentication": {"apiKey": {"enabled": true}}}), ServerMode::default()),
            Err(StartupError::NoUsableApiKey)
        );
        assert_eq!(production(json!({"a": {"key": STRONG, "expiresAt": "2026-01-02"}})), Ok(()));
    }

    #[test]
    fn weak_keys_are_named_unless_they_cannot_be_used() {
        for weak in [
            "Short-Is-1-key-of-29-chars!!",
            "this-is-1-key-of-30-characters-without-capitals!",
            "THIS-IS-1-KEY-OF-30-CHARACTERS-ALL-CAPITALS!",
            "This-Is-a-key-without-any-digits-in-it!",
            "ThisIs1keyOf30characters4andMoreButNoSpecial",
        ] {
            assert_eq!(
                production(json!({"a": {"key": STRONG}, "b": {"key": weak}})),
                Err(StartupError::WeakApiKeys { ids: vec!["b".into()] }),
                "{weak}"
            );
            assert_eq!(production(json!({"a": {"key": STRONG}, "b": {"key": weak, "enabled": false}})), Ok(()));
        }
    }

    #[test]
    fn an_expiry_must_be_a_date() {
        assert_eq!(
            production(json!({"a": {"key": STRONG, "expiresAt": "tomorrow"}})),
            Err(StartupError::InvalidExpiry { id: "a".into() })
        );
    }

    #[test]
    fn a_configured_method_that_is_missing_is_not_ignored() {
        assert_eq!(
            check(json!({"authentication": {"jwtBearer": {"issuer": "i"}}}), ServerMode::default()),
            Err(StartupError::MethodNotAvailable("jwtBearer"))
        );
    }

    #[test]
    fn header_names_and_values_must_be_sendable() {
        assert_eq!(
            check(
                json!({"authentication": {"apiKey": {"headerName": "a b", "keys": {"a": {"key": STRONG}}}}}),
                ServerMode::default()
            ),
            Err(StartupError::InvalidHeaderName("a b".into()))
        );
        assert_eq!(
            check(json!({"cors": {"origin": "a\nb"}}), ServerMode { debug: true, ..ServerMode::default() }),
            Err(StartupError::InvalidHeaderValue("cors"))
        );
    }
}
