//! HTTP around the resources: routes, authentication, reading of requests, form of the answers
//! (`docs/protocol/03 §1`).

mod answer;
mod api_error;
mod body;
mod caller;
mod canonical_path;
mod path_id;
mod query;
mod response_headers;
mod routes;

pub(crate) use answer::{Answer, JSON, NoContent, Paged};
pub(crate) use api_error::ApiError;
pub(crate) use body::{Json, OptionalJson, read_body};
pub(crate) use caller::{AccessToken, Caller};
pub(crate) use path_id::PathId;
pub(crate) use query::{Paging, Query};
pub(crate) use routes::router;
