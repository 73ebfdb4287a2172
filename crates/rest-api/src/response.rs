//! The successful answers (`docs/protocol/06 §1.2`).

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::qr_code;

pub(crate) const JSON_CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// The characters that ECMAScript's `encodeURIComponent` escapes.
const URI_COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The envelope of every successful JSON answer of the API.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultEnvelope<T> {
    /// The result of the operation.
    pub(crate) result: T,
}

/// The result of a handler.
pub(crate) type ApiResult = Result<Response, ApiError>;

/// 200 with a result.
pub(crate) fn ok<T: Serialize>(result: T) -> ApiResult {
    json(StatusCode::OK, &ResultEnvelope { result })
}

/// 201 with a result that has no path of its own.
pub(crate) fn created<T: Serialize>(result: T) -> ApiResult {
    json(StatusCode::CREATED, &ResultEnvelope { result })
}

/// 201 with a result that can be read again at `<collection>/<id>` of the API.
pub(crate) fn created_at<T: Serialize>(collection: &str, id: &str, result: T) -> ApiResult {
    let mut response = created(result)?;
    let path = format!("{}/{collection}/{id}", crate::paths::API_PREFIX);
    let location = HeaderValue::from_str(&path).map_err(|error| unsendable(&error))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// 204.
pub(crate) fn no_content() -> ApiResult {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// JSON without the envelope, with numbers and member order as in the clients' JSON libraries.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> ApiResult {
    let body = core_types::json::to_string(body).map_err(|error| ApiError::unexpected(error.to_string()))?;
    Ok((status, [(CONTENT_TYPE, JSON_CONTENT_TYPE)], body).into_response())
}

/// A file to save. A type that cannot be sent as a header becomes `application/octet-stream`.
pub(crate) fn attachment(status: StatusCode, filename: &str, mimetype: &str, content: impl Into<Body>) -> ApiResult {
    let mimetype = HeaderValue::from_str(mimetype).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let filename = utf8_percent_encode(filename, URI_COMPONENT);
    let disposition =
        HeaderValue::from_str(&format!("attachment;filename={filename}")).map_err(|error| unsendable(&error))?;
    let headers = [(CONTENT_TYPE, mimetype), (CONTENT_DISPOSITION, disposition)];
    Ok((status, headers, content.into()).into_response())
}

/// The QR code of `text` as `<id>.png`.
pub(crate) fn qr_code(status: StatusCode, id: &str, text: &str) -> ApiResult {
    let image = qr_code::png(text).map_err(|error| ApiError::unexpected(error.to_string()))?;
    attachment(status, &format!("{id}.png"), "image/png", image)
}

fn unsendable(error: &axum::http::header::InvalidHeaderValue) -> ApiError {
    ApiError::unexpected(error.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_of_files_cannot_break_headers() {
        let response =
            attachment(StatusCode::OK, "a b\r\nX: \"ü\";(1)!.txt", "text/plain\r\nX: y", Vec::new()).unwrap();
        assert_eq!(
            response.headers().get(CONTENT_DISPOSITION).unwrap(),
            "attachment;filename=a%20b%0D%0AX%3A%20%22%C3%BC%22%3B(1)!.txt"
        );
        assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), "application/octet-stream");
    }
}
