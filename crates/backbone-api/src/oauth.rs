//! `POST /connect/token` (`docs/protocol/03 §2`).

use core_types::Username;
use serde::{Deserialize, Serialize};

use crate::SecretText;

/// The only supported grant.
pub const GRANT_TYPE_PASSWORD: &str = "password";

/// Error of a wrong username or password, or of an Identity past its grace period (HTTP 400).
pub const INVALID_GRANT: &str = "invalid_grant";
/// Error of a locked account (HTTP 400).
pub const ACCESS_DENIED: &str = "access_denied";
/// Error of a wrong client id or secret (HTTP 401).
pub const INVALID_CLIENT: &str = "invalid_client";
/// Error of a missing field (HTTP 400).
pub const INVALID_REQUEST: &str = "invalid_request";
/// Error of any grant but [`GRANT_TYPE_PASSWORD`] (HTTP 400).
pub const UNSUPPORTED_GRANT_TYPE: &str = "unsupported_grant_type";

/// Form body of the token endpoint, in the order of the existing clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// OAuth client id of the application.
    pub client_id: String,
    /// Secret of the application.
    pub client_secret: SecretText,
    /// [`GRANT_TYPE_PASSWORD`].
    pub grant_type: String,
    /// Name of the device user (`USR…`).
    pub username: Username,
    /// Device password.
    pub password: SecretText,
}

/// Successful answer of the token endpoint; it has no envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// Opaque bearer token.
    pub access_token: SecretText,
    /// `Bearer`.
    #[serde(default)]
    pub token_type: String,
    /// Lifetime in seconds; a number, or a string that contains one.
    #[serde(deserialize_with = "seconds")]
    pub expires_in: u64,
}

/// Failed answer of the token endpoint; it has no envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthError {
    /// One of this module's error constants.
    pub error: String,
    /// English text for people.
    #[serde(default)]
    pub error_description: String,
    /// Link to a page about the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<String>,
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrText {
        Number(u64),
        Text(String),
    }
    match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Number(seconds) => Ok(seconds),
        NumberOrText::Text(text) => text.trim().parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lifetime_as_number_and_text() {
        for json in [r#"{"access_token":"t","expires_in":300}"#, r#"{"access_token":"t","expires_in":"300"}"#] {
            assert_eq!(serde_json::from_str::<TokenResponse>(json).unwrap().expires_in, 300);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let request = TokenRequest {
            client_id: "test".into(),
            client_secret: "hidden-1".into(),
            grant_type: GRANT_TYPE_PASSWORD.into(),
            username: "USR".into(),
            password: "hidden-2".into(),
        };
        assert!(!format!("{request:?}").contains("hidden"));
    }
}
