//! Configuration of the module (`modules.webhooks`).

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use delivery::DeliveryOptions;
use network::Trust;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use settings::{Mistakes, Node, Section, Wrong};
use url::Url;

pub use table::TARGET;
use table::{INVALID_TARGET_REFERENCE, INVALID_VALUE, SETTINGS, target_url, token_url};

use super::WebhooksModule;
use super::client::check_literal;
use super::target::SigningSecret;
use crate::description::{COMMON, ModuleDescription, Role};

/// The placeholder for the name of the event in the URL of a target.
pub(super) const TRIGGER_PLACEHOLDER: &str = "{{trigger}}";

/// The module in the catalogue.
pub const DESCRIPTION: ModuleDescription = ModuleDescription {
    former_keys: &["webhooksV2"],
    classes: &["WebhooksModule", "WebhooksV2Module"],
    default: Some((false, "@nmshd/connector:WebhooksModule")),
    section: Section::new(SETTINGS).sharing(&[COMMON]).code(INVALID_VALUE),
    ..ModuleDescription::new(
        "webhooks",
        Role::Delivers(|node, trust| {
            let config = WebhooksConfig::read(node)?;
            Some(Arc::new(WebhooksModule::new(WebhooksConfig { trust: trust.clone(), ..config })))
        }),
        "posts events to web addresses",
    )
};

/// The events that are posted, and their targets.
#[derive(Debug, Clone)]
pub struct WebhooksConfig {
    /// Named targets, which several webhooks can use.
    pub targets: BTreeMap<String, TargetConfig>,
    /// The events and the target of each webhook.
    pub webhooks: Vec<WebhookConfig>,
    /// Skips the check of targets' certificates. Requests for OAuth2 tokens always check.
    pub skip_tls_check: bool,
    /// The trusted certificates of targets and of the issuers of their tokens. Not part of the block
    /// (`docs/protocol/07 §6.4`).
    pub trust: Trust,
}

/// Events and their target.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// Names of events; `*` stands for one segment, `**` for any number.
    pub triggers: Vec<String>,
    /// Name of the target, if it has one.
    pub target_name: Option<String>,
    /// The target.
    pub target: TargetConfig,
}

/// A web address with its login and options.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetConfig {
    /// Absolute URL; the first `{{trigger}}` is replaced by the name of the event.
    pub url: String,
    /// Sent unchanged.
    pub headers: HeaderMap,
    /// The login.
    pub authentication: Option<Authentication>,
    /// The secrets that sign deliveries; several during a change of secrets.
    pub signing_secrets: Vec<SigningSecret>,
    /// The treatment of redirects.
    pub redirects: Redirects,
    /// The treatment of addresses that are not public.
    pub private_addresses: PrivateAddresses,
    /// The options of deliveries (`delivery`); the existing Connector has none of these.
    pub delivery: DeliveryOptions,
}

/// The treatment of a delivery that the target redirects (`redirects`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Redirects {
    /// It has failed, as in the existing Connector.
    #[default]
    Refuse,
    /// It is repeated there, if it may be the same request.
    Follow,
}

/// The treatment of addresses that only nearby machines can reach (`privateAddresses`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrivateAddresses {
    /// Like all others: receivers are mostly internal.
    #[default]
    Allow,
    /// Not for this target, nor for the issuer of its tokens or a redirect.
    Refuse,
}

/// The login at a target.
#[derive(Clone)]
pub enum Authentication {
    /// A key in a header.
    ApiKey {
        /// Name of the header.
        header_name: HeaderName,
        /// The key; not printed.
        api_key: HeaderValue,
    },
    /// Client credentials.
    OAuth2 {
        /// The URL that issues tokens.
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
    /// Reads the members of `modules.webhooks`. Named targets are checked even if unused.
    ///
    /// # Errors
    /// All mistakes, without the values.
    pub fn parse(config: &Value) -> Result<Self, Mistakes> {
        settings::read("modules.webhooks", &DESCRIPTION.section, config, Self::read)
    }

    /// Reads an entry that was checked against the table; `None` if there are mistakes.
    fn read(node: &Node<'_>) -> Option<Self> {
        let base = Defaults {
            delivery: DeliveryOptions { max_in_flight: 4, ..DeliveryOptions::default() },
            redirects: Redirects::default(),
            private_addresses: PrivateAddresses::default(),
        };
        let defaults = Defaults::read(node, &base);
        // All of them, so that the mistakes of all are found.
        let named = node.member("targets");
        let named: Vec<_> = named.iter().flat_map(Node::members).collect();
        let targets: Vec<_> = named
            .iter()
            .map(|(name, target)| Some(((*name).to_owned(), TargetConfig::read(target, &defaults)?)))
            .collect();
        let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
        let targets = targets.into_iter().collect::<Option<BTreeMap<_, _>>>();
        let list: Vec<_> = node.member("webhooks").iter().flat_map(Node::items).collect();
        let webhooks: Vec<_> = list
            .iter()
            .map(|webhook| {
                WebhookConfig::read(webhook, &names, targets.as_ref().unwrap_or(&BTreeMap::new()), &defaults)
            })
            .collect();
        Some(Self {
            targets: targets?,
            webhooks: webhooks.into_iter().collect::<Option<_>>()?,
            skip_tls_check: node.boolean("skipTlsCheck").unwrap_or(false),
            trust: Trust::default(),
        })
    }
}

/// The module's options for targets without options of their own.
struct Defaults {
    delivery: DeliveryOptions,
    redirects: Redirects,
    private_addresses: PrivateAddresses,
}

impl Defaults {
    /// The options at a place, completed by those above it.
    fn read(node: &Node<'_>, above: &Self) -> Self {
        Self {
            delivery: match node.member("delivery") {
                Some(options) => DeliveryOptions::read(&options, above.delivery.clone()),
                None => above.delivery.clone(),
            },
            redirects: match node.text("redirects") {
                Some("follow") => Redirects::Follow,
                Some(_) => Redirects::Refuse,
                None => above.redirects,
            },
            private_addresses: match node.text("privateAddresses") {
                Some("allow") => PrivateAddresses::Allow,
                Some(_) => PrivateAddresses::Refuse,
                None => above.private_addresses,
            },
        }
    }
}

impl WebhookConfig {
    fn read(
        node: &Node<'_>,
        names: &[&str],
        targets: &BTreeMap<String, TargetConfig>,
        defaults: &Defaults,
    ) -> Option<Self> {
        let triggers = node.member("triggers")?;
        let triggers = triggers.items().filter_map(|trigger| trigger.value().as_str().map(str::to_owned)).collect();
        let target = node.member("target")?;
        if let Some(name) = target.value().as_str() {
            if !names.contains(&name) {
                let message = format!("there is no target called '{name}' in modules.webhooks.targets");
                target.mistake(Wrong::new(format!("names no target: {message}")).code(INVALID_TARGET_REFERENCE));
            }
            return Some(Self { triggers, target_name: Some(name.to_owned()), target: targets.get(name)?.clone() });
        }
        Some(Self { triggers, target_name: None, target: TargetConfig::read(&target, defaults)? })
    }
}

impl TargetConfig {
    fn read(node: &Node<'_>, defaults: &Defaults) -> Option<Self> {
        let Defaults { delivery, redirects, private_addresses } = Defaults::read(node, defaults);
        if private_addresses == PrivateAddresses::Refuse {
            check_addresses(node);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in node.member("headers").iter().flat_map(Node::members) {
            headers.insert(name.parse::<HeaderName>().ok()?, header_value(value.value().as_str()?)?);
        }
        let authentication = match node.member("authentication") {
            Some(authentication) => Some(Authentication::read(&authentication)?),
            None => None,
        };
        let url = node.text("url")?.to_owned();
        let signing_secrets = signing_secrets(node)?;
        Some(Self { url, headers, authentication, signing_secrets, redirects, private_addresses, delivery })
    }
}

/// Reports an address that would be refused every time.
fn check_addresses(node: &Node<'_>) {
    let check = |node: &Node<'_>, key: &str, read: fn(&str) -> Result<Url, Wrong>| {
        let url = node.text(key).and_then(|text| read(text).ok());
        if let Some(Err(reason)) = url.map(|url| check_literal(&url)) {
            node.mistake_at(key, Wrong::new(format!("cannot be called: {reason}")).code(INVALID_VALUE));
        }
    };
    check(node, "url", target_url);
    if let Some(authentication) = node.member("authentication") {
        check(&authentication, "accessTokenUrl", token_url);
    }
}

/// One secret, or a list of them.
fn signing_secrets(node: &Node<'_>) -> Option<Vec<SigningSecret>> {
    let Some(secrets) = node.member("signingSecret") else { return Some(Vec::new()) };
    let read = |secret: &Value| SigningSecret::parse(secret.as_str()?).ok();
    match secrets.value() {
        Value::Array(list) => list.iter().map(read).collect(),
        secret => Some(vec![read(secret)?]),
    }
}

impl Authentication {
    fn read(node: &Node<'_>) -> Option<Self> {
        if node.text("type")? == "ApiKey" {
            let header_name = node.text("headerName").unwrap_or("x-api-key").parse().ok()?;
            return Some(Self::ApiKey { header_name, api_key: header_value(node.text("apiKey")?)? });
        }
        Some(Self::OAuth2 {
            access_token_url: token_url(node.text("accessTokenUrl")?).ok()?,
            client_id: node.text("clientId")?.to_owned(),
            client_secret: SecretString::from(node.text("clientSecret")?),
            scope: node.text("scope").map(str::to_owned),
        })
    }
}

/// Configured values may be secrets: they are not printed.
fn header_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
