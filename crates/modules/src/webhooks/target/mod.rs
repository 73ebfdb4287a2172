//! One delivery: the request that a target gets (`docs/protocol/07-connector-modules-and-operations.md` §5.1).

mod pause;
mod redirect;
mod response;
mod signature;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use core_types::Clock;
use delivery::{DeliveryError, OutboundEvent, Receipt};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use url::Url;

pub(super) use pause::AskedPause;
use redirect::{MAX_REDIRECTS, RedirectError, destination, is_redirect};
pub(super) use response::asked_pause;
use response::{discard_body, judge};
pub use signature::SigningSecret;
use signature::signatures;

use super::client::{ClientError, Clients, check_literal};
use super::config::{Authentication, PrivateAddresses, Redirects, TRIGGER_PLACEHOLDER, TargetConfig};
use super::oauth2::{ClientCredentials, TokenSource};

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// The same in all attempts of a delivery, and in no other delivery to the target.
const DELIVERY_ID: HeaderName = HeaderName::from_static("x-delivery-id");
/// The same in all deliveries of an event.
const EVENT_ID: HeaderName = HeaderName::from_static("x-event-id");
/// The same as `x-delivery-id`, under the name of Standard Webhooks.
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
/// The time of the attempt, in seconds since 1970.
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The cause of a failed request, without the URL, which may hold secrets.
pub(super) fn transport_failure(error: &reqwest::Error) -> String {
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

/// The address of deliveries, and the login there.
#[derive(Debug)]
pub(super) struct Target {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    url: String,
    headers: HeaderMap,
    authentication: Option<Login>,
    signing_secrets: Vec<SigningSecret>,
    redirects: Redirects,
    private_addresses: PrivateAddresses,
    timeout: Duration,
    pause: AskedPause,
}

#[derive(Debug)]
enum Login {
    ApiKey { header_name: HeaderName, api_key: HeaderValue },
    OAuth2(Box<TokenSource>),
}

#[async_trait]
impl delivery::Target for Target {
    /// Only a status of 200 to 299 is success.
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        self.pause.check()?;
        let body = Bytes::from(body(event));
        let mut url = url(&self.url, &event.namespace)?;
        let mut headers = self.headers(event, &body).await?;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.post(&url, &headers, &body).await?;
            let status = response.status();
            if self.redirects == Redirects::Refuse || !is_redirect(status) {
                self.note(&response, &headers).await;
                discard_body(response).await;
                return judge(status).map(|()| Receipt::Accepted);
            }
            let next = destination(&url, &response).map_err(|error| DeliveryError::Refused(error.to_string()))?;
            if next.origin() != url.origin() {
                // Configured headers may be secrets between us and the target. Another server determines the
                // destination from here on, so they are no longer sent, not even back to the target.
                headers = self.own_headers(event, &body);
            }
            url = next;
        }
        Err(DeliveryError::Refused(RedirectError::TooMany.to_string()))
    }
}

impl Target {
    pub(super) fn new(
        config: &TargetConfig,
        clients: &mut Clients<'_>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClientError> {
        let timeout = config.delivery.attempt_timeout;
        let authentication = match config.authentication.clone() {
            None => None,
            Some(Authentication::ApiKey { header_name, api_key }) => Some(Login::ApiKey { header_name, api_key }),
            Some(Authentication::OAuth2 { access_token_url, client_id, client_secret, scope }) => {
                let credentials = ClientCredentials { access_token_url, client_id, client_secret, scope };
                let client = clients.for_tokens(config.private_addresses)?;
                let longest_pause = config.delivery.max_retry_delay;
                Some(Login::OAuth2(Box::new(TokenSource::new(client, credentials, timeout, longest_pause))))
            }
        };
        Ok(Self {
            client: clients.for_deliveries(config.private_addresses)?,
            clock,
            url: config.url.clone(),
            headers: config.headers.clone(),
            authentication,
            signing_secrets: config.signing_secrets.clone(),
            redirects: config.redirects,
            private_addresses: config.private_addresses,
            timeout,
            pause: AskedPause::new("the target", config.delivery.max_retry_delay),
        })
    }

    async fn post(&self, url: &Url, headers: &HeaderMap, body: &Bytes) -> Result<Response, DeliveryError> {
        let unreachable =
            |reason: String| DeliveryError::Unreachable(format!("the target could not be reached: {reason}"));
        if self.private_addresses == PrivateAddresses::Refuse {
            check_literal(url).map_err(|reason| unreachable(reason.to_string()))?;
        }
        let request = self.client.post(url.clone()).headers(headers.clone()).timeout(self.timeout).body(body.clone());
        request.send().await.map_err(|error| unreachable(transport_failure(&error)))
    }

    /// Applies what an answer means for later attempts.
    async fn note(&self, response: &Response, sent: &HeaderMap) {
        if let Some(pause) = asked_pause(response) {
            self.pause.begin(pause);
        }
        if let (StatusCode::UNAUTHORIZED, Some(Login::OAuth2(tokens)), Some(used)) =
            (response.status(), &self.authentication, sent.get(AUTHORIZATION))
        {
            tokens.forget(used).await;
        }
    }

    /// Configured headers override the default ones, our own override those, and authentication overrides all.
    async fn headers(&self, event: &OutboundEvent, body: &[u8]) -> Result<HeaderMap, DeliveryError> {
        let mut own = self.own_headers(event, body);
        let mut headers = HeaderMap::new();
        headers.extend(own.remove(CONTENT_TYPE).map(|content_type| (CONTENT_TYPE, content_type)));
        for configured in [&self.headers, &own] {
            for (name, value) in configured {
                headers.insert(name, value.clone());
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

    /// The headers that do not come from the configuration.
    fn own_headers(&self, event: &OutboundEvent, body: &[u8]) -> HeaderMap {
        let seconds = self.clock.now().as_millis().div_euclid(1000);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let ids = [
            (CORRELATION_ID, event.correlation_id.as_deref()),
            (DELIVERY_ID, Some(event.id.as_str())),
            (EVENT_ID, Some(event.event_id.as_str())),
            (WEBHOOK_ID, Some(event.id.as_str())),
        ];
        for (name, id) in ids {
            // A correlation id that came with a request may be anything; one that is not a valid header value is left
            // out.
            if let Some(value) = id.and_then(|id| HeaderValue::try_from(id).ok()) {
                headers.insert(name, value);
            }
        }
        headers.insert(WEBHOOK_TIMESTAMP, HeaderValue::from(seconds));
        let signatures = signatures(&self.signing_secrets, &event.id, seconds, body);
        headers.extend(signatures.map(|signatures| (WEBHOOK_SIGNATURE, signatures)));
        headers
    }
}

/// The first placeholder becomes the name of the event; further ones stay.
fn url(template: &str, namespace: &str) -> Result<Url, DeliveryError> {
    Url::parse(&template.replacen(TRIGGER_PLACEHOLDER, namespace, 1))
        .map_err(|error| DeliveryError::Refused(format!("the request could not be built: {error}")))
}

/// Members in this order; no `data` for events without payload.
fn body(event: &OutboundEvent) -> String {
    let trigger = core_types::json::stringify(&Value::from(event.namespace.as_str()));
    match event.data.as_deref() {
        Some(data) => format!(r#"{{"data":{data},"trigger":{trigger}}}"#),
        None => format!(r#"{{"trigger":{trigger}}}"#),
    }
}
