//! The vocabulary of HTTP that resources need: callers, extractors, answers (`docs/protocol/03 §1`).

mod answer;
mod api_error;
mod body;
mod caller;
mod content_type;
mod drain;
mod error_bodies;
mod guarded;
mod memory;
mod path_id;
mod query;
mod shutdown;
mod source;
mod web_json;

pub(crate) use answer::{Answer, NoContent, Paged, pagination};
pub(crate) use api_error::{ApiError, Exhausted, Failure};
pub(crate) use body::{Json, MAX_FORM, OptionalJson, read_in_pieces, read_limited};
pub(crate) use caller::{Caller, LoggedIn};
pub(crate) use content_type::JSON;
pub(crate) use drain::Drained;
pub(crate) use error_bodies::ErrorBodies;
pub(crate) use guarded::Guarded;
pub(crate) use memory::{Holder, Memory, Shares, account};
pub(crate) use path_id::PathId;
pub(crate) use query::{Paging, Query};
pub(crate) use shutdown::Shutdown;
pub(crate) use source::{Source, TrustedProxies};
