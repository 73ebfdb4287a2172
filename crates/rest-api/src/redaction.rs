//! The configuration as shown by `GET /Monitoring/Support`.

use serde_json::{Map, Value};
use settings::Shown;

use crate::config::AuthenticationConfig;

/// The part of the configuration that may be shown, with the state of each authentication method in place of its
/// settings (`docs/protocol/07 §2.7`).
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
