//! `GET /api/delivery/v1/EventStream`: the events as server-sent events, for systems that cannot open a port
//! (`docs/delivery.md`).

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::IntoResponse as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::error::ApiError;
use crate::event_stream::{EventStream, Start, StreamRequest};
use crate::extract::{QueryParameters, Services};
use crate::middleware::allowance::Allowance;
use crate::response::ApiResult;
use crate::server::Connection;
use crate::state::ApiState;

const GUARD: Guard = Guard(&["delivery:events"]);
/// Sent by a client that reconnects.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Prevents a common proxy from buffering the stream.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(GUARD.any_type(routes!(open)))
}

/// The events as server-sent events.
///
/// The first message is `position`, or `gap` if events after the asked position are not in the log any more. Each further
/// one is named as its event, its id is the position after it, and its data an object with `id`, `trigger`, `data`, `createdAt` and
/// `correlationId`.
#[utoipa::path(get, path = "/EventStream", operation_id = "openEventStream", tag = "Delivery",
    params(
        ("trigger" = Option<Vec<String>>, Query, description = "Only events that one of these triggers means: names of events, `*` for one part of a name, `**` for any number. May be repeated."),
        ("after" = Option<i64>, Query, description = "The position after which to begin; `0` for the oldest event that is kept, absent for the next one."),
        ("Last-Event-ID" = Option<String>, Header, description = "As `after`, and stronger: what clients send when they connect again.")),
    responses(
        (status = 200, description = "The stream. It ends after an hour at the latest; clients connect again.", body = String, content_type = "text/event-stream"),
        (status = 503, description = "As many streams are open as the configuration allows, to all or to one caller.")))]
async fn open(
    State(state): State<ApiState>,
    services: Services,
    QueryParameters(query): QueryParameters,
    allowance: Allowance,
    connection: Connection,
    headers: HeaderMap,
) -> ApiResult {
    let last_event_id = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or_default());
    let request = StreamRequest::parse(&query, last_event_id)?;
    let place = state.event_streams().try_enter(allowance.caller()).ok_or(ApiError::TooManyEventStreams)?;
    let start = Start::find(&services.events(0), request.after).await?;
    let reader = services.events(start.after());
    let stream = EventStream::new(reader, request.triggers, start, place, connection);
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (ACCEL_BUFFERING, "no")];
    Ok((headers, Body::from_stream(stream.into_frames())).into_response())
}
