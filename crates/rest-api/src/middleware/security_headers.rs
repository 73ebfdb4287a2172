//! Security headers with the names, defaults and options of `helmet` 8 (`docs/protocol/07 §2.3`).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use crate::config::{ContentSecurityPolicyOptions, HelmetOptions, PolicyOptions, TextOrList, Toggle};
use crate::startup_error::StartupError;

const DEFAULT_DIRECTIVES: [(&str, &str); 11] = [
    ("default-src", "'self'"),
    ("base-uri", "'self'"),
    ("font-src", "'self' https: data:"),
    ("form-action", "'self'"),
    ("frame-ancestors", "'self'"),
    ("img-src", "'self' data:"),
    ("object-src", "'none'"),
    ("script-src", "'self'"),
    ("script-src-attr", "'none'"),
    ("style-src", "'self' https: 'unsafe-inline'"),
    ("upgrade-insecure-requests", ""),
];

/// The headers added to every response, computed once.
#[derive(Debug, Clone)]
pub(crate) struct SecurityHeaders(Arc<[(HeaderName, HeaderValue)]>);

impl SecurityHeaders {
    /// The configured headers, or the defaults of the mode.
    pub(crate) fn new(options: Option<&HelmetOptions>, debug: bool) -> Result<Self, StartupError> {
        let defaults = if debug {
            HelmetOptions {
                content_security_policy: Some(Toggle::Options(documentation_policy())),
                ..HelmetOptions::default()
            }
        } else {
            HelmetOptions::default()
        };
        let options = options.unwrap_or(&defaults);
        header_texts(options)
            .into_iter()
            .map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?)))
            .collect::<Option<Vec<_>>>()
            .map(|headers| Self(headers.into()))
            .ok_or(StartupError::InvalidHeaderValue("helmetOptions"))
    }
}

/// Adds the headers.
pub(crate) async fn add(
    State(SecurityHeaders(headers)): State<SecurityHeaders>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in headers.iter() {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}

/// The relaxed policy of debug mode, under which the documentation pages work.
fn documentation_policy() -> ContentSecurityPolicyOptions {
    let directives = serde_json::json!({
        "defaultSrc": [],
        "scriptSrc": ["'self'"],
        "styleSrc": ["'self'", "'unsafe-inline'", "https://fonts.googleapis.com"],
        "imgSrc": ["'self'", "https://enmeshed.eu", "data:"],
        "connectSrc": ["'self'"],
        "upgradeInsecureRequests": null,
    });
    ContentSecurityPolicyOptions {
        directives: directives.as_object().cloned().unwrap_or_default(),
        ..ContentSecurityPolicyOptions::default()
    }
}

fn header_texts(options: &HelmetOptions) -> Vec<(HeaderName, String)> {
    let mut headers = Vec::new();
    let mut add = |name: &'static str, text: String| {
        headers.push((HeaderName::from_static(name), text));
    };
    let is_on = |option: Option<bool>| option.unwrap_or(true);

    if let Some(policy) = Toggle::settings(options.content_security_policy.as_ref()) {
        let name = if policy.report_only { "content-security-policy-report-only" } else { "content-security-policy" };
        add(name, content_security_policy(&policy));
    }
    if let Some(embedder) = &options.cross_origin_embedder_policy
        && let Some(settings) = Toggle::settings(Some(embedder))
    {
        add("cross-origin-embedder-policy", policy_name(&settings, "require-corp"));
    }
    for (name, option, default) in [
        ("cross-origin-opener-policy", &options.cross_origin_opener_policy, "same-origin"),
        ("cross-origin-resource-policy", &options.cross_origin_resource_policy, "same-origin"),
    ] {
        if let Some(settings) = Toggle::settings(option.as_ref()) {
            add(name, policy_name(&settings, default));
        }
    }
    if is_on(options.origin_agent_cluster) {
        add("origin-agent-cluster", "?1".to_owned());
    }
    if let Some(settings) = Toggle::settings(options.referrer_policy.as_ref()) {
        add("referrer-policy", policy_name(&settings, "no-referrer"));
    }
    if let Some(transport) = Toggle::settings(options.strict_transport_security.as_ref()) {
        let mut text = format!("max-age={}", transport.max_age);
        if transport.include_sub_domains {
            text.push_str("; includeSubDomains");
        }
        if transport.preload {
            text.push_str("; preload");
        }
        add("strict-transport-security", text);
    }
    if is_on(options.x_content_type_options) {
        add("x-content-type-options", "nosniff".to_owned());
    }
    if let Some(prefetch) = Toggle::settings(options.x_dns_prefetch_control.as_ref()) {
        let state = if prefetch.allow { "on" } else { "off" };
        add("x-dns-prefetch-control", state.to_owned());
    }
    if is_on(options.x_download_options) {
        add("x-download-options", "noopen".to_owned());
    }
    if let Some(frame) = Toggle::settings(options.x_frame_options.as_ref()) {
        let action = frame.action.unwrap_or_else(|| "sameorigin".to_owned());
        add("x-frame-options", action.to_ascii_uppercase());
    }
    if let Some(policies) = Toggle::settings(options.x_permitted_cross_domain_policies.as_ref()) {
        let text = policies.permitted_policies;
        add("x-permitted-cross-domain-policies", text.unwrap_or_else(|| "none".to_owned()));
    }
    if is_on(options.x_xss_protection) {
        add("x-xss-protection", "0".to_owned());
    }
    headers
}

fn policy_name(options: &PolicyOptions, default: &str) -> String {
    options.policy.as_ref().map_or_else(|| default.to_owned(), TextOrList::joined)
}

/// The configured directives in their order, then the remaining defaults.
fn content_security_policy(options: &ContentSecurityPolicyOptions) -> String {
    let mut mentioned = Vec::new();
    let mut directives = Vec::new();
    for (name, value) in &options.directives {
        let name = hyphenated(name);
        let sources = match value {
            Value::Array(sources) => Some(sources.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
            Value::String(source) => Some(source.clone()),
            _ => None,
        };
        if let Some(sources) = sources {
            directives.push(directive(&name, &sources));
        }
        mentioned.push(name);
    }
    if options.use_defaults {
        directives.extend(
            DEFAULT_DIRECTIVES
                .iter()
                .filter(|(name, _)| !mentioned.iter().any(|other| other == name))
                .map(|(name, sources)| directive(name, sources)),
        );
    }
    directives.join(";")
}

fn directive(name: &str, sources: &str) -> String {
    if sources.is_empty() { name.to_owned() } else { format!("{name} {sources}") }
}

/// `defaultSrc` → `default-src`.
fn hyphenated(name: &str) -> String {
    let mut hyphenated = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            hyphenated.push('-');
        }
        hyphenated.push(character.to_ascii_lowercase());
    }
    hyphenated
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(options: Option<Value>, debug: bool) -> Vec<(String, String)> {
        let options = options.map(|value| serde_json::from_value(value).unwrap());
        SecurityHeaders::new(options.as_ref(), debug)
            .unwrap()
            .0
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect()
    }

    fn value(headers: &[(String, String)], name: &str) -> Option<String> {
        let found = headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone())
    }

    #[test]
    fn every_option_can_be_switched_off() {
        let off = json!({
            "contentSecurityPolicy": false, "crossOriginEmbedderPolicy": false,
            "crossOriginOpenerPolicy": false, "crossOriginResourcePolicy": false,
            "originAgentCluster": false, "referrerPolicy": false,
            "strictTransportSecurity": false, "xContentTypeOptions": false,
            "xDnsPrefetchControl": false, "xDownloadOptions": false, "xFrameOptions": false,
            "xPermittedCrossDomainPolicies": false, "xPoweredBy": false, "xXssProtection": false,
        });
        assert_eq!(headers(Some(off), false), []);
    }

    #[test]
    fn options_replace_the_defaults_of_the_mode() {
        let own = headers(
            Some(json!({
                "contentSecurityPolicy": {"directives": {"scriptSrc": ["'self'", "x.example"], "img-src": "*", "styleSrc": null}, "reportOnly": true},
                "crossOriginEmbedderPolicy": true,
                "xFrameOptions": {"action": "deny"},
                "strictTransportSecurity": {"maxAge": 5, "includeSubDomains": false, "preload": true},
                "referrerPolicy": {"policy": ["origin", "unsafe-url"]},
                "xDnsPrefetchControl": {"allow": true},
            })),
            true,
        );
        assert_eq!(
            value(&own, "content-security-policy-report-only").unwrap(),
            "script-src 'self' x.example;img-src *;default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';object-src 'none';script-src-attr 'none';upgrade-insecure-requests"
        );
        assert_eq!(value(&own, "content-security-policy"), None);
        for (name, expected) in [
            ("cross-origin-embedder-policy", "require-corp"),
            ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=5; preload"),
            ("referrer-policy", "origin,unsafe-url"),
            ("x-dns-prefetch-control", "on"),
        ] {
            assert_eq!(value(&own, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn defaults_can_be_left_out_of_the_policy() {
        let own = headers(
            Some(json!({"contentSecurityPolicy": {"useDefaults": false, "directives": {"defaultSrc": []}}})),
            false,
        );
        assert_eq!(value(&own, "content-security-policy").as_deref(), Some("default-src"));
    }
}
