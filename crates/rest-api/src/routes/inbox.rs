//! `/api/delivery/v1/Inbox`: received items that could not be applied yet (`docs/inbox.md`).

use runtime::dto::{InboxAttemptDto, InboxEntryDto};
use runtime::input::ListInboxRequest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::{PathParameters, QueryParameters, Services};
use crate::response::{ApiResult, ResultEnvelope, no_content, ok};
use crate::state::ApiState;

const INBOX: Guard = Guard(&["delivery:inbox"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(INBOX.json(routes!(list)))
        .routes(INBOX.json(routes!(get, discard)))
        .routes(INBOX.json(routes!(try_now)))
        .routes(INBOX.json(routes!(give_up)))
}

/// Entries that were received and could not be applied yet, or were given up, in the order in which they were received.
#[utoipa::path(get, path = "/Inbox", tag = "Delivery", operation_id = "listInbox",
    params(
        ("state" = Option<String>, Query, description = "Only entries that are `waiting`, or `givenUp`."),
        ("limit" = Option<u32>, Query, description = "How many at most, 1 to 1000; 100 if absent."),
        ("offset" = Option<u32>, Query, description = "How many of the front to leave out.")),
    responses((status = 200, description = "The entries.", body = ResultEnvelope<Vec<InboxEntryDto>>)))]
async fn list(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    let request = ListInboxRequest::parse(&query)?;
    ok(services.inbox().list(&request).await?)
}

/// An entry of the inbox.
#[utoipa::path(get, path = "/Inbox/{id}", tag = "Delivery", operation_id = "getInboxEntry",
    params(("id" = String, Path, description = "Id of the entry.")),
    responses((status = 200, description = "The entry.", body = ResultEnvelope<InboxEntryDto>)))]
async fn get(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.inbox().get(&id).await?)
}

/// Tries an entry now, also one that was given up. What is applied leaves the inbox.
#[utoipa::path(put, path = "/Inbox/{id}/Try", tag = "Delivery", operation_id = "tryInboxEntry",
    params(("id" = String, Path, description = "Id of the entry.")),
    responses((status = 200, description = "The outcome.", body = ResultEnvelope<InboxAttemptDto>)))]
async fn try_now(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.inbox().try_now(&id).await?)
}

/// Tries an entry no more. What the Backbone has of its object is kept with it.
#[utoipa::path(put, path = "/Inbox/{id}/GiveUp", tag = "Delivery", operation_id = "giveUpInboxEntry",
    params(("id" = String, Path, description = "Id of the entry.")),
    responses((status = 200, description = "The entry.", body = ResultEnvelope<InboxEntryDto>)))]
async fn give_up(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.inbox().give_up(&id).await?)
}

/// Removes an entry that was given up for good.
#[utoipa::path(delete, path = "/Inbox/{id}", tag = "Delivery", operation_id = "removeInboxEntry",
    params(("id" = String, Path, description = "Id of the entry.")),
    responses((status = 204, description = "The entry is removed.")))]
async fn discard(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    services.inbox().discard(&id).await?;
    no_content()
}
