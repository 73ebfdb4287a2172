//! What of the configuration may be shown (`GET /Monitoring/Support`).
//!
//! By allow-list: a setting nobody thought of is hidden, not shown. Known sections keep their shape, so
//! that an operator sees *that* something is set; members that are no settings at all (the process
//! environment is merged into the configuration) are left out.

use serde_json::{Map, Value};

use crate::config::AuthenticationConfig;

const HIDDEN: &str = "***";

/// Top-level members that are settings.
const SECTIONS: [&str; 9] = [
    "debug",
    "enforceCertificatePinning",
    "pinnedTLSCertificateSHA256Fingerprints",
    "transportLibrary",
    "database",
    "logging",
    "infrastructure",
    "modules",
    "backbone",
];

/// Settings whose value may be shown. `*` stands for any one name, `**` at the end for everything below.
const SHOWN: [&str; 44] = [
    "debug",
    "enforceCertificatePinning",
    "pinnedTLSCertificateSHA256Fingerprints.**",
    "transportLibrary.allowIdentityCreation",
    "transportLibrary.baseUrl",
    "transportLibrary.platformClientId",
    "transportLibrary.platformMaxRedirects",
    "transportLibrary.platformMaxUnencryptedFileSize",
    "transportLibrary.platformTimeout",
    "transportLibrary.addressGenerationHostnameOverride",
    "transportLibrary.datawalletEnabled",
    "transportLibrary.tagCacheLifetimeInMinutes",
    "database.driver",
    "database.dbName",
    "database.folder",
    "logging.appenders.*.type",
    "logging.appenders.*.level",
    "logging.appenders.*.appender",
    "logging.appenders.*.layout.type",
    "logging.appenders.*.layout.pattern",
    "logging.categories.**",
    "infrastructure.httpServer.enabled",
    "infrastructure.httpServer.host",
    "infrastructure.httpServer.port",
    "infrastructure.httpServer.cors.**",
    "infrastructure.httpServer.helmetOptions.**",
    "infrastructure.httpServer.metrics.**",
    "infrastructure.httpServer.eventStream.**",
    "modules.*.enabled",
    "modules.*.displayName",
    "modules.*.location",
    "modules.*.requiredInfrastructure.**",
    "modules.*.interval",
    "modules.*.delivery.*",
    "modules.coreHttpApi.docs.**",
    "modules.webhooks.skipTlsCheck",
    "modules.webhooks.targets.*.delivery.*",
    "modules.webhooks.targets.*.privateAddresses",
    "modules.webhooks.targets.*.redirects",
    "modules.webhooks.webhooks.*.target.delivery.*",
    "modules.webhooks.webhooks.*.triggers.**",
    "modules.messageBrokerPublisher.brokers.*.delivery.*",
    "modules.messageBrokerPublisher.brokers.*.triggers.**",
    "modules.messageBrokerPublisher.brokers.*.type",
];

/// A copy of the configuration that is safe to hand to support: settings known to be harmless, and `***` for the others.
#[must_use]
pub fn redacted(configuration: &Value, authentication: &AuthenticationConfig) -> Value {
    let Value::Object(members) = configuration else {
        return Value::Object(Map::new());
    };
    let mut path = Vec::new();
    let mut shown: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| SECTIONS.contains(&name.as_str()))
        .map(|(name, value)| {
            path.push(name.clone());
            let value = visible(value, &mut path);
            path.pop();
            (name.clone(), value)
        })
        .collect();
    if let Some(Value::Object(http_server)) =
        shown.get_mut("infrastructure").and_then(|infrastructure| infrastructure.get_mut("httpServer"))
    {
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
    Value::Object(shown)
}

fn visible(value: &Value, path: &mut Vec<String>) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    path.push(name.clone());
                    let value = visible(value, path);
                    path.pop();
                    (name.clone(), value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| {
                    path.push("[]".to_owned());
                    let item = visible(item, path);
                    path.pop();
                    item
                })
                .collect(),
        ),
        _ if SHOWN.iter().any(|pattern| matches(pattern, path)) => value.clone(),
        _ => Value::String(HIDDEN.to_owned()),
    }
}

fn matches(pattern: &str, path: &[String]) -> bool {
    let mut names = path.iter();
    for part in pattern.split('.') {
        if part == "**" {
            return true;
        }
        match names.next() {
            Some(name) if part == "*" || part == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_listed_is_shown() {
        let configuration = json!({
            "debug": false,
            "PATH": "/usr/bin",
            "SECRET_TOKEN": "s1",
            "transportLibrary": {"baseUrl": "http://b", "platformClientId": "c", "platformClientSecret": "s2", "new": "s3"},
            "database": {"driver": "mongodb", "dbName": "a", "connectionString": "s4"},
            "logging": {"categories": {"default": {"appenders": ["console"], "level": "INFO"}},
                        "appenders": {"mail": {"type": "smtp", "password": "s5"}}},
            "infrastructure": {"httpServer": {"port": 80, "metrics": {"enabled": true}, "eventStream": {"maxStreams": 5}, "authentication": {"apiKey": {"keys": {"a": {"key": "s6"}}}}}},
            "modules": {"webhooks": {"enabled": true, "targets": {"t": {"url": "http://u:s7@h", "headers": {"A": "s8"}, "delivery": {"maxAttempts": 3}}},
                                     "webhooks": [{"triggers": ["**"], "target": "t"}]},
                        "messageBrokerPublisher": {"enabled": true, "brokers": [
                            {"type": "AMQP", "triggers": ["a.*"], "configuration": {"url": "amqp://s9"}}]}},
        });
        let authentication: AuthenticationConfig =
            serde_json::from_value(json!({"apiKey": {"keys": {"a": {"key": "s6"}}}})).unwrap();
        let shown = redacted(&configuration, &authentication);
        let text = shown.to_string();
        for secret in 1..=9 {
            assert!(!text.contains(&format!("s{secret}")), "s{secret} in {text}");
        }
        assert_eq!(
            shown,
            json!({
                "debug": false,
                "transportLibrary": {"baseUrl": "http://b", "platformClientId": "c", "platformClientSecret": "***", "new": "***"},
                "database": {"driver": "mongodb", "dbName": "a", "connectionString": "***"},
                "logging": {"categories": {"default": {"appenders": ["console"], "level": "INFO"}},
                            "appenders": {"mail": {"type": "smtp", "password": "***"}}},
                "infrastructure": {"httpServer": {"port": 80, "metrics": {"enabled": true}, "eventStream": {"maxStreams": 5}, "authentication": {
                    "apiKey": "redacted (enabled)", "oidc": "redacted (disabled)", "jwtBearer": "redacted (disabled)"}}},
                "modules": {"webhooks": {"enabled": true, "targets": {"t": {"url": "***", "headers": {"A": "***"}, "delivery": {"maxAttempts": 3}}},
                                         "webhooks": [{"triggers": ["**"], "target": "***"}]},
                            "messageBrokerPublisher": {"enabled": true, "brokers": [
                                {"type": "AMQP", "triggers": ["a.*"], "configuration": {"url": "***"}}]}},
            })
        );
    }
}
