//! Configuration of the module (`modules.webhooks`).

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

/// Stands for the name of the event in the URL of a target.
pub(super) const TRIGGER_PLACEHOLDER: &str = "{{trigger}}";

/// Largest number of the delivery options; as seconds more than 30 years.
const MAX_NUMBER: u64 = 1_000_000_000;

/// What is posted where.
#[derive(Debug, Clone, Default)]
pub struct WebhooksConfig {
    /// Targets with a name, to be used by several webhooks.
    pub targets: BTreeMap<String, TargetConfig>,
    /// Which events go to which target.
    pub webhooks: Vec<WebhookConfig>,
    /// Whether the certificates of targets are not checked. The requests for OAuth2 tokens always check.
    pub skip_tls_check: bool,
    /// How deliveries are made.
    pub delivery: DeliveryOptions,
}

/// Events and where they go.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// Names of events; `*` stands for one segment, `**` for any number.
    pub triggers: Vec<String>,
    /// Name of the target if it has one.
    pub target_name: Option<String>,
    /// The target.
    pub target: TargetConfig,
}

/// A web address and what it needs.
#[derive(Debug, Clone)]
pub struct TargetConfig {
    /// Absolute URL; the first `{{trigger}}` is replaced by the name of the event.
    pub url: String,
    /// Sent as they are.
    pub headers: HeaderMap,
    /// How to log in there.
    pub authentication: Option<Authentication>,
}

/// How to log in at a target.
#[derive(Clone)]
pub enum Authentication {
    /// A key in a header.
    ApiKey {
        /// Name of the header.
        header_name: HeaderName,
        /// The key; does not print.
        api_key: HeaderValue,
    },
    /// Client credentials.
    OAuth2 {
        /// Where tokens are made.
        access_token_url: Url,
        /// Id of the client.
        client_id: String,
        /// Secret of the client.
        client_secret: SecretString,
        /// Scope to ask for.
        scope: Option<String>,
    },
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey { header_name, .. } => {
                f.debug_struct("ApiKey").field("header_name", header_name).finish_non_exhaustive()
            }
            Self::OAuth2 { client_id, .. } => {
                f.debug_struct("OAuth2").field("client_id", client_id).finish_non_exhaustive()
            }
        }
    }
}

/// How deliveries are made. The existing Connector has none of these; all are optional (`modules.webhooks.delivery`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOptions {
    /// Limit of one request (`requestTimeoutSeconds`, 30).
    pub request_timeout: Duration,
    /// How many requests a target gets at the same time (`maxParallelRequests`, 4).
    pub max_parallel_requests: usize,
    /// Pause after the first failure (`retryDelayMilliseconds`, 1000); doubles with each one.
    pub retry_delay: Duration,
    /// Longest pause (`maxRetryDelaySeconds`, 600).
    pub max_retry_delay: Duration,
    /// Age of an event after which it is given up (`deadLetterAfterSeconds`, 3 days).
    pub dead_letter_after: Duration,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(30),
            max_parallel_requests: 4,
            retry_delay: Duration::from_secs(1),
            max_retry_delay: Duration::from_mins(10),
            dead_letter_after: Duration::from_hours(72),
        }
    }
}

/// What is wrong with the configuration; names the key, not the value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhooksConfigError {
    /// A webhook names a target that is not there.
    #[error("{key}: there is no target called '{name}' in modules.webhooks.targets")]
    InvalidTargetReference {
        /// Where.
        key: String,
        /// The name.
        name: String,
    },
    /// A URL is none, or not an absolute one of http or https.
    #[error("{key}: this is not an absolute http or https URL")]
    InvalidUrlFormat {
        /// Where.
        key: String,
    },
    /// An authentication cannot be used.
    #[error("{key}: {reason}")]
    InvalidAuthenticationConfig {
        /// Where.
        key: String,
        /// Why.
        reason: String,
    },
    /// A value has the wrong type.
    #[error("{key}: {reason}")]
    InvalidValue {
        /// Where.
        key: String,
        /// Why.
        reason: String,
    },
}

impl WebhooksConfigError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidTargetReference { .. } => "error.runtime.modules.webhooks.invalidTargetReference",
            Self::InvalidUrlFormat { .. } => "error.runtime.modules.webhooks.invalidUrlFormat",
            Self::InvalidAuthenticationConfig { .. } => "error.runtime.modules.webhooks.invalidAuthenticationConfig",
            Self::InvalidValue { .. } => "error.runtime.modules.webhooks.invalidValue",
        }
    }
}

type Result<T, E = WebhooksConfigError> = std::result::Result<T, E>;

impl WebhooksConfig {
    /// Reads the members of `modules.webhooks`; other members are ignored. Named targets are checked even if unused.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(config: &Value) -> Result<Self> {
        let key = Key("modules.webhooks".to_owned());
        let members = object(&key, config)?;
        let mut targets = BTreeMap::new();
        if let Some(named) = members.get("targets") {
            let key = key.member("targets");
            for (name, target) in object(&key, named)? {
                targets.insert(name.clone(), target_config(&key.member(name), target)?);
            }
        }
        let mut webhooks = Vec::new();
        if let Some(list) = members.get("webhooks") {
            let key = key.member("webhooks");
            let list = list.as_array().ok_or_else(|| key.invalid("must be an array"))?;
            for (index, webhook) in list.iter().enumerate() {
                webhooks.push(webhook_config(&key.item(index), webhook, &targets)?);
            }
        }
        let skip_tls_check = match members.get("skipTlsCheck") {
            None => false,
            Some(flag) => flag.as_bool().ok_or_else(|| key.member("skipTlsCheck").invalid("must be true or false"))?,
        };
        let delivery = match members.get("delivery") {
            None => DeliveryOptions::default(),
            Some(delivery) => delivery_options(&key.member("delivery"), delivery)?,
        };
        Ok(Self { targets, webhooks, skip_tls_check, delivery })
    }
}

fn webhook_config(key: &Key, webhook: &Value, targets: &BTreeMap<String, TargetConfig>) -> Result<WebhookConfig> {
    let members = object(key, webhook)?;
    let triggers_key = key.member("triggers");
    let triggers = members.get("triggers").and_then(Value::as_array);
    let triggers = triggers.ok_or_else(|| triggers_key.invalid("must be an array of event names"))?;
    let triggers = triggers
        .iter()
        .enumerate()
        .map(|(index, trigger)| text(&triggers_key.item(index), Some(trigger)))
        .collect::<Result<Vec<_>>>()?;
    let target_key = key.member("target");
    let (target_name, target) = match members.get("target") {
        Some(Value::String(name)) => {
            let target = targets
                .get(name)
                .cloned()
                .ok_or_else(|| WebhooksConfigError::InvalidTargetReference { key: target_key.0, name: name.clone() })?;
            (Some(name.clone()), target)
        }
        Some(target) => (None, target_config(&target_key, target)?),
        None => return Err(target_key.invalid("must be the name of a target or a target")),
    };
    Ok(WebhookConfig { triggers, target_name, target })
}

fn target_config(key: &Key, target: &Value) -> Result<TargetConfig> {
    let members = object(key, target)?;
    let url_key = key.member("url");
    let url = text(&url_key, members.get("url"))?;
    http_url(&url_key, &url.replacen(TRIGGER_PLACEHOLDER, "trigger", 1))?;
    let mut headers = HeaderMap::new();
    if let Some(configured) = members.get("headers") {
        let key = key.member("headers");
        for (name, value) in object(&key, configured)? {
            let key = key.member(name);
            let value = text(&key, Some(value))?;
            let name = name.parse::<HeaderName>().map_err(|_| key.invalid("is not a header name"))?;
            headers.insert(name, header_value(&value).ok_or_else(|| key.invalid("is not a header value"))?);
        }
    }
    let authentication = members
        .get("authentication")
        .map(|authentication| authentication_config(&key.member("authentication"), authentication))
        .transpose()?;
    Ok(TargetConfig { url, headers, authentication })
}

fn authentication_config(key: &Key, config: &Value) -> Result<Authentication> {
    let invalid = |name: &str, reason: &str| WebhooksConfigError::InvalidAuthenticationConfig {
        key: if name.is_empty() { key.0.clone() } else { key.member(name).0 },
        reason: reason.to_owned(),
    };
    let Value::Object(members) = config else { return Err(invalid("", "must be an object")) };
    let required = |name: &str| {
        let value = members.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
        value.ok_or_else(|| invalid(name, "must be a non-empty text"))
    };
    match required("type")? {
        "ApiKey" => {
            let header_name = match members.get("headerName") {
                None => HeaderName::from_static("x-api-key"),
                Some(_) => {
                    required("headerName")?.parse().map_err(|_| invalid("headerName", "is not a header name"))?
                }
            };
            let api_key = header_value(required("apiKey")?);
            let api_key = api_key.ok_or_else(|| invalid("apiKey", "is not a header value"))?;
            Ok(Authentication::ApiKey { header_name, api_key })
        }
        "OAuth2" => Ok(Authentication::OAuth2 {
            access_token_url: http_url(&key.member("accessTokenUrl"), required("accessTokenUrl")?)
                .map_err(|_| invalid("accessTokenUrl", "is not an absolute http or https URL"))?,
            client_id: required("clientId")?.to_owned(),
            client_secret: SecretString::from(required("clientSecret")?),
            scope: members.get("scope").map(|_| required("scope").map(str::to_owned)).transpose()?,
        }),
        _ => Err(invalid("type", "must be 'ApiKey' or 'OAuth2'")),
    }
}

fn delivery_options(key: &Key, config: &Value) -> Result<DeliveryOptions> {
    let members = object(key, config)?;
    let number = |name: &str| {
        let in_range = |value: &Value| value.as_u64().filter(|number| (1..=MAX_NUMBER).contains(number));
        let invalid = || key.member(name).invalid(&format!("must be a whole number from 1 to {MAX_NUMBER}"));
        members.get(name).map(|value| in_range(value).ok_or_else(invalid)).transpose()
    };
    let seconds = |name: &str| number(name).map(|number| number.map(Duration::from_secs));
    let defaults = DeliveryOptions::default();
    Ok(DeliveryOptions {
        request_timeout: seconds("requestTimeoutSeconds")?.unwrap_or(defaults.request_timeout),
        max_parallel_requests: number("maxParallelRequests")?
            .map_or(defaults.max_parallel_requests, |number| usize::try_from(number).unwrap_or(usize::MAX).min(100)),
        retry_delay: number("retryDelayMilliseconds")?.map_or(defaults.retry_delay, Duration::from_millis),
        max_retry_delay: seconds("maxRetryDelaySeconds")?.unwrap_or(defaults.max_retry_delay),
        dead_letter_after: seconds("deadLetterAfterSeconds")?.unwrap_or(defaults.dead_letter_after),
    })
}

/// Where in the configuration something is.
struct Key(String);

impl Key {
    fn member(&self, name: &str) -> Self {
        Self(format!("{}.{name}", self.0))
    }

    fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    fn invalid(&self, reason: &str) -> WebhooksConfigError {
        WebhooksConfigError::InvalidValue { key: self.0.clone(), reason: reason.to_owned() }
    }
}

fn object<'a>(key: &Key, value: &'a Value) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| key.invalid("must be an object"))
}

fn text(key: &Key, value: Option<&Value>) -> Result<String> {
    value.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| key.invalid("must be a text"))
}

fn http_url(key: &Key, text: &str) -> Result<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| WebhooksConfigError::InvalidUrlFormat { key: key.0.clone() })
}

/// Configured values may be secrets: they do not print.
fn header_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(config: Value) -> (String, String) {
        let error = WebhooksConfig::parse(&config).unwrap_err();
        (error.code().rsplit('.').next().unwrap().to_owned(), error.to_string())
    }

    #[test]
    fn everything_at_once() {
        let config = WebhooksConfig::parse(&json!({
            "enabled": true,
            "skipTlsCheck": true,
            "targets": {
                "one": {
                    "url": "https://one.example/{{trigger}}",
                    "headers": { "X-Static": "abc" },
                    "authentication": { "type": "ApiKey", "apiKey": "s3cret" },
                },
                "unused": {
                    "url": "http://two.example",
                    "authentication": {
                        "type": "OAuth2", "accessTokenUrl": "https://a.example/token", "clientId": "c", "clientSecret": "s3cret", "scope": "a b",
                    },
                },
            },
            "webhooks": [
                { "triggers": ["transport.*", "**"], "target": "one" },
                { "triggers": [], "target": { "url": "http://localhost:1/x" } },
            ],
            "delivery": { "requestTimeoutSeconds": 5, "maxParallelRequests": 1, "deadLetterAfterSeconds": 9 },
        }))
        .unwrap();
        assert!(config.skip_tls_check);
        assert_eq!(config.webhooks.first().unwrap().target.url, "https://one.example/{{trigger}}");
        assert_eq!(config.webhooks.first().unwrap().triggers, ["transport.*", "**"]);
        assert_eq!(config.delivery.request_timeout, Duration::from_secs(5));
        assert_eq!(config.delivery.dead_letter_after, Duration::from_secs(9));
        assert_eq!(config.delivery.retry_delay, Duration::from_secs(1));
        let debug = format!("{config:?}");
        assert!(!debug.contains("s3cret") && !debug.contains("abc"), "{debug}");
        assert!(WebhooksConfig::parse(&json!({})).unwrap().webhooks.is_empty());
    }

    #[test]
    fn errors_name_the_key() {
        let webhook = |target: Value| json!({ "webhooks": [{ "triggers": ["**"], "target": target }] });
        let authentication =
            |authentication: Value| webhook(json!({ "url": "http://a.example", "authentication": authentication }));
        for (config, code, key) in [
            (webhook(json!("nope")), "invalidTargetReference", "modules.webhooks.webhooks[0].target"),
            (webhook(json!({ "url": "nope" })), "invalidUrlFormat", "modules.webhooks.webhooks[0].target.url"),
            (
                webhook(json!({ "url": "ftp://a.example" })),
                "invalidUrlFormat",
                "modules.webhooks.webhooks[0].target.url",
            ),
            (webhook(json!({ "url": "{{trigger}}" })), "invalidUrlFormat", "modules.webhooks.webhooks[0].target.url"),
            (json!({ "targets": { "t": { "url": "/x" } } }), "invalidUrlFormat", "modules.webhooks.targets.t.url"),
            (
                authentication(json!("x")),
                "invalidAuthenticationConfig",
                "modules.webhooks.webhooks[0].target.authentication",
            ),
            (
                authentication(json!({ "type": "Basic" })),
                "invalidAuthenticationConfig",
                "modules.webhooks.webhooks[0].target.authentication.type",
            ),
            (
                authentication(json!({ "type": "ApiKey" })),
                "invalidAuthenticationConfig",
                "modules.webhooks.webhooks[0].target.authentication.apiKey",
            ),
            (
                authentication(json!({ "type": "OAuth2", "accessTokenUrl": "x" })),
                "invalidAuthenticationConfig",
                "modules.webhooks.webhooks[0].target.authentication.accessTokenUrl",
            ),
            (webhook(json!({ "url": 5 })), "invalidValue", "modules.webhooks.webhooks[0].target.url"),
            (json!({ "webhooks": [{ "target": "x" }] }), "invalidValue", "modules.webhooks.webhooks[0].triggers"),
            (json!({ "skipTlsCheck": "no" }), "invalidValue", "modules.webhooks.skipTlsCheck"),
            (
                json!({ "delivery": { "maxParallelRequests": 0 } }),
                "invalidValue",
                "modules.webhooks.delivery.maxParallelRequests",
            ),
            (
                json!({ "delivery": { "maxRetryDelaySeconds": u64::MAX } }),
                "invalidValue",
                "modules.webhooks.delivery.maxRetryDelaySeconds",
            ),
            (json!(null), "invalidValue", "modules.webhooks"),
        ] {
            let (actual_code, text) = error(config);
            assert_eq!(actual_code, code, "{text}");
            assert!(text.starts_with(&format!("{key}:")), "{text}");
        }
    }
}
