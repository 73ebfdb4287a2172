//! The configuration as `GET /Monitoring/Support` shows it.

use serde_json::{Map, Value};
use settings::Shown;

use crate::config::AuthenticationConfig;

/// What may be shown of the configuration, with the state of each authentication method in place of what it is made of
/// (`docs/protocol/07 §2.7`).
#[must_use]
pub fn with_states(configuration: Shown, authentication: &AuthenticationConfig) -> Value {
    let mut shown = configuration.into_value();
    if let Some(Value::Object(http_server)) = shown.pointer_mut("/infrastructure/httpServer") {
        let state = |enabled: bool| {
            let state = if enabled { "enabled" } else { "disabled" };
            Value::String(format!("redacted ({state})"))
        };
        let methods = Map::from_iter([
            ("apiKey".to_owned(), state(authentication.api_key.is_enabled())),
            ("oidc".to_owned(), state(authentication.oidc.is_enabled())),
            ("jwtBearer".to_owned(), state(authentication.jwt_bearer.is_enabled())),
        ]);
        http_server.insert("authentication".to_owned(), Value::Object(methods));
    }
    shown
}
