use std::collections::HashMap;
use std::time::Duration;

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
use core_types::Timestamp;

use super::access_token::AccessToken;
use crate::context::Context;
use crate::http::{ApiError, MAX_FORM, Source, read_limited};
use crate::hub::Audience;
use crate::password::Asker;
use crate::resources::devices::storage::{self as devices, Login};
use crate::unit::Unit;

const ATTEMPTS_UNTIL_LOCK: i64 = 3;

/// The reason why no token is issued.
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

/// The content of a complete form.
struct Credentials {
    client_id: String,
    client_secret: SecretText,
    username: String,
    password: SecretText,
}

pub(crate) async fn token(State(context): State<Context>, request: Request) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let body = read_limited(&head.extensions, body, MAX_FORM).await?;
    let source = Source::of_request(&head.extensions);
    let credentials = match credentials(&body) {
        Ok(credentials) => credentials,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let (id, secret) = (&credentials.client_id, credentials.client_secret.expose());
    if context.authenticate_client(id, secret, source)?.is_none() {
        return Ok(WRONG_CLIENT.into_response());
    }
    let asker = Asker::anonymous(source, credentials.username.as_str());
    Ok(match log_in(&context, &credentials, asker).await? {
        Ok(token) => Json(token).into_response(),
        Err(refusal) => refusal.into_response(),
    })
}

fn credentials(body: &[u8]) -> Result<Credentials, Refusal> {
    let form: HashMap<_, _> = form_urlencoded::parse(body).collect();
    let field = |name| form.get(name).map(AsRef::as_ref).filter(|value: &&str| !value.is_empty()).ok_or(MISSING_FIELD);
    if field("grant_type")? != GRANT_TYPE_PASSWORD {
        return Err(OTHER_GRANT);
    }
    Ok(Credentials {
        client_id: field("client_id")?.to_owned(),
        client_secret: field("client_secret")?.into(),
        username: field("username")?.trim().to_owned(),
        password: field("password")?.into(),
    })
}

async fn log_in(
    context: &Context,
    credentials: &Credentials,
    asker: Asker,
) -> Result<Result<TokenResponse, Refusal>, ApiError> {
    // Before anything else, because a flood would make all others wait for the database as well.
    let turn = context.passwords().turn(asker).await?;
    // Hashing takes its time, so it happens between a reading and a writing transaction.
    let login = devices::login(&context.database().readers, &credentials.username).await?;
    if login.as_ref().is_some_and(|login| login.is_locked(context.now(), context.config().lockout)) {
        return Ok(Err(LOCKED));
    }
    let exists = login.is_some();
    let stored = login.map(|login| login.password);
    let is_right = context.passwords().verify_with(turn, credentials.password.expose(), stored).await?;
    if !exists {
        // Nothing to record, so no need to wait for the writer.
        return Ok(Err(WRONG_CREDENTIALS));
    }
    let mut unit = Unit::write(context).await?;
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
    if login.is_locked(now, unit.config().lockout) {
        return Ok(Err(LOCKED));
    }
    if !is_right {
        let failed = login.failed_logins + 1;
        let locked_until = (failed >= ATTEMPTS_UNTIL_LOCK).then(|| now.saturating_add(unit.config().lockout));
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
    let token = AccessToken::generate(&mut unit.randomness());
    let lifetime = unit.config().access_token_lifetime;
    devices::record_login(unit.db(), &login.device, now).await?;
    devices::insert_access_token(unit.db(), &token.hash(), &login.device, now.saturating_add(lifetime), now).await?;
    Ok(Ok(TokenResponse {
        access_token: token.into_text().into(),
        token_type: "Bearer".to_owned(),
        expires_in: lifetime.as_secs(),
    }))
}

impl Login {
    /// No lock is longer than `longest`: one that seems to be was written before the clock was set back.
    fn is_locked(&self, now: Timestamp, longest: Duration) -> bool {
        self.locked_until.is_some_and(|until| until > now && until <= now.saturating_add(longest))
    }

    fn grace_period_is_over(&self, now: core_types::Timestamp) -> bool {
        self.deletion_grace_period_ends_at.is_some_and(|end| end.is_expired(now))
    }
}
