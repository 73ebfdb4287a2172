//! One delivery: the request a target gets (`docs/protocol/07-connector-modules-and-operations.md` §5.1).

mod signature;

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use store::{Delivery, Event};
use url::Url;

use super::client::Clients;
use super::config::{Authentication, TRIGGER_PLACEHOLDER, TargetConfig};
use super::oauth2::TokenSource;

pub(super) use signature::SigningSecret;

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// The same in all attempts of a delivery.
const DELIVERY_ID: HeaderName = HeaderName::from_static("x-delivery-id");
/// The same in all deliveries of an event.
const EVENT_ID: HeaderName = HeaderName::from_static("x-event-id");

/// Why a delivery failed; holds nothing of what was to be delivered and no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeliveryError {
    #[error("the target answered with status {0}")]
    Status(u16),
    #[error("the target could not be reached: {0}")]
    Unreachable(String),
    #[error("no OAuth2 token could be obtained: {0}")]
    Token(String),
    #[error("the request could not be built: {0}")]
    Request(String),
}

impl DeliveryError {
    /// Without the URL, which may hold secrets.
    pub(super) fn transport(error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return "no answer in time".to_owned();
        }
        // The outermost text only repeats that a request failed.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        cause.to_string()
    }
}

/// Where deliveries go, and how to log in there.
#[derive(Debug)]
pub(super) struct Target {
    client: reqwest::Client,
    url: String,
    headers: HeaderMap,
    authentication: Option<Login>,
}

#[derive(Debug)]
enum Login {
    ApiKey { header_name: HeaderName, api_key: HeaderValue },
    OAuth2(TokenSource),
}

impl Target {
    pub(super) fn new(config: &TargetConfig, clients: &Clients) -> Self {
        let authentication = config.authentication.clone().map(|authentication| match authentication {
            Authentication::ApiKey { header_name, api_key } => Login::ApiKey { header_name, api_key },
            Authentication::OAuth2 { access_token_url, client_id, client_secret, scope } => Login::OAuth2(
                TokenSource::new(clients.tokens.clone(), access_token_url, client_id, client_secret, scope),
            ),
        });
        Self {
            client: clients.targets.clone(),
            url: config.url.clone(),
            headers: config.headers.clone(),
            authentication,
        }
    }

    /// Posts an event. Only a status of 200 to 299 is success; redirects are not followed.
    pub(super) async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let event = &delivery.event;
        let url = url(&self.url, &event.namespace)?;
        let headers = self.headers(delivery).await?;
        let request = self.client.post(url).headers(headers).body(body(event));
        let response =
            request.send().await.map_err(|error| DeliveryError::Unreachable(DeliveryError::transport(&error)))?;
        let status = response.status();
        if let (StatusCode::UNAUTHORIZED, Some(Login::OAuth2(tokens))) = (status, &self.authentication) {
            tokens.forget().await;
        }
        if status.is_success() { Ok(()) } else { Err(DeliveryError::Status(status.as_u16())) }
    }

    /// Configured headers win over the default ones, the correlation id over those, and authentication over all.
    async fn headers(&self, delivery: &Delivery) -> Result<HeaderMap, DeliveryError> {
        let event = &delivery.event;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        let ids = [
            (CORRELATION_ID, event.correlation_id.clone()),
            (DELIVERY_ID, Some(format!("{}-{}", event.id, delivery.id))),
            (EVENT_ID, Some(event.id.clone())),
        ];
        for (name, id) in ids {
            // A correlation id that came with a request may be anything; one that is no header value stays away.
            if let Some(value) = id.and_then(|id| HeaderValue::try_from(id).ok()) {
                headers.insert(name, value);
            }
        }
        match &self.authentication {
            None => {}
            Some(Login::ApiKey { header_name, api_key }) => {
                headers.insert(header_name, api_key.clone());
            }
            Some(Login::OAuth2(tokens)) => {
                headers.insert(AUTHORIZATION, tokens.authorization().await?);
            }
        }
        Ok(headers)
    }
}

/// The first placeholder becomes the name of the event; further ones stay.
fn url(template: &str, namespace: &str) -> Result<Url, DeliveryError> {
    Url::parse(&template.replacen(TRIGGER_PLACEHOLDER, namespace, 1))
        .map_err(|error| DeliveryError::Request(error.to_string()))
}

/// Members in this order; no `data` for events without.
fn body(event: &Event) -> String {
    let trigger = core_types::json::stringify(&Value::from(event.namespace.as_str()));
    match event.data.as_deref() {
        Some(data) => format!(r#"{{"data":{data},"trigger":{trigger}}}"#),
        None => format!(r#"{{"trigger":{trigger}}}"#),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::Timestamp;
    use serde_json::json;

    use super::super::config::WebhooksConfig;
    use super::*;

    fn event(namespace: &str, data: Option<Value>, correlation_id: Option<&str>) -> Event {
        Event {
            sequence: 1,
            id: "event-id".to_owned(),
            namespace: namespace.to_owned(),
            object_id: None,
            data: data.map(|data| data.to_string().into()),
            created_at: Timestamp::from_millis(0),
            correlation_id: correlation_id.map(str::to_owned),
        }
    }

    fn delivery(event: Event) -> Delivery {
        Delivery {
            id: 7,
            subscriber: "s".to_owned(),
            event,
            object_id: None,
            attempts: 0,
            next_attempt_at: Timestamp::from_millis(0),
            last_error: None,
        }
    }

    fn target(config: Value) -> Target {
        let config = WebhooksConfig::parse(&json!({ "targets": { "t": config } })).unwrap();
        let clients = Clients::new(false, std::time::Duration::from_secs(1)).unwrap();
        Target::new(config.targets.get("t").unwrap(), &clients)
    }

    /// Every recorded delivery of the existing Connector has the path, the headers and the body that we would send.
    #[tokio::test]
    async fn recorded_deliveries() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/rest-recordings.json");
        let recordings: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let with_key = target(json!({
            "url": "http://hooks.example/hook/{{trigger}}/{{trigger}}", "headers": { "X-Static": "abc" },
            "authentication": { "type": "ApiKey", "apiKey": "<webhook api-key>" },
        }));
        let plain = target(json!({ "url": "http://hooks.example/two" }));
        let mut count = 0;
        for recording in recordings.as_array().unwrap().iter().filter(|recording| recording["direction"] == "outgoing")
        {
            let request = &recording["request"];
            let target = if request["path"] == "/two" { &plain } else { &with_key };
            let event = event(
                request["body"]["trigger"].as_str().unwrap(),
                request["body"].get("data").cloned(),
                request["headers"]["x-correlation-id"].as_str(),
            );
            assert_eq!(url(&target.url, &event.namespace).unwrap().path(), request["path"].as_str().unwrap());
            assert_eq!(body(&event), request["body"].to_string());
            let sent = target.headers(&delivery(event)).await.unwrap();
            for (name, value) in request["headers"].as_object().unwrap() {
                // The others are set by the client for every request.
                if !["Accept", "Accept-Encoding", "User-Agent", "Content-Length", "Host", "Connection"]
                    .contains(&name.as_str())
                {
                    assert_eq!(sent.get(name).unwrap().as_bytes(), value.as_str().unwrap().as_bytes(), "{name}");
                }
            }
            let own = ["x-delivery-id", "x-event-id"];
            let recorded = |name: &str| {
                request["headers"].as_object().unwrap().keys().any(|other| other.eq_ignore_ascii_case(name))
            };
            assert!(sent.keys().all(|name| own.contains(&name.as_str()) || recorded(name.as_str())), "{sent:?}");
            count += 1;
        }
        assert_eq!(count, 23);
    }

    #[tokio::test]
    async fn precedence_of_headers() {
        let target = target(json!({
            "url": "http://a.example",
            "headers": { "content-type": "text/x", "x-correlation-id": "configured", "X-Api-Key": "configured" },
            "authentication": { "type": "ApiKey", "apiKey": "key" },
        }));
        let headers = target.headers(&delivery(event("a", None, Some("given")))).await.unwrap();
        assert_eq!(headers.get("content-type").unwrap(), "text/x");
        assert_eq!(headers.get("x-correlation-id").unwrap(), "given");
        assert_eq!(headers.get("x-api-key").unwrap(), "key");
        assert_eq!(headers.get("x-event-id").unwrap(), "event-id");
        assert_eq!(headers.get("x-delivery-id").unwrap(), "event-id-7");
        let headers = target.headers(&delivery(event("a", None, Some("no\nheader")))).await.unwrap();
        assert_eq!(headers.get("x-correlation-id").unwrap(), "configured");
    }
}
