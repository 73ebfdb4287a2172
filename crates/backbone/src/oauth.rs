//! Logging in (`docs/protocol/03 §2`).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backbone_api::SecretText;
use backbone_api::oauth::{
    ACCESS_DENIED, GRANT_TYPE_PASSWORD, INVALID_CLIENT, INVALID_GRANT, INVALID_REQUEST, OAuthError, TokenResponse,
    UNSUPPORTED_GRANT_TYPE,
};
use backbone_api::sse::SseEvent;

use crate::devices::storage::{self as devices, Login};
use crate::http::{AccessToken, ApiError, Caller, read_body};
use crate::sse::Audience;
use crate::unit::Unit;
use crate::{Backbone, clients, password};

const ATTEMPTS_UNTIL_LOCK: i64 = 3;

/// Why no token is given.
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
}

const fn refusal(status: StatusCode, error: &'static str, description: &'static str) -> Refusal {
    Refusal { status, error, description }
}

const WRONG_CREDENTIALS: Refusal =
    refusal(StatusCode::BAD_REQUEST, INVALID_GRANT, "The username or password is wrong.");
const LOCKED: Refusal =
    refusal(StatusCode::BAD_REQUEST, ACCESS_DENIED, "The account is locked after too many failed attempts.");
const WRONG_CLIENT: Refusal = refusal(StatusCode::UNAUTHORIZED, INVALID_CLIENT, "The client id or secret is wrong.");
const OTHER_GRANT: Refusal =
    refusal(StatusCode::BAD_REQUEST, UNSUPPORTED_GRANT_TYPE, "Only the grant 'password' is supported.");
const MISSING_FIELD: Refusal = refusal(StatusCode::BAD_REQUEST, INVALID_REQUEST, "A required field is missing.");

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = OAuthError {
            error: self.error.to_owned(),
            error_description: self.description.to_owned(),
            error_uri: None,
        };
        (self.status, Json(error)).into_response()
    }
}

/// What the form holds once it is complete and the client is known.
struct Credentials {
    username: String,
    password: SecretText,
}

pub(crate) async fn token(State(backbone): State<Backbone>, request: Request) -> Result<Response, ApiError> {
    let body = read_body(request.into_body()).await?;
    let credentials = match credentials(&backbone, &body) {
        Ok(credentials) => credentials,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    Ok(match log_in(&backbone, &credentials).await? {
        Ok(token) => Json(token).into_response(),
        Err(refusal) => refusal.into_response(),
    })
}

/// The device a bearer token was given to, while it is good.
pub(crate) async fn caller_of(backbone: &Backbone, token: &AccessToken) -> Result<Option<Caller>, ApiError> {
    Ok(devices::caller(&backbone.database().readers, &token.hash(), backbone.now()).await?)
}

fn credentials(backbone: &Backbone, body: &[u8]) -> Result<Credentials, Refusal> {
    let form: HashMap<_, _> = form_urlencoded::parse(body).collect();
    let field = |name| form.get(name).map(AsRef::as_ref).filter(|value: &&str| !value.is_empty()).ok_or(MISSING_FIELD);
    if field("grant_type")? != GRANT_TYPE_PASSWORD {
        return Err(OTHER_GRANT);
    }
    clients::authenticate(&backbone.settings().clients, field("client_id")?, field("client_secret")?)
        .ok_or(WRONG_CLIENT)?;
    Ok(Credentials { username: field("username")?.trim().to_owned(), password: field("password")?.into() })
}

async fn log_in(backbone: &Backbone, credentials: &Credentials) -> Result<Result<TokenResponse, Refusal>, ApiError> {
    // Hashing takes its time, so it happens between a reading and a writing transaction.
    let login = devices::login(&backbone.database().readers, &credentials.username).await?;
    if login.as_ref().is_some_and(|login| login.is_locked(backbone.now())) {
        return Ok(Err(LOCKED));
    }
    let is_right = password::verify(credentials.password.expose(), login.map(|login| login.password)).await?;
    let mut unit = backbone.write().await?;
    let result = record_attempt(&mut unit, &credentials.username, is_right).await;
    unit.finish(result).await
}

async fn record_attempt(
    unit: &mut Unit,
    username: &str,
    is_right: bool,
) -> Result<Result<TokenResponse, Refusal>, ApiError> {
    let now = unit.now;
    // Read again: attempts at the same time may have locked the account meanwhile.
    let Some(login) = devices::login(unit.db(), username).await? else { return Ok(Err(WRONG_CREDENTIALS)) };
    if login.is_locked(now) {
        return Ok(Err(LOCKED));
    }
    if !is_right {
        let failed = login.failed_logins + 1;
        let locked_until = (failed >= ATTEMPTS_UNTIL_LOCK).then(|| now.saturating_add(unit.config.lockout));
        let failed = if locked_until.is_some() { 0 } else { failed };
        devices::record_failed_login(unit.db(), &login.device, failed, locked_until).await?;
        return Ok(Err(WRONG_CREDENTIALS));
    }
    if login.grace_period_is_over(now) {
        return Ok(Err(WRONG_CREDENTIALS));
    }
    if login.is_backup_device {
        unit.notify(Audience::Identity(login.identity), SseEvent::BackupDeviceUsed);
    }
    let token = AccessToken::generate();
    let lifetime = unit.config.access_token_lifetime;
    devices::record_login(unit.db(), &login.device, now).await?;
    devices::insert_access_token(unit.db(), &token.hash(), &login.device, now.saturating_add(lifetime), now).await?;
    Ok(Ok(TokenResponse {
        access_token: token.into_text().into(),
        token_type: "Bearer".to_owned(),
        expires_in: lifetime.as_secs(),
    }))
}

impl Login {
    fn is_locked(&self, now: core_types::Timestamp) -> bool {
        self.locked_until.is_some_and(|until| until > now)
    }

    fn grace_period_is_over(&self, now: core_types::Timestamp) -> bool {
        self.deletion_grace_period_ends_at.is_some_and(|end| end.is_expired(now))
    }
}
