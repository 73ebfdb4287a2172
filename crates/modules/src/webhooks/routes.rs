//! Conversion of the configuration into targets of the delivery engine.

use crypto::hash::sha256;
use delivery::shown_path;
use url::{Position, Url};

use super::config::{TRIGGER_PLACEHOLDER, TargetConfig, WebhookConfig, WebhooksConfig};

/// The placeholder in a parsed URL.
const ENCODED_PLACEHOLDER: &str = "%7B%7Btrigger%7D%7D";

/// A target with all triggers that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// Its name in the store, which stays the same across restarts as long as the target does.
    pub(super) subscriber: String,
    /// The display name of the target.
    pub(super) name: String,
    pub(super) target: TargetConfig,
    /// An event is delivered once for every trigger it matches (`docs/protocol/07 §5.1`).
    pub(super) triggers: Vec<String>,
}

impl Route {
    /// The address, without the parts that may be secret.
    pub(super) fn endpoint(&self) -> String {
        let plain = |url: &str| {
            let mut url = Url::parse(url).ok()?;
            url.set_username("").ok()?;
            url.set_password(None).ok()?;
            let path = url.path().replacen(ENCODED_PLACEHOLDER, TRIGGER_PLACEHOLDER, 1);
            let origin = url[..Position::BeforePath].replacen(ENCODED_PLACEHOLDER, TRIGGER_PLACEHOLDER, 1);
            Some(origin + &shown_path(&path))
        };
        plain(&self.target.url).unwrap_or_default()
    }
}

/// One route for each target that a webhook uses.
pub(super) fn routes(config: &WebhooksConfig) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for WebhookConfig { triggers, target_name, target } in &config.webhooks {
        let name = target_name.clone().unwrap_or_else(|| fingerprint(target));
        let kind = if target_name.is_some() { "target" } else { "inline" };
        // Unnamed targets may differ in secrets only; they are numbered.
        let mut count = 1;
        loop {
            let name = if count == 1 { name.clone() } else { format!("{name}-{count}") };
            let subscriber = format!("webhooks/{kind}/{name}");
            match routes.iter_mut().find(|route| route.subscriber == subscriber) {
                None => {
                    routes.push(Route { subscriber, name, target: target.clone(), triggers: triggers.clone() });
                    break;
                }
                Some(route) if route.target == *target => {
                    route.triggers.extend(triggers.iter().cloned());
                    break;
                }
                Some(_) => count += 1,
            }
        }
    }
    routes
}

/// A name for an unnamed target, from everything that distinguishes it except secrets.
fn fingerprint(target: &TargetConfig) -> String {
    use super::config::Authentication;
    let authentication = match &target.authentication {
        None => String::new(),
        Some(Authentication::ApiKey { header_name, .. }) => format!("ApiKey {header_name}"),
        Some(Authentication::OAuth2 { access_token_url, client_id, scope, .. }) => {
            format!("OAuth2 {access_token_url} {client_id} {}", scope.as_deref().unwrap_or_default())
        }
    };
    let mut names: Vec<_> = target.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let text = format!("{}\n{}\n{authentication}", target.url, names.join(","));
    sha256(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn routes_of(webhooks: Value) -> Vec<Route> {
        let targets = json!({ "t": { "url": "http://t.example" }, "unused": { "url": "http://u.example" } });
        routes(&WebhooksConfig::parse(&json!({ "targets": targets, "webhooks": webhooks })).unwrap())
    }

    #[test]
    fn one_target_with_all_its_triggers() {
        let routes = routes_of(json!([
            { "triggers": ["**", "transport.*"], "target": "t" },
            { "triggers": ["transport.messageSent"], "target": "t" },
            { "triggers": ["a"], "target": { "url": "http://i.example" } },
        ]));
        let names: Vec<_> = routes.iter().map(|route| route.subscriber.as_str()).collect();
        assert_eq!(names.first(), Some(&"webhooks/target/t"));
        assert_eq!(names.len(), 2);
        assert_eq!(routes.first().unwrap().triggers, ["**", "transport.*", "transport.messageSent"]);
    }

    #[test]
    fn targets_without_name_keep_their_subscriber() {
        let subscriber = |webhooks: Value| routes_of(webhooks).remove(0).subscriber;
        let webhook = |key: &str| {
            let authentication = json!({ "type": "ApiKey", "apiKey": key });
            json!([{ "triggers": ["**"], "target": { "url": "http://i.example", "authentication": authentication } }])
        };
        let [one, other] = ["a", "b"].map(|key| subscriber(webhook(key)));
        assert_eq!(one, other, "secrets do not count");
        let elsewhere = json!([{ "triggers": ["**"], "target": { "url": "http://j.example" } }]);
        assert_ne!(one, subscriber(elsewhere));
    }

    #[test]
    fn targets_without_name_that_differ_in_a_secret_only_are_two() {
        let target = |tenant: &str| json!({ "url": "http://i.example", "headers": { "X-Tenant": tenant } });
        let webhook = |tenant: &str| json!({ "triggers": [tenant], "target": target(tenant) });
        let routes = routes_of(json!([webhook("a"), webhook("b"), webhook("a"), webhook("c")]));
        let triggers: Vec<_> = routes.iter().map(|route| route.triggers.join(" ")).collect();
        assert_eq!(triggers, ["a a", "b", "c"]);
        let first = routes.first().unwrap().subscriber.clone();
        let subscribers: Vec<_> = routes.iter().map(|route| route.subscriber.clone()).collect();
        assert_eq!(subscribers, [first.clone(), format!("{first}-2"), format!("{first}-3")]);
    }

    #[test]
    fn what_operators_see_holds_no_secret() {
        for (url, endpoint) in [
            ("http://user:pass@h.example/a/{{trigger}}?key=secret#x", "http://h.example/a/{{trigger}}"),
            ("https://h.example", "https://h.example/"),
            ("https://{{trigger}}.example/a", "https://{{trigger}}.example/a"),
            ("https://hooks.slack.example/services/T00AB/B00AB/XXsecretXX", "https://hooks.slack.example/services/…"),
            ("http://h.example:8080/bot110201543:AAHdqTcvCH1/{{trigger}}", "http://h.example:8080/…"),
        ] {
            let routes = routes_of(json!([{ "triggers": ["**"], "target": { "url": url } }]));
            assert_eq!(routes.first().unwrap().endpoint(), endpoint);
        }
    }
}
