//! Access tokens of one device (`docs/protocol/02 §3.4`).

use std::{sync::Arc, time::Duration};

use backbone_api::{
    SecretText,
    oauth::{GRANT_TYPE_PASSWORD, TokenResponse},
    paths,
};
use core_types::{Clock, Timestamp, Username};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::client::{Call, HttpClient};
use crate::{
    config::TransportConfig,
    request_error::{RequestError, codes},
};

/// A token is not used in its last seconds, in which it could expire on its way.
const SAFETY_MARGIN: Duration = Duration::from_secs(10);

/// What a device logs in with.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) username: Username,
    pub(crate) password: SecretString,
}

/// Fetches and keeps the access token of one device.
#[derive(Debug)]
pub(crate) struct Authenticator {
    client_id: String,
    client_secret: SecretString,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
    // Held while a token is fetched: parallel callers wait for the one in flight.
    token: Mutex<Option<AccessToken>>,
}

/// A bearer token.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    text: Arc<SecretText>,
    usable_until: Timestamp,
}

impl AccessToken {
    pub(crate) fn expose(&self) -> &str {
        self.text.expose()
    }
}

impl Authenticator {
    pub(crate) fn new(config: &TransportConfig, credentials: Credentials, clock: Arc<dyn Clock>) -> Self {
        Self {
            client_id: config.platform_client_id.clone(),
            client_secret: config.platform_client_secret.clone(),
            credentials,
            clock,
            token: Mutex::new(None),
        }
    }

    /// A token that can be used now.
    pub(crate) async fn token(&self, http: &HttpClient) -> Result<AccessToken, Box<RequestError>> {
        let mut token = self.token.lock().await;
        if let Some(token) = &*token
            && !token.usable_until.is_expired(self.clock.now())
        {
            return Ok(token.clone());
        }
        let fresh = self.fetch(http).await?;
        *token = Some(fresh.clone());
        Ok(fresh)
    }

    /// Forgets a refused token, unless another one has taken its place.
    pub(crate) async fn discard(&self, refused: &AccessToken) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|token| Arc::ptr_eq(&token.text, &refused.text)) {
            *token = None;
        }
    }

    async fn fetch(&self, http: &HttpClient) -> Result<AccessToken, Box<RequestError>> {
        let call = Call::form(
            paths::CONNECT_TOKEN,
            vec![
                ("client_id", self.client_id.clone()),
                ("client_secret", self.client_secret.expose_secret().to_owned()),
                ("grant_type", GRANT_TYPE_PASSWORD.to_owned()),
                ("username", self.credentials.username.as_str().to_owned()),
                ("password", self.credentials.password.expose_secret().to_owned()),
            ],
        );
        let answer = http.send(&call, None).await.map_err(|error| no_auth(codes::NO_AUTH_POSSIBLE, error))?;
        match answer.status {
            200 => {}
            ..300 | 400 | 404 | 500 => {
                let error = call.error("", answer.status, "the Backbone refuses the credentials of the device");
                return Err(no_auth(codes::NO_AUTH_GRANT, error));
            }
            status => {
                let error = call.error("", status, "the Backbone hands out no access token");
                return Err(no_auth(codes::NO_AUTH_POSSIBLE, error));
            }
        }
        let response: TokenResponse = serde_json::from_slice(&answer.body)
            .map_err(|_| no_auth(codes::NO_AUTH_POSSIBLE, call.error("", 500, "the answer holds no access token")))?;
        let lifetime = Duration::from_secs(response.expires_in).saturating_sub(SAFETY_MARGIN);
        Ok(AccessToken {
            text: Arc::new(response.access_token),
            usable_until: self.clock.now().saturating_add(lifetime),
        })
    }
}

fn no_auth(code: &str, mut error: Box<RequestError>) -> Box<RequestError> {
    code.clone_into(&mut error.code);
    error.is_unsent = true;
    error
}
