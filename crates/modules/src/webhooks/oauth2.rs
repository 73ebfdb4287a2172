//! Tokens for targets that ask for OAuth2 client credentials.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::target::DeliveryError;

/// A token is not used in the last seconds of its life.
const MARGIN: Duration = Duration::from_secs(10);

/// Fetches and keeps the token of one target. Whoever asks while one is being fetched waits for that one.
#[derive(Debug)]
pub(super) struct TokenSource {
    client: reqwest::Client,
    access_token_url: Url,
    client_id: String,
    client_secret: SecretString,
    scope: Option<String>,
    current: Mutex<Option<Token>>,
}

#[derive(Debug, Clone)]
struct Token {
    authorization: HeaderValue,
    usable_until: Instant,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: SecretString,
    /// Seconds. Without it the token is good for one use.
    expires_in: Option<f64>,
}

impl TokenSource {
    pub(super) fn new(
        client: reqwest::Client,
        access_token_url: Url,
        client_id: String,
        client_secret: SecretString,
        scope: Option<String>,
    ) -> Self {
        Self { client, access_token_url, client_id, client_secret, scope, current: Mutex::new(None) }
    }

    /// The value of the header `Authorization`.
    pub(super) async fn authorization(&self) -> Result<HeaderValue, DeliveryError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| Instant::now() < token.usable_until) {
            return Ok(token.authorization.clone());
        }
        let token = self.fetch().await?;
        Ok(current.insert(token).authorization.clone())
    }

    /// Forgets the token, after a target refused it.
    pub(super) async fn forget(&self) {
        *self.current.lock().await = None;
    }

    async fn fetch(&self) -> Result<Token, DeliveryError> {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let response = self
            .client
            .post(self.access_token_url.clone())
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            // The answer is read, so it has to come in a form that the client decodes.
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))
            .form(&form)
            .send()
            .await
            .map_err(|error| DeliveryError::Token(DeliveryError::transport(&error)))?;
        if response.status() != StatusCode::OK {
            return Err(DeliveryError::Token(format!("status {}", response.status().as_u16())));
        }
        let answer: TokenResponse =
            response.json().await.map_err(|_| DeliveryError::Token("the answer holds no access token".to_owned()))?;
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", answer.access_token.expose_secret()))
            .map_err(|_| DeliveryError::Token("the access token is not a header value".to_owned()))?;
        authorization.set_sensitive(true);
        let life = Duration::try_from_secs_f64(answer.expires_in.unwrap_or(0.0)).unwrap_or_default();
        Ok(Token { authorization, usable_until: Instant::now() + life.saturating_sub(MARGIN) })
    }
}
