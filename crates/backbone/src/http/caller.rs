use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use core_types::{DeviceId, IdentityAddress};
use rand::Rng as _;

use super::ApiError;
use super::memory::Shares;
use crate::context::Context;
use crate::oauth;

const TOKEN_BYTES: usize = 32;

/// The device that sends the request, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) address: IdentityAddress,
    pub(crate) device: DeviceId,
}

/// Tells the server, once it is known, which Identity a request is of.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoggedIn(Arc<OnceLock<IdentityAddress>>);

impl LoggedIn {
    pub(crate) fn identity(&self) -> Option<&IdentityAddress> {
        self.0.get()
    }

    pub(crate) fn set(&self, identity: IdentityAddress) {
        // It does not change during a request.
        let _ = self.0.set(identity);
    }
}

/// A bearer token: random, kept by its hash only. Being unguessable it needs no salt.
pub(crate) struct AccessToken(String);

impl AccessToken {
    pub(crate) fn generate() -> Self {
        let mut bytes = [0; TOKEN_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        Self(crypto::encoding::base64url_encode(bytes))
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        crypto::hash::sha256(&self.0)
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl FromRequestParts<Context> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, ApiError> {
        <Self as OptionalFromRequestParts<Context>>::from_request_parts(parts, context)
            .await?
            .ok_or(ApiError::Unauthorized)
    }
}

/// Where authentication is optional, a bearer token that is no longer good is an error all the same:
/// its owner shall log in again instead of being treated as a stranger.
impl OptionalFromRequestParts<Context> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Option<Self>, ApiError> {
        let Some(header) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
        let header = header.to_str().map_err(|_| ApiError::Unauthorized)?;
        let token = match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => AccessToken(token.trim().to_owned()),
            _ => return Err(ApiError::Unauthorized),
        };
        let caller = oauth::caller_of(context, &token).await?.ok_or(ApiError::Unauthorized)?;
        // For the reading of the body: who has logged in may send more.
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
