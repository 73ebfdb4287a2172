//! The caller of a request, by its bearer token.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::access_token::AccessToken;
use crate::context::Context;
use crate::http::{ApiError, Caller, LoggedIn, Shares};
use crate::resources::devices;

impl FromRequestParts<Context> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, ApiError> {
        <Self as OptionalFromRequestParts<Context>>::from_request_parts(parts, context)
            .await?
            .ok_or(ApiError::Unauthorized)
    }
}

/// Where authentication is optional, an invalid bearer token is an error all the same: its owner shall log in again
/// instead of being treated as anonymous.
impl OptionalFromRequestParts<Context> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Option<Self>, ApiError> {
        let Some(header) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
        let header = header.to_str().map_err(|_| ApiError::Unauthorized)?;
        let token = match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => AccessToken::given(token.trim()),
            _ => return Err(ApiError::Unauthorized),
        };
        let caller = caller_of(context, &token).await?.ok_or(ApiError::Unauthorized)?;
        // For reading the body: a caller who has logged in may send more.
        parts.extensions.insert(caller.clone());
        if let Some(logged_in) = parts.extensions.get::<LoggedIn>() {
            logged_in.set(caller.address.clone());
        }
        if let Some(shares) = parts.extensions.get::<Shares>() {
            shares.belong_to(caller.address.clone());
        }
        Ok(Some(caller))
    }
}

/// The device of a bearer token, while the token is valid.
async fn caller_of(context: &Context, token: &AccessToken) -> Result<Option<Caller>, ApiError> {
    Ok(devices::storage::caller(&context.database().readers, &token.hash(), context.now()).await?)
}
