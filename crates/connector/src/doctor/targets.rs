//! Checks if the servers to which modules send can be reached. Nothing is sent to them.

use std::collections::BTreeMap;

use ::network::Trust;
use ::network::proxy::Proxies;
use serde_json::Value;
use tokio::task::JoinSet;
use url::Url;

use super::backbone::validity;
use super::finding::Finding;
use super::network::{self, Endpoint, Unreachable};
use super::tls;
use crate::config::ModuleEntry;

const CHECK: &str = "target";

/// The schemes under which modules reach servers: the usual port, and whether a connection begins with TLS.
const SCHEMES: [(&str, u16, bool); 13] = [
    ("http", 80, false),
    ("https", 443, true),
    ("ws", 80, false),
    ("wss", 443, true),
    ("amqp", 5672, false),
    ("amqps", 5671, true),
    ("mqtt", 1883, false),
    ("tcp", 1883, false),
    ("mqtts", 8883, true),
    ("redis", 6379, false),
    ("rediss", 6379, true),
    // NATS switches to TLS after its first message.
    ("nats", 4222, false),
    ("tls", 4222, false),
];

/// A server to which modules send.
#[derive(Debug)]
struct Target {
    endpoint: Endpoint,
    tls: bool,
    /// The settings that name it.
    settings: Vec<String>,
    /// True if any certificate is accepted.
    any_certificate: bool,
}

/// Checks all of them concurrently.
pub(super) async fn check(modules: &[ModuleEntry], trust: &Trust) -> Vec<Finding> {
    let mut tasks: JoinSet<(usize, Vec<Finding>)> = JoinSet::new();
    for (index, target) in targets(modules, &Proxies::of_process()).into_iter().enumerate() {
        let trust = trust.clone();
        tasks.spawn(async move { (index, look(&target, &trust).await) });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().flat_map(|(_, findings)| findings).collect()
}

async fn look(target: &Target, trust: &Trust) -> Vec<Finding> {
    let Endpoint { host, port, proxy } = &target.endpoint;
    let settings = target.settings.join(", ");
    let proxy = proxy.map_or_else(String::new, |name| format!(", the proxy of {name}"));
    if let Err(Unreachable::Unknown(reason) | Unreachable::Silent(reason)) = network::connect(host, *port).await {
        let advice = "Until it can be reached, events wait for it. Check the address, the firewall and the server.";
        return vec![Finding::problem(CHECK, format!("{reason} ({settings}{proxy})"), advice)];
    }
    let reached = Finding::ok(CHECK, format!("{host}:{port} can be reached ({settings}{proxy})"));
    if !target.tls || target.endpoint.proxy.is_some() {
        return vec![reached];
    }
    let shown = match tls::look(host, *port, trust).await {
        Ok(shown) => shown,
        Err(reason) => {
            let message = format!("no TLS with {host}:{port}: {reason} ({settings})");
            return vec![Finding::problem(
                CHECK,
                message,
                "Does that port speak TLS? Check the scheme of the address.",
            )];
        }
    };
    let certificate = match shown.refusal {
        None => validity("certificate", host, &shown.certificate),
        Some(reason) => {
            let message = format!("that of {host} is not accepted: {reason} ({settings})");
            let advice = "Let the server have a valid one, or name the certificate of its issuer in trustedCertificateAuthorities.";
            match target.any_certificate {
                true => Finding::warning("certificate", format!("{message}, which skipTlsCheck allows"), advice),
                false => Finding::problem("certificate", message, advice),
            }
        }
    };
    vec![reached, certificate]
}

/// Every server named by an enabled module, once each.
fn targets(modules: &[ModuleEntry], proxies: &Proxies) -> Vec<Target> {
    let mut found: BTreeMap<(String, u16, bool), Target> = BTreeMap::new();
    for module in modules.iter().filter(|module| module.enabled) {
        let any_certificate = module.block.get("skipTlsCheck") == Some(&Value::Bool(true));
        let mut texts = Vec::new();
        for (name, value) in module.settings() {
            collect(value, format!("modules.{}.{name}", module.key), &mut texts);
        }
        for (path, text) in texts {
            let Some((endpoint, tls)) = server(text, proxies) else { continue };
            let target = found.entry((endpoint.host.clone(), endpoint.port, tls)).or_insert_with(|| Target {
                endpoint,
                tls,
                settings: Vec::new(),
                any_certificate,
            });
            target.any_certificate &= any_certificate;
            target.settings.push(path);
        }
    }
    found.into_values().collect()
}

/// Every text with its place.
fn collect<'a>(value: &'a Value, path: String, found: &mut Vec<(String, &'a str)>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect(value, format!("{path}.{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect(item, format!("{path}[{index}]"), found));
        }
        Value::String(text) => found.push((path, text)),
        _ => {}
    }
}

/// The server of an address; `None` for any other text.
fn server(text: &str, proxies: &Proxies) -> Option<(Endpoint, bool)> {
    let url = Url::parse(text).ok()?;
    let (_, port, tls) = SCHEMES.iter().find(|(scheme, _, _)| *scheme == url.scheme())?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let direct =
        || Endpoint { host: host.trim_matches(['[', ']']).to_owned(), port: url.port().unwrap_or(*port), proxy: None };
    Some((network::endpoint(&url, proxies).unwrap_or_else(direct), *tls))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Proxies, server, targets};
    use crate::config::ModuleEntry;

    #[test]
    fn addresses_of_every_kind_are_found_and_others_are_not() {
        for (text, expected) in [
            ("https://a.example/hooks/{{trigger}}", Some(("a.example", 443, true))),
            ("http://127.0.0.1:8080", Some(("127.0.0.1", 8080, false))),
            ("amqp://user:pw@rabbit", Some(("rabbit", 5672, false))),
            ("amqps://rabbit/vhost", Some(("rabbit", 5671, true))),
            ("mqtt://[::1]:1884", Some(("::1", 1884, false))),
            ("rediss://:pw@r:7000", Some(("r", 7000, true))),
            ("nats://n", Some(("n", 4222, false))),
            ("did:e:localhost:dids:x", None),
            ("transport.messageReceived", None),
            ("mongodb://h", None),
            ("", None),
        ] {
            let found = server(text, &Proxies::default()).map(|(endpoint, tls)| (endpoint.host, endpoint.port, tls));
            assert_eq!(found, expected.map(|(host, port, tls)| (host.to_owned(), port, tls)), "{text}");
        }
    }

    #[test]
    fn each_server_of_an_enabled_module_is_looked_at_once() {
        let module = |key: &str, enabled: bool, block: serde_json::Value| ModuleEntry {
            key: key.to_owned(),
            description: None,
            enabled,
            block,
        };
        let webhooks = json!({
            "enabled": true, "skipTlsCheck": true,
            "targets": {"a": {"url": "https://a.example/1"}, "b": {"url": "https://a.example/2"}},
            "webhooks": [{"triggers": ["**"], "target": {"url": "http://b.example"}}]
        });
        let modules = [module("webhooks", true, webhooks), module("off", false, json!({"url": "https://c.example"}))];
        let found: Vec<_> = targets(&modules, &Proxies::default())
            .into_iter()
            .map(|target| (target.endpoint.host, target.any_certificate, target.settings.join(" ")))
            .collect();
        assert_eq!(
            found,
            [
                (
                    "a.example".to_owned(),
                    true,
                    "modules.webhooks.targets.a.url modules.webhooks.targets.b.url".to_owned()
                ),
                ("b.example".to_owned(), true, "modules.webhooks.webhooks[0].target.url".to_owned()),
            ]
        );
    }
}
