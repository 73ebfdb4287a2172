//! Tokens for targets that ask for OAuth2 client credentials (`docs/protocol/07 §5.1`).

use std::time::Duration;

use delivery::DeliveryError;
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

use super::target::{AskedPause, asked_pause, transport_failure};

/// A token is not used in the last seconds of its lifetime.
const MARGIN: Duration = Duration::from_secs(10);
/// Nor after this time, whatever the issuer says.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// A larger answer contains no token that would fit a header.
const MAX_ANSWER: usize = 64 * 1024;

/// The credentials that tokens are requested with.
#[derive(Debug)]
pub(super) struct ClientCredentials {
    pub(super) access_token_url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) scope: Option<String>,
}

/// Fetches and caches the token of one target. A caller that asks while one is being fetched waits for it, and shares
/// its failure.
#[derive(Debug)]
pub(super) struct TokenSource {
    client: reqwest::Client,
    credentials: ClientCredentials,
    timeout: Duration,
    pause: AskedPause,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Token>,
    /// The latest failure, and the time at which it was known.
    failure: Option<(Instant, DeliveryError)>,
}

#[derive(Debug, Clone)]
struct Token {
    authorization: HeaderValue,
    usable_until: Instant,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: SecretString,
    /// In seconds; some issuers write them as a string. Without it the token is valid for one use.
    expires_in: Option<Value>,
}

impl TokenSource {
    /// `timeout` limits a request for a token, `longest_pause` the pause that the issuer can ask for.
    pub(super) fn new(
        client: reqwest::Client,
        credentials: ClientCredentials,
        timeout: Duration,
        longest_pause: Duration,
    ) -> Self {
        let pause = AskedPause::new("the issuer of tokens", longest_pause);
        Self { client, credentials, timeout, pause, state: Mutex::default() }
    }

    /// The value of the header `Authorization`.
    pub(super) async fn authorization(&self) -> Result<HeaderValue, DeliveryError> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(token) = state.current.as_ref().filter(|token| Instant::now() < token.usable_until) {
            return Ok(token.authorization.clone());
        }
        if let Some((_, failure)) = state.failure.as_ref().filter(|(known, _)| asked < *known) {
            return Err(failure.clone());
        }
        self.pause.check()?;
        match self.fetch().await {
            Ok(token) => Ok(state.current.insert(token).authorization.clone()),
            Err(reason) => {
                let failure = DeliveryError::Unreachable(format!("no OAuth2 token could be obtained: {reason}"));
                state.failure = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Discards the token that a target refused, unless it has already been replaced.
    pub(super) async fn forget(&self, refused: &HeaderValue) {
        let mut state = self.state.lock().await;
        state.current.take_if(|token| token.authorization == *refused);
    }

    /// The error describes the fault, without secrets.
    async fn fetch(&self) -> Result<Token, String> {
        let ClientCredentials { access_token_url, client_id, client_secret, scope } = &self.credentials;
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let request = self
            .client
            .post(access_token_url.clone())
            .basic_auth(client_id, Some(client_secret.expose_secret()))
            // The answer is read, so it has to come in a form that the client decodes.
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))
            .timeout(self.timeout)
            .form(&form);
        let response = request.send().await.map_err(|error| transport_failure(&error))?;
        if response.status() != StatusCode::OK {
            if let Some(pause) = asked_pause(&response) {
                self.pause.begin(pause);
            }
            return Err(format!("status {}", response.status().as_u16()));
        }
        let answer: TokenResponse = foreign_json::from_slice(read(response).await?)
            .map_err(|_| "the answer holds no access token".to_owned())?;
        let bearer = Zeroizing::new(format!("Bearer {}", answer.access_token.expose_secret()));
        let mut authorization =
            HeaderValue::from_str(&bearer).map_err(|_| "the access token is not a header value".to_owned())?;
        authorization.set_sensitive(true);
        let life = life(answer.expires_in.as_ref()).min(LONGEST_LIFE).saturating_sub(MARGIN);
        Ok(Token { authorization, usable_until: Instant::now() + life })
    }
}

async fn read(mut response: Response) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut answer = Zeroizing::new(Vec::with_capacity(MAX_ANSWER));
    while let Some(chunk) = response.chunk().await.map_err(|error| transport_failure(&error))? {
        if answer.len() + chunk.len() > MAX_ANSWER {
            return Err("the answer is too large".to_owned());
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

/// Zero if it is missing or meaningless.
fn life(expires_in: Option<&Value>) -> Duration {
    let seconds = match expires_in {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    Duration::try_from_secs_f64(seconds.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lives_of_tokens() {
        for (value, seconds) in [
            (json!(3600), 3600),
            (json!(10.5), 10),
            (json!("300"), 300),
            (json!("soon"), 0),
            (json!(-1), 0),
            (json!(1e300), 0),
            (json!(null), 0),
        ] {
            assert_eq!(life(Some(&value)).as_secs(), seconds, "{value}");
        }
        assert_eq!(life(None), Duration::ZERO);
    }
}
