//! What the server tells about itself, and collections an embedded Backbone leaves empty (`docs/protocol/03 §9`).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backbone_api::Envelope;
use backbone_api::announcements::Announcement;
use backbone_api::version::{BackboneVersion, MAJOR_VERSION};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::http::{Answer, ApiError, Caller, Query};
use crate::{Backbone, language};

pub(crate) async fn version() -> Answer<BackboneVersion> {
    Answer::ok(BackboneVersion { major_version: MAJOR_VERSION.to_owned() })
}

/// `Healthy` while the database answers.
pub(crate) async fn health(State(backbone): State<Backbone>) -> Response {
    match sqlx::query("SELECT 1").execute(&backbone.database().readers).await {
        Ok(_) => "Healthy".into_response(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "Unhealthy").into_response()
        }
    }
}

pub(crate) async fn tags(State(backbone): State<Backbone>, headers: HeaderMap) -> Result<Response, ApiError> {
    let envelope = Envelope { result: &backbone.config().tags };
    let body = serde_json::to_vec(&envelope).map_err(|_| ApiError::Internal("serializing the tags"))?;
    let etag = format!("\"{}\"", STANDARD.encode(crypto::hash::sha256(body)));
    if headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| names(value, &etag))
    {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    Ok(([(header::ETAG, etag)], Json(envelope)).into_response())
}

/// Whether one of the entity tags in a header value is this one; weak tags count.
fn names(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

pub(crate) async fn announcements(_: Caller, query: Query) -> Result<Answer<Vec<Announcement>>, ApiError> {
    if !language::is_known(query.required("language")?) {
        return Err(ApiError::invalid_property("'language' must be a two-letter code of ISO 639-1."));
    }
    Ok(Answer::ok(Vec::new()))
}

pub(crate) async fn template_references(_: Caller) -> Answer<Vec<Value>> {
    Answer::ok(Vec::new())
}
