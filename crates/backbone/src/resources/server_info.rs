//! Information about the server, and the tags (`docs/protocol/03 §9`).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backbone_api::version::{BackboneVersion, MAJOR_VERSION};

use crate::context::Context;
use crate::http::{Answer, JSON};

pub(crate) async fn version() -> Answer<BackboneVersion> {
    Answer::ok(BackboneVersion { major_version: MAJOR_VERSION.to_owned() })
}

pub(crate) async fn tags(State(context): State<Context>, headers: HeaderMap) -> Response {
    let tags = &context.settings().tags;
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let etag = [(header::ETAG, tags.etag.clone())];
    if held.into_iter().any(|value| tags.is_named_by(value)) {
        return (StatusCode::NOT_MODIFIED, etag).into_response();
    }
    (etag, [(header::CONTENT_TYPE, JSON)], tags.body.clone()).into_response()
}
