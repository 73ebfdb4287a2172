//! `infrastructure.httpServer` of the configuration (`docs/protocol/07 §1.4.5`).
//!
//! Unknown members are refused, so that a misspelt security setting is an error and not a silent default.

mod helmet;
mod table;

pub use table::HTTP_SERVER;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The default header for an API key.
pub const DEFAULT_API_KEY_HEADER: &str = "X-API-KEY";

/// Settings of the HTTP server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HttpServerConfig {
    /// Switches the HTTP server on.
    pub enabled: bool,
    /// The address to listen on; all of IPv6 and IPv4 by default ([`crate::listen`]).
    pub host: Option<IpAddr>,
    /// TCP port, plain HTTP. A number or a numeric text.
    #[serde(deserialize_with = "port")]
    pub port: u16,
    /// Cross-origin resource sharing; off by default.
    pub cors: CorsConfig,
    /// Replaces the complete set of security headers when present.
    pub helmet_options: Option<HelmetOptions>,
    /// The authentication of callers.
    pub authentication: AuthenticationConfig,
    /// Metrics in the text format of Prometheus (an addition of this program).
    pub metrics: MetricsConfig,
    /// Events as server-sent events (an addition of this program).
    pub event_stream: EventStreamConfig,
}

impl Default for HttpServerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            host: None,
            port: 80,
            cors: CorsConfig { origin: CorsOrigin::Flag(false), ..CorsConfig::default() },
            helmet_options: None,
            authentication: AuthenticationConfig::default(),
            metrics: MetricsConfig::default(),
            event_stream: EventStreamConfig::default(),
        }
    }
}

fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Port {
        Number(u16),
        Text(String),
    }
    match Port::deserialize(deserializer)? {
        Port::Number(number) => Ok(number),
        Port::Text(text) => text.trim().parse().map_err(serde::de::Error::custom),
    }
}

/// Switches `/metrics` on, and determines its access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Off by default.
    pub enabled: bool,
    /// True if callers need the scope `monitoring:metrics`; otherwise everybody may read the metrics.
    pub authenticated: bool,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { enabled: false, authenticated: true }
    }
}

/// Limits of the event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EventStreamConfig {
    /// Maximum number of concurrent streams.
    pub max_streams: u32,
}

impl Default for EventStreamConfig {
    fn default() -> Self {
        Self { max_streams: 32 }
    }
}

/// The options of the Express `cors` middleware (`docs/protocol/07 §2.4`).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CorsConfig {
    /// The origins that may read responses; any (`*`) if the section exists without this member.
    pub origin: CorsOrigin,
    /// Methods named in the answer to a preflight request.
    pub methods: TextOrList,
    /// Request headers a page may send; the requested ones by default.
    pub allowed_headers: Option<TextOrList>,
    /// Response headers a page may read.
    pub exposed_headers: Option<TextOrList>,
    /// True if credentials may accompany a request.
    pub credentials: bool,
    /// The time for which a preflight answer may be cached, in seconds.
    pub max_age: Option<u64>,
    /// True if `OPTIONS` is passed on to the routes.
    pub preflight_continue: bool,
    /// The status of a preflight answer.
    pub options_success_status: u16,
}

impl Default for CorsConfig {
    fn default() -> Self {
        Self {
            origin: CorsOrigin::Text("*".to_owned()),
            methods: TextOrList::Text("GET,HEAD,PUT,PATCH,POST,DELETE".to_owned()),
            allowed_headers: None,
            exposed_headers: None,
            credentials: false,
            max_age: None,
            preflight_continue: false,
            options_success_status: 204,
        }
    }
}

/// The origins that may read responses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum CorsOrigin {
    /// `false`: no CORS at all. `true`: the origin of the request is reflected.
    Flag(bool),
    /// This origin is named in every response; `*` stands for any.
    Text(String),
    /// The origin of the request is reflected if it is one of these.
    List(Vec<String>),
}

/// A text, or a list of texts to be joined with commas.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum TextOrList {
    /// The value as sent.
    Text(String),
    /// The parts of the value.
    List(Vec<String>),
}

impl TextOrList {
    pub(crate) fn joined(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(parts) => parts.join(","),
        }
    }
}

/// An option of the security headers: off, on with its defaults, or on with its own settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Toggle<T> {
    /// Off or on with its defaults.
    Flag(bool),
    /// On with these settings.
    Options(T),
}

impl<T: Default + Clone> Toggle<T> {
    /// The effective settings, `None` if the header is off. An absent option is on.
    pub(crate) fn settings(option: Option<&Self>) -> Option<T> {
        match option {
            None | Some(Self::Flag(true)) => Some(T::default()),
            Some(Self::Flag(false)) => None,
            Some(Self::Options(options)) => Some(options.clone()),
        }
    }
}

/// The security headers, with the option names of `helmet` (`docs/protocol/07 §2.3`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HelmetOptions {
    /// `Content-Security-Policy`.
    pub content_security_policy: Option<Toggle<ContentSecurityPolicyOptions>>,
    /// `Cross-Origin-Embedder-Policy`; the only one that is off by default.
    pub cross_origin_embedder_policy: Option<Toggle<PolicyOptions>>,
    /// `Cross-Origin-Opener-Policy`.
    pub cross_origin_opener_policy: Option<Toggle<PolicyOptions>>,
    /// `Cross-Origin-Resource-Policy`.
    pub cross_origin_resource_policy: Option<Toggle<PolicyOptions>>,
    /// `Origin-Agent-Cluster`.
    pub origin_agent_cluster: Option<bool>,
    /// `Referrer-Policy`.
    pub referrer_policy: Option<Toggle<PolicyOptions>>,
    /// `Strict-Transport-Security`.
    #[serde(alias = "hsts")]
    pub strict_transport_security: Option<Toggle<StrictTransportSecurityOptions>>,
    /// `X-Content-Type-Options`.
    #[serde(alias = "noSniff")]
    pub x_content_type_options: Option<bool>,
    /// `X-DNS-Prefetch-Control`.
    #[serde(alias = "dnsPrefetchControl")]
    pub x_dns_prefetch_control: Option<Toggle<DnsPrefetchControlOptions>>,
    /// `X-Download-Options`.
    #[serde(alias = "ieNoOpen")]
    pub x_download_options: Option<bool>,
    /// `X-Frame-Options`.
    #[serde(alias = "frameguard")]
    pub x_frame_options: Option<Toggle<FrameOptions>>,
    /// `X-Permitted-Cross-Domain-Policies`.
    #[serde(alias = "permittedCrossDomainPolicies")]
    pub x_permitted_cross_domain_policies: Option<Toggle<PermittedPolicies>>,
    /// Accepted for compatibility; `X-Powered-By` is never sent.
    #[serde(alias = "hidePoweredBy")]
    pub x_powered_by: Option<bool>,
    /// `X-XSS-Protection`.
    #[serde(alias = "xssFilter")]
    pub x_xss_protection: Option<bool>,
}

/// Settings of `Content-Security-Policy`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ContentSecurityPolicyOptions {
    /// True if the default directives are added unless overridden.
    pub use_defaults: bool,
    /// Directives by name (camel case or hyphenated); a list, a text, or `null`/`false` to leave one out.
    pub directives: Map<String, Value>,
    /// Send `Content-Security-Policy-Report-Only` instead.
    pub report_only: bool,
}

impl Default for ContentSecurityPolicyOptions {
    fn default() -> Self {
        Self { use_defaults: true, directives: Map::new(), report_only: false }
    }
}

/// Settings of a header whose value is a policy name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PolicyOptions {
    /// The policy; the header's default if absent.
    pub policy: Option<TextOrList>,
}

/// Settings of `Strict-Transport-Security`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StrictTransportSecurityOptions {
    /// Seconds.
    pub max_age: u64,
    /// True if subdomains are included.
    pub include_sub_domains: bool,
    /// True if the site may be preloaded.
    pub preload: bool,
}

impl Default for StrictTransportSecurityOptions {
    fn default() -> Self {
        Self { max_age: 31_536_000, include_sub_domains: true, preload: false }
    }
}

/// Settings of `X-DNS-Prefetch-Control`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DnsPrefetchControlOptions {
    /// True if prefetching is allowed.
    pub allow: bool,
}

/// Settings of `X-Frame-Options`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FrameOptions {
    /// `sameorigin` (default) or `deny`, in any case.
    pub action: Option<String>,
}

/// Settings of `X-Permitted-Cross-Domain-Policies`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PermittedPolicies {
    /// `none` by default.
    pub permitted_policies: Option<String>,
}

/// The authentication of callers: its methods (`docs/protocol/07 §2.8`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuthenticationConfig {
    /// API keys in a header.
    pub api_key: ApiKeyAuthenticationConfig,
    /// Bearer tokens. Not available in this version: startup is refused if it is enabled.
    pub jwt_bearer: ExternalMethodConfig,
    /// Browser sessions. Not available in this version: startup is refused if it is enabled.
    pub oidc: ExternalMethodConfig,
}

/// Authentication with API keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApiKeyAuthenticationConfig {
    /// Enabled if at least one key is configured, unless stated here.
    pub enabled: Option<bool>,
    /// The header that carries the key; `X-API-KEY` by default.
    pub header_name: Option<String>,
    /// The keys by their id.
    pub keys: BTreeMap<String, ApiKeyConfig>,
}

impl ApiKeyAuthenticationConfig {
    /// Returns true if the method is enabled.
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(!self.keys.is_empty())
    }

    /// The header that carries the key.
    pub fn header_name(&self) -> &str {
        self.header_name.as_deref().unwrap_or(DEFAULT_API_KEY_HEADER)
    }
}

/// One API key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyConfig {
    /// The secret value.
    pub key: SecretString,
    /// `false` switches the key off.
    pub enabled: Option<bool>,
    /// Free text, not evaluated.
    pub description: Option<String>,
    /// ISO 8601 date or date-time after which the key is no longer accepted.
    pub expires_at: Option<String>,
    /// Scopes granted to the key; everything (`**`) if absent, nothing if empty.
    pub scopes: Option<Vec<String>>,
}

/// The raw options of an authentication method that comes with its own library options.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct ExternalMethodConfig(Map<String, Value>);

impl ExternalMethodConfig {
    /// Enabled if anything is configured, unless `enabled` says otherwise.
    pub fn is_enabled(&self) -> bool {
        match self.0.get("enabled") {
            Some(Value::Bool(enabled)) => *enabled,
            Some(Value::Null) | None => !self.0.is_empty(),
            Some(_) => true,
        }
    }
}

impl fmt::Debug for ExternalMethodConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ExternalMethodConfig").field("enabled", &self.is_enabled()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;
    use settings::{Kind, Setting};

    fn parse(value: Value) -> Result<HttpServerConfig, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn an_empty_section_has_the_documented_defaults() {
        let config = parse(json!({})).unwrap();
        assert!(config.enabled);
        assert_eq!(config.port, 80);
        assert_eq!(config.cors.origin, CorsOrigin::Flag(false));
        assert!(config.helmet_options.is_none());
        assert_eq!(config.metrics, MetricsConfig { enabled: false, authenticated: true });
        assert_eq!(config.event_stream.max_streams, 32);
        assert!(!config.authentication.api_key.is_enabled());
        assert_eq!(config.authentication.api_key.header_name(), "X-API-KEY");
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let of_table = parse(settings::defaults(&HTTP_SERVER).into()).unwrap();
        assert_eq!(format!("{of_table:?}"), format!("{:?}", parse(json!({})).unwrap()));
        let Some(Setting { kind: Kind::Section(cors_table), .. }) = HTTP_SERVER.find("cors") else {
            unreachable!("a section")
        };
        let cors = CorsConfig { origin: CorsOrigin::Flag(false), ..CorsConfig::default() };
        let of_table = serde_json::from_value::<CorsConfig>(settings::defaults(cors_table).into()).unwrap();
        assert_eq!(format!("{of_table:?}"), format!("{cors:?}"));
    }

    #[test]
    fn a_port_may_be_a_numeric_text() {
        assert_eq!(parse(json!({"port": "8080"})).unwrap().port, 8080);
        assert!(parse(json!({"port": "http"})).is_err());
        assert!(parse(json!({"port": 70_000})).is_err());
    }

    #[test]
    fn unknown_members_are_refused_at_every_level() {
        assert!(parse(json!({"prot": 1})).is_err());
        assert!(parse(json!({"cors": {"origins": "*"}})).is_err());
        assert!(parse(json!({"helmetOptions": {"csp": false}})).is_err());
        assert!(parse(json!({"metrics": {"public": true}})).is_err());
        assert!(parse(json!({"eventStream": {"maximum": 1}})).is_err());
        assert!(parse(json!({"authentication": {"apikey": {}}})).is_err());
        assert!(parse(json!({"authentication": {"apiKey": {"keys": {"a": {"key": "k", "scope": []}}}}})).is_err());
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = parse(json!({"authentication": {
            "apiKey": {"keys": {"a": {"key": "very-secret"}}},
            "jwtBearer": {"secret": "other-secret"},
        }}))
        .unwrap();
        let printed = format!("{config:?}");
        assert!(!printed.contains("very-secret"), "{printed}");
        assert!(!printed.contains("other-secret"), "{printed}");
    }

    #[test]
    fn a_method_is_on_when_configured_unless_stated() {
        let config = parse(json!({"authentication": {
            "apiKey": {"enabled": false, "keys": {"a": {"key": "k"}}},
            "jwtBearer": {"issuer": "i"},
            "oidc": {"enabled": false, "issuer": "i"},
        }}))
        .unwrap();
        assert!(!config.authentication.api_key.is_enabled());
        assert!(config.authentication.jwt_bearer.is_enabled());
        assert!(!config.authentication.oidc.is_enabled());
    }
}
