//! HTTP around the resources: routes, authentication, reading of requests, form of the answers
//! (`docs/protocol/03 §1`).

mod answer;
mod api_error;
mod body;
mod caller;
mod canonical_path;
mod drain;
mod guarded;
mod memory;
mod path_id;
mod query;
mod records;
mod response_headers;
mod routes;
mod source;
mod web_json;

pub(crate) use answer::{Answer, JSON, NoContent, Paged};
pub(crate) use api_error::{ApiError, Obstacle};
pub(crate) use body::{Json, MAX_FORM, OptionalJson, read_in_pieces, read_limited};
pub(crate) use caller::{AccessToken, Caller, LoggedIn};
pub(crate) use drain::Drained;
pub(crate) use guarded::Guarded;
pub(crate) use memory::{Holder, Memory, Shares};
pub(crate) use path_id::PathId;
pub(crate) use query::{Paging, Query};
pub(crate) use records::{Extent, Lister, Records};
pub(crate) use routes::router;
pub(crate) use source::{Source, TrustedProxies};
