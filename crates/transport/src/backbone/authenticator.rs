//! Access tokens of one device (`docs/protocol/02 §3.4`).

use std::{sync::Arc, time::Duration};

use backbone_api::{
    SecretText,
    oauth::{GRANT_TYPE_PASSWORD, TokenResponse},
    paths,
};
use core_types::{Clock, Timestamp, Username};
use protocol::device::DeviceCredentials;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::call::Call;
use super::client::HttpClient;
use super::refusal::{asked_pause, redirect_destination, redirect_reason};
use crate::{
    config::TransportConfig,
    error::TransportError,
    request_error::{RequestError, codes},
};

/// A token is not used in its last seconds, in which it could expire on the way.
const SAFETY_MARGIN: Duration = Duration::from_secs(10);

/// The login of a device.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) username: Username,
    pub(crate) password: SecretString,
}

impl From<DeviceCredentials> for Credentials {
    fn from(credentials: DeviceCredentials) -> Self {
        Self {
            username: Username::new(credentials.username.as_str()),
            password: SecretString::from(credentials.password.as_str()),
        }
    }
}

/// Checks the OAuth client of a configuration without an Identity: a Backbone checks the client before the user, and
/// refuses the two with different statuses (`docs/protocol/03 §2`). Nobody is logged in.
///
/// # Errors
/// `error.transport.general.platformClientInvalid` if the client is refused, a configuration error or a failed call.
pub async fn check_client(config: &TransportConfig) -> Result<(), TransportError> {
    config.validate()?;
    let call = login_call(&config.platform_client_id, &config.platform_client_secret, NOBODY, NOBODY);
    let answer = HttpClient::new(config)?.send(&call, None).await?;
    match answer.status {
        200 | 400 => Ok(()),
        401 => Err(TransportError::PlatformClientInvalid),
        status => {
            let reason = no_token(status, &answer.headers);
            Err(call.error(codes::NO_AUTH_POSSIBLE, status, reason).into())
        }
    }
}

/// A user that no Backbone has: user names are assigned by the Backbone, and begin with `USR`.
const NOBODY: &str = "nobody";

fn login_call(client_id: &str, client_secret: &SecretString, username: &str, password: &str) -> Call {
    Call::form(
        paths::CONNECT_TOKEN,
        vec![
            ("client_id", client_id.to_owned()),
            ("client_secret", client_secret.expose_secret().to_owned()),
            ("grant_type", GRANT_TYPE_PASSWORD.to_owned()),
            ("username", username.to_owned()),
            ("password", password.to_owned()),
        ],
    )
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
        let credentials = &self.credentials;
        let password = credentials.password.expose_secret();
        let call = login_call(&self.client_id, &self.client_secret, credentials.username.as_str(), password);
        let answer = http.send(&call, None).await.map_err(|error| no_auth(codes::NO_AUTH_POSSIBLE, error))?;
        match answer.status {
            200 => {}
            400 if is_refusal(&answer.body) => {
                let error = call.error("", answer.status, "the Backbone refuses the credentials of the device");
                return Err(no_auth(codes::NO_AUTH_GRANT, error));
            }
            status => {
                let mut error = call.error("", status, no_token(status, &answer.headers));
                error.retry_after = asked_pause(&answer.headers);
                return Err(no_auth(codes::NO_AUTH_POSSIBLE, error));
            }
        }
        let response: TokenResponse = foreign_json::from_slice(&answer.body)
            .map_err(|_| no_auth(codes::NO_AUTH_POSSIBLE, call.error("", 500, "the answer holds no access token")))?;
        let lifetime = Duration::from_secs(response.expires_in).saturating_sub(SAFETY_MARGIN);
        Ok(AccessToken {
            text: Arc::new(response.access_token),
            usable_until: self.clock.now().saturating_add(lifetime),
        })
    }
}

/// Returns true if the Backbone itself refuses the credentials (RFC 6749 §5.2), and not something in front of it the
/// call.
fn is_refusal(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|body| body["error"].is_string())
}

/// The reason why an answer with this status has no token.
fn no_token(status: u16, headers: &HeaderMap) -> String {
    let redirect = redirect_destination(status, headers).map(|to| redirect_reason(&to));
    redirect.unwrap_or_else(|| match status {
        401 => "the Backbone refuses the OAuth client: check transportLibrary.platformClientId and \
                transportLibrary.platformClientSecret"
            .to_owned(),
        _ => "the Backbone hands out no access token".to_owned(),
    })
}

fn no_auth(code: &str, mut error: Box<RequestError>) -> Box<RequestError> {
    code.clone_into(&mut error.code);
    error.is_unsent = true;
    error
}
