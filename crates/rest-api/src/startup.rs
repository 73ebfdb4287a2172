//! The conditions for listening (`docs/protocol/07 §2.8.2`, `06 §2.1`).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret as _;
use settings::{Node, Wrong};

use crate::config::{ApiKeyAuthenticationConfig, ApiKeyConfig, HttpServerConfig};
use crate::middleware::security_headers::SecurityHeaders;
use crate::startup_error::StartupError;

impl HttpServerConfig {
    /// Checks the startup rules. The connector calls [`report`](Self::report) before it opens the port;
    /// [`crate::router`] calls this, so that no server can violate them.
    pub fn validate(&self, mode: ServerMode, now: jiff::Timestamp) -> Result<(), StartupError> {
        self.mistakes(mode, now).into_iter().next().map_or(Ok(()), Err)
    }

    /// Reports every violated startup rule. `section` is the one this was read from.
    pub fn report(&self, mode: ServerMode, now: jiff::Timestamp, section: &Node<'_>) {
        for error in self.mistakes(mode, now) {
            section.mistake_below(&error.place(), Wrong::new(format!("is refused: {error}")));
        }
    }

    fn mistakes(&self, mode: ServerMode, now: jiff::Timestamp) -> Vec<StartupError> {
        let mut mistakes = Vec::new();
        if self.authentication.jwt_bearer.is_enabled() {
            mistakes.push(StartupError::MethodNotAvailable("jwtBearer"));
        }
        if self.authentication.oidc.is_enabled() {
            mistakes.push(StartupError::MethodNotAvailable("oidc"));
        }
        let api_key = &self.authentication.api_key;
        if api_key.is_enabled() {
            mistakes.extend(mistakes_of_keys(api_key, now));
        } else if !mode.debug && mistakes.is_empty() {
            mistakes.push(StartupError::NoAuthentication);
        }
        mistakes.extend(SecurityHeaders::new(self.helmet_options.as_ref(), mode.debug).err());
        mistakes.extend(crate::middleware::cors::Cors::new(&self.cors).err());
        mistakes
    }
}

/// The operating mode of the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerMode {
    /// Debug mode: open without authentication methods, errors carry their details.
    pub debug: bool,
    /// The served parts of the core API.
    pub core_api: CoreHttpApi,
}

/// The settings of `modules.coreHttpApi` (`docs/protocol/07 §5.8`). Health, monitoring and deliveries are served
/// without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreHttpApi {
    /// True if the resources of the Account are served.
    pub enabled: bool,
    /// True if their documentation is served: in debug mode to everybody, otherwise to callers with credentials.
    pub documentation: bool,
    /// True if the documentation page remembers entered credentials.
    pub persist_authorization: bool,
}

impl Default for CoreHttpApi {
    fn default() -> Self {
        Self { enabled: true, documentation: false, persist_authorization: false }
    }
}

fn mistakes_of_keys(config: &ApiKeyAuthenticationConfig, now: jiff::Timestamp) -> Vec<StartupError> {
    let mut mistakes = Vec::new();
    if axum::http::HeaderName::try_from(config.header_name()).is_err() {
        mistakes.push(StartupError::InvalidHeaderName(config.header_name().to_owned()));
    }
    let keys: Vec<(&String, &str)> = config.keys.iter().map(|(id, key)| (id, key.key.expose_secret())).collect();
    for (index, (second, value)) in keys.iter().enumerate() {
        if let Some((first, _)) = keys.iter().take(index).find(|(_, other)| other == value) {
            mistakes.push(StartupError::DuplicateApiKeys { first: (*first).clone(), second: (*second).clone() });
        }
    }

    let mut can_one_be_used = false;
    let mut weak = Vec::new();
    for (id, key) in &config.keys {
        let expiry = match expiry(id, key.expires_at.as_deref()) {
            Ok(expiry) => expiry,
            Err(error) => {
                mistakes.push(error);
                continue;
            }
        };
        if key.enabled == Some(false) || expiry.is_some_and(|expiry| expiry <= now) {
            continue;
        }
        can_one_be_used = true;
        if let Some(reason) = unusable(key.key.expose_secret()) {
            mistakes.push(StartupError::UnusableApiKey { id: id.clone(), reason });
        } else if !is_strong(key.key.expose_secret()) {
            weak.push(id.clone());
        }
    }
    if !weak.is_empty() {
        mistakes.push(StartupError::WeakApiKeys { ids: weak });
    }
    if !can_one_be_used && mistakes.is_empty() {
        mistakes.push(StartupError::NoUsableApiKey);
    }
    mistakes
}

impl ApiKeyConfig {
    /// The expiry of the key; `None` if it never expires, or if `expiresAt` is not a date.
    #[must_use]
    pub fn expiry(&self) -> Option<jiff::Timestamp> {
        expiry("", self.expires_at.as_deref()).ok().flatten()
    }
}

/// The expiry of a key. Dates and times without a zone are UTC.
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

/// The reason why a header cannot carry a key, or would carry something else.
fn unusable(key: &str) -> Option<&'static str> {
    if key.trim() != key {
        Some("begins or ends with white space, such as the line break at the end of a file, which a header cuts off")
    } else if key.chars().any(char::is_control) {
        Some("holds a control character, such as a line break, which a header cannot carry")
    } else if !key.is_ascii() {
        Some("holds a character beyond ASCII, which clients send in different ways")
    } else {
        None
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
    fn a_key_arrives_as_it_is_written() {
        for (key, reason) in [
            (format!("{STRONG}\n"), "white space"),
            (format!("{STRONG}\r\n"), "white space"),
            (format!(" {STRONG}"), "white space"),
            (format!("{STRONG}\u{a0}"), "white space"),
            (format!("{STRONG}\t"), "white space"),
            (format!("{STRONG}\nx"), "control character"),
            (format!("{STRONG}\u{7f}x"), "control character"),
            (format!("{STRONG}é"), "beyond ASCII"),
        ] {
            let error = production(json!({"a": {"key": key}, "b": {"key": format!("{STRONG}2")}})).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("\"a\"") && text.contains(reason) && !text.contains(STRONG), "{key:?} {text}");
            let disabled = json!({"a": {"key": key, "enabled": false}, "b": {"key": format!("{STRONG}2")}});
            assert_eq!(production(disabled), Ok(()));
        }
        assert_eq!(production(json!({"a": {"key": format!("{STRONG} with blanks inside")}})), Ok(()));
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
