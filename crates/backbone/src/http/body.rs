use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use backbone_api::codes;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;

use super::ApiError;

/// 20 MiB (`docs/protocol/03 §1.1`).
const MAX_BODY_BYTES: usize = 20 * 1024 * 1024;

/// The whole body, if it is not too large.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        if std::error::Error::source(&error).is_some_and(|source| source.is::<LengthLimitError>()) {
            ApiError::rule(codes::REQUEST_BODY_TOO_LARGE, "The request body is too large.")
        } else {
            ApiError::cannot_parse("the request body could not be read")
        }
    })
}

/// A JSON body. The content type is not looked at.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        parse(&read_body(request.into_body()).await?).map(Self)
    }
}

/// A JSON body that may be missing.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let body = read_body(request.into_body()).await?;
        if body.is_empty() { Ok(Self(T::default())) } else { parse(&body).map(Self) }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // The library would read an array as the members of an object in order.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(ApiError::cannot_parse("'.': a JSON object is expected"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| ApiError::cannot_parse(format!("'{}': {}", error.path(), error.inner())))?;
    deserializer.end().map_err(|error| ApiError::cannot_parse(format!("'.': {error}")))?;
    Ok(value)
}
