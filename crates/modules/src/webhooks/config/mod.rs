//! Configuration of the module (`modules.webhooks`).

mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use delivery::DeliveryOptions;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use transport::CertificatePinning;
use url::Url;

pub use error::WebhooksConfigError;
use error::{Key, Result};

use super::client::check_literal;
use super::target::SigningSecret;

/// Stands for the name of the event in the URL of a target.
pub(super) const TRIGGER_PLACEHOLDER: &str = "{{trigger}}";

/// What is posted where.
#[derive(Debug, Clone)]
pub struct WebhooksConfig {
    /// Targets with a name, to be used by several webhooks.
    pub targets: BTreeMap<String, TargetConfig>,
    /// Which events go to which target.
    pub webhooks: Vec<WebhookConfig>,
    /// Whether the certificates of targets are not checked. The requests for OAuth2 tokens always check.
    pub skip_tls_check: bool,
    /// Certificates that targets and the issuers of their tokens must have. Not part of the block
    /// (`docs/protocol/07 §6.4`).
    pub certificate_pinning: Option<CertificatePinning>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct TargetConfig {
    /// Absolute URL; the first `{{trigger}}` is replaced by the name of the event.
    pub url: String,
    /// Sent as they are.
    pub headers: HeaderMap,
    /// How to log in there.
    pub authentication: Option<Authentication>,
    /// What deliveries are signed with; several while one follows another.
    pub signing_secrets: Vec<SigningSecret>,
    /// What happens when the target sends a delivery elsewhere.
    pub redirects: Redirects,
    /// Whether the target may have an address that is not public.
    pub private_addresses: PrivateAddresses,
    /// How deliveries are made there (`delivery`); the existing Connector has nothing of this.
    pub delivery: DeliveryOptions,
}

/// What happens to a delivery that the target sends elsewhere (`redirects`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Redirects {
    /// It has failed, as in the existing Connector.
    #[default]
    Refuse,
    /// It is made there, if it may be the same request.
    Follow,
}

/// Whether addresses count that only machines nearby can reach (`privateAddresses`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrivateAddresses {
    /// As all others: receivers are mostly internal.
    #[default]
    Allow,
    /// Not for this target, nor for the issuer of its tokens or a redirect.
    Refuse,
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

impl PartialEq for Authentication {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ApiKey { header_name, api_key }, Self::ApiKey { header_name: other_name, api_key: other_key }) => {
                header_name == other_name && api_key == other_key
            }
            (
                Self::OAuth2 { access_token_url, client_id, client_secret, scope },
                Self::OAuth2 {
                    access_token_url: other_url,
                    client_id: other_id,
                    client_secret: other_secret,
                    scope: other_scope,
                },
            ) => {
                (access_token_url, client_id, scope) == (other_url, other_id, other_scope)
                    && client_secret.expose_secret() == other_secret.expose_secret()
            }
            _ => false,
        }
    }
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

impl WebhooksConfig {
    /// Reads the members of `modules.webhooks`; other members are ignored. Named targets are checked even if unused.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(config: &Value) -> Result<Self> {
        let key = Key("modules.webhooks".to_owned());
        let members = key.object(config)?;
        let defaults = Defaults {
            delivery: options(&key, members, default_options())?,
            redirects: redirects(&key, members, Redirects::default())?,
            private_addresses: private_addresses(&key, members, PrivateAddresses::default())?,
        };
        let mut targets = BTreeMap::new();
        if let Some(named) = members.get("targets") {
            let key = key.member("targets");
            for (name, target) in key.object(named)? {
                targets.insert(name.clone(), target_config(&key.member(name), target, &defaults)?);
            }
        }
        let mut webhooks = Vec::new();
        if let Some(list) = members.get("webhooks") {
            let key = key.member("webhooks");
            let list = list.as_array().ok_or_else(|| key.invalid("must be an array"))?;
            for (index, webhook) in list.iter().enumerate() {
                webhooks.push(webhook_config(&key.item(index), webhook, &targets, &defaults)?);
            }
        }
        let skip_tls_check = match members.get("skipTlsCheck") {
            None => false,
            Some(flag) => flag.as_bool().ok_or_else(|| key.member("skipTlsCheck").invalid("must be true or false"))?,
        };
        Ok(Self { targets, webhooks, skip_tls_check, certificate_pinning: None })
    }
}

/// What the module says for all targets that say nothing themselves.
struct Defaults {
    delivery: DeliveryOptions,
    redirects: Redirects,
    private_addresses: PrivateAddresses,
}

/// Four requests at a time are what a small receiver takes.
fn default_options() -> DeliveryOptions {
    DeliveryOptions { max_in_flight: 4, ..DeliveryOptions::default() }
}

fn options(key: &Key, members: &Map<String, Value>, default: DeliveryOptions) -> Result<DeliveryOptions> {
    match members.get("delivery") {
        None => Ok(default),
        Some(options) => Ok(DeliveryOptions::parse(&key.member("delivery").0, options, default)?),
    }
}

fn redirects(key: &Key, members: &Map<String, Value>, default: Redirects) -> Result<Redirects> {
    let choices = [("refuse", Redirects::Refuse), ("follow", Redirects::Follow)];
    key.member("redirects").choice(members.get("redirects"), default, choices)
}

fn private_addresses(key: &Key, members: &Map<String, Value>, default: PrivateAddresses) -> Result<PrivateAddresses> {
    let choices = [("allow", PrivateAddresses::Allow), ("refuse", PrivateAddresses::Refuse)];
    key.member("privateAddresses").choice(members.get("privateAddresses"), default, choices)
}

fn webhook_config(
    key: &Key,
    webhook: &Value,
    targets: &BTreeMap<String, TargetConfig>,
    defaults: &Defaults,
) -> Result<WebhookConfig> {
    let members = key.object(webhook)?;
    let triggers_key = key.member("triggers");
    let triggers = members.get("triggers").and_then(Value::as_array);
    let triggers = triggers.ok_or_else(|| triggers_key.invalid("must be an array of event names"))?;
    let triggers = triggers
        .iter()
        .enumerate()
        .map(|(index, trigger)| triggers_key.item(index).text(Some(trigger)).map(str::to_owned))
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
        Some(target) => (None, target_config(&target_key, target, defaults)?),
        None => return Err(target_key.invalid("must be the name of a target or a target")),
    };
    Ok(WebhookConfig { triggers, target_name, target })
}

fn target_config(key: &Key, target: &Value, defaults: &Defaults) -> Result<TargetConfig> {
    let members = key.object(target)?;
    let private_addresses = private_addresses(key, members, defaults.private_addresses)?;
    let url_key = key.member("url");
    let url = url_key.text(members.get("url"))?;
    check_address(&url_key, &url_key.http_url(&url.replacen(TRIGGER_PLACEHOLDER, "trigger", 1))?, private_addresses)?;
    let mut headers = HeaderMap::new();
    if let Some(configured) = members.get("headers") {
        let key = key.member("headers");
        for (name, value) in key.object(configured)? {
            let key = key.member(name);
            let value = key.text(Some(value))?;
            let name = name.parse::<HeaderName>().map_err(|_| key.invalid("is not a header name"))?;
            headers.insert(name, header_value(value).ok_or_else(|| key.invalid("is not a header value"))?);
        }
    }
    let authentication = members
        .get("authentication")
        .map(|authentication| authentication_config(&key.member("authentication"), authentication))
        .transpose()?;
    if let Some(Authentication::OAuth2 { access_token_url, .. }) = &authentication {
        check_address(&key.member("authentication").member("accessTokenUrl"), access_token_url, private_addresses)?;
    }
    let signing_secrets = match members.get("signingSecret") {
        None => Vec::new(),
        Some(secrets) => signing_secrets(&key.member("signingSecret"), secrets)?,
    };
    let redirects = redirects(key, members, defaults.redirects)?;
    let delivery = options(key, members, defaults.delivery.clone())?;
    let url = url.to_owned();
    Ok(TargetConfig { url, headers, authentication, signing_secrets, redirects, private_addresses, delivery })
}

/// An address that would be refused every time is a mistake.
fn check_address(key: &Key, url: &Url, private_addresses: PrivateAddresses) -> Result<()> {
    match private_addresses {
        PrivateAddresses::Allow => Ok(()),
        PrivateAddresses::Refuse => check_literal(url).map_err(|reason| key.invalid(&reason.to_string())),
    }
}

/// One secret, or a list of them.
fn signing_secrets(key: &Key, secrets: &Value) -> Result<Vec<SigningSecret>> {
    let read = |key: &Key, secret: &Value| {
        let text = secret.as_str().ok_or_else(|| key.invalid("must be a text or a list of texts"))?;
        SigningSecret::parse(text).map_err(|reason| key.invalid(&reason))
    };
    match secrets {
        Value::Array(list) if list.is_empty() => Err(key.invalid("must hold at least one secret")),
        Value::Array(list) => list.iter().enumerate().map(|(index, secret)| read(&key.item(index), secret)).collect(),
        secret => Ok(vec![read(key, secret)?]),
    }
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
            access_token_url: key
                .member("accessTokenUrl")
                .http_url(required("accessTokenUrl")?)
                .map_err(|_| invalid("accessTokenUrl", "is not an absolute http or https URL"))?,
            client_id: required("clientId")?.to_owned(),
            client_secret: SecretString::from(required("clientSecret")?),
            scope: members.get("scope").map(|_| required("scope").map(str::to_owned)).transpose()?,
        }),
        _ => Err(invalid("type", "must be 'ApiKey' or 'OAuth2'")),
    }
}

/// Configured values may be secrets: they do not print.
fn header_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
