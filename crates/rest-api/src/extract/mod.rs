//! The inputs that handlers extract from a request, with the error envelope for invalid ones.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

mod disposition;
mod services;
pub(crate) mod upload;

pub(crate) use services::Services;

/// The parameters of the path, percent-decoded.
#[derive(Debug)]
pub(crate) struct PathParameters<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for PathParameters<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(parameters)) => Ok(Self(parameters)),
            Err(PathRejection::FailedToDeserializePathParams(failure))
                if matches!(failure.kind(), ErrorKind::InvalidUtf8InPathParam { .. }) =>
            {
                Err(ApiError::InvalidPath)
            }
            Err(failure) => Err(ApiError::unexpected(failure.to_string())),
        }
    }
}

/// The query parameters in their order, including repeated names; flat, with `+` as a space.
#[derive(Debug)]
pub(crate) struct QueryParameters(pub(crate) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for QueryParameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Ok(RawQuery(query)) = RawQuery::from_request_parts(parts, state).await;
        let query = query.unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}
