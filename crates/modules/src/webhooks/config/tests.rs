#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use serde_json::json;

use super::*;

fn error(config: Value) -> (String, String) {
    let Mistakes(mistakes) = WebhooksConfig::parse(&config).unwrap_err();
    let mistake = mistakes.first().unwrap();
    (mistake.code.unwrap().rsplit('.').next().unwrap().to_owned(), mistake.to_string())
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
                "signingSecret": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4"],
                "redirects": "follow",
                "privateAddresses": "refuse",
                "delivery": { "maxParallelRequests": 7, "maxAttempts": 3 },
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
    let one = config.targets.get("one").unwrap();
    assert_eq!((one.signing_secrets.len(), one.redirects), (0, Redirects::Refuse));
    assert_eq!(one.private_addresses, PrivateAddresses::Allow);
    assert_eq!(one.delivery.attempt_timeout, Duration::from_secs(5));
    assert_eq!((one.delivery.max_in_flight, one.delivery.max_attempts), (1, None));
    assert_eq!(one.delivery.retry_delay, Duration::from_secs(1));
    let unused = config.targets.get("unused").unwrap();
    assert_eq!((unused.signing_secrets.len(), unused.redirects), (2, Redirects::Follow));
    assert_eq!(unused.private_addresses, PrivateAddresses::Refuse);
    assert_eq!(unused.delivery.attempt_timeout, Duration::from_secs(5), "from the module");
    assert_eq!((unused.delivery.max_in_flight, unused.delivery.max_attempts), (7, Some(3)));
    assert_eq!(config.webhooks.last().unwrap().target.delivery.dead_letter_after, Duration::from_secs(9));
    let debug = format!("{config:?}");
    for secret in ["s3cret", "abc", "MDEy", "0123", "ZmVk"] {
        assert!(!debug.contains(secret), "{debug}");
    }
    assert!(WebhooksConfig::parse(&json!({})).unwrap().webhooks.is_empty());
}

#[test]
fn errors_name_the_key() {
    let webhook = |target: Value| json!({ "webhooks": [{ "triggers": ["**"], "target": target }] });
    let authentication =
        |authentication: Value| webhook(json!({ "url": "http://a.example", "authentication": authentication }));
    let target = |members: Value| {
        let mut target = json!({ "url": "http://a.example" });
        target.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({ "targets": { "t": target } })
    };
    for (config, code, key) in [
        (webhook(json!("nope")), "invalidTargetReference", "modules.webhooks.webhooks[0].target"),
        (webhook(json!({ "url": "nope" })), "invalidUrlFormat", "modules.webhooks.webhooks[0].target.url"),
        (webhook(json!({ "url": "ftp://a.example" })), "invalidUrlFormat", "modules.webhooks.webhooks[0].target.url"),
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
        (
            target(json!({ "delivery": { "maxAttempts": 0 } })),
            "invalidValue",
            "modules.webhooks.targets.t.delivery.maxAttempts",
        ),
        (target(json!({ "delivery": 5 })), "invalidValue", "modules.webhooks.targets.t.delivery"),
        (json!({ "redirects": true }), "invalidValue", "modules.webhooks.redirects"),
        (target(json!({ "redirects": "maybe" })), "invalidValue", "modules.webhooks.targets.t.redirects"),
        (target(json!({ "privateAddresses": "no" })), "invalidValue", "modules.webhooks.targets.t.privateAddresses"),
        (target(json!({ "signingSecret": 5 })), "invalidValue", "modules.webhooks.targets.t.signingSecret"),
        (target(json!({ "signingSecret": [] })), "invalidValue", "modules.webhooks.targets.t.signingSecret"),
        (target(json!({ "signingSecret": "c2hvcnQ=" })), "invalidValue", "modules.webhooks.targets.t.signingSecret"),
        (target(json!({ "signingSecret": ["?"] })), "invalidValue", "modules.webhooks.targets.t.signingSecret[0]"),
    ] {
        let (actual_code, text) = error(config);
        assert_eq!(actual_code, code, "{text}");
        assert!(text.starts_with(&format!("{key} ")), "{text}");
    }
}

#[test]
fn what_the_module_says_counts_for_targets_that_say_nothing() {
    let config = WebhooksConfig::parse(&json!({
        "redirects": "follow",
        "privateAddresses": "refuse",
        "targets": {
            "silent": { "url": "http://a.example" },
            "other": { "url": "http://10.0.0.1", "redirects": "refuse", "privateAddresses": "allow" },
        },
        "webhooks": [{ "triggers": ["**"], "target": { "url": "http://b.example" } }],
    }))
    .unwrap();
    for target in [config.targets.get("silent").unwrap(), &config.webhooks.first().unwrap().target] {
        assert_eq!((target.redirects, target.private_addresses), (Redirects::Follow, PrivateAddresses::Refuse));
    }
    let other = config.targets.get("other").unwrap();
    assert_eq!((other.redirects, other.private_addresses), (Redirects::Refuse, PrivateAddresses::Allow));
}

#[test]
fn addresses_that_would_always_be_refused_are_mistakes() {
    let authentication = |host: &str| {
        let token_url = format!("http://{host}/token");
        json!({ "type": "OAuth2", "accessTokenUrl": token_url, "clientId": "c", "clientSecret": "s" })
    };
    let target = |host: &str, issuer: &str| {
        let url = format!("http://{host}/{{{{trigger}}}}");
        let target = json!({ "url": url, "privateAddresses": "refuse", "authentication": authentication(issuer) });
        WebhooksConfig::parse(&json!({ "targets": { "t": target } })).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(target("a.example", "1.1.1.1"), Ok(()));
    let error = target("[::ffff:127.0.0.1]", "1.1.1.1").unwrap_err();
    assert!(
        error.starts_with("modules.webhooks.targets.t.url cannot be called: its address is not a public one"),
        "{error}"
    );
    let error = target("a.example", "169.254.169.254").unwrap_err();
    assert!(
        error.starts_with("modules.webhooks.targets.t.authentication.accessTokenUrl cannot be called: its address"),
        "{error}"
    );
}
