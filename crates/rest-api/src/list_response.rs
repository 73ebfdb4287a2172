//! Lists as answers: short ones in one piece, long ones while they are read.
//!
//! The length of a list is only known at its end. So the answer begins in memory. If it fits there, it is sent like any
//! other answer, with its length and an entity tag; otherwise the rest follows as it is read from the store. A failure
//! in the middle ends the connection without the end of the body, so that no client takes a part for the whole.

use std::io;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use futures_util::{Stream, stream};
use runtime::{ApplicationError, Listing, RuntimeError};
use serde::Serialize;

use crate::response::{ApiResult, JSON_CONTENT_TYPE};

/// Longer answers are sent in parts.
const IN_MEMORY: usize = 1024 * 1024;
/// The size of these parts, unless a single object is larger.
const PART: usize = 64 * 1024;

/// 200 with the objects of a list.
pub(crate) async fn list<D: Serialize + Send + 'static>(items: Listing<D>) -> ApiResult {
    let mut writer = Writer { items, is_first: true, has_ended: false };
    let mut text = String::from("{\"result\":[");
    writer.write(&mut text, IN_MEMORY).await?;
    let content_type = [(CONTENT_TYPE, JSON_CONTENT_TYPE)];
    if writer.has_ended {
        return Ok((content_type, text).into_response());
    }
    let mut response = (content_type, Body::from_stream(parts(text, writer))).into_response();
    response.extensions_mut().insert(Streamed);
    Ok(response)
}

/// Marks an answer that is read while it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streamed;

/// Writes the objects one by one.
struct Writer<D> {
    items: Listing<D>,
    is_first: bool,
    has_ended: bool,
}

impl<D: Serialize + Send + 'static> Writer<D> {
    /// Continues until the text has `enough` bytes, or is complete.
    async fn write(&mut self, text: &mut String, enough: usize) -> Result<(), ApplicationError> {
        while text.len() < enough {
            let Some(item) = self.items.next().await? else {
                self.has_ended = true;
                text.push_str("]}");
                return Ok(());
            };
            if !std::mem::take(&mut self.is_first) {
                text.push(',');
            }
            let item =
                core_types::json::to_string(&item).map_err(|error| RuntimeError::Unexpected(error.to_string()))?;
            text.push_str(&item);
        }
        Ok(())
    }
}

/// The text written so far, followed by the rest.
fn parts<D: Serialize + Send + 'static>(
    beginning: String,
    writer: Writer<D>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((beginning, writer), async |(mut text, mut writer)| {
        if text.is_empty() {
            if writer.has_ended {
                return Ok(None);
            }
            writer.write(&mut text, PART).await.map_err(|error| {
                tracing::error!(error.code = error.code(), %error, "an answer was cut off because the rest of the list cannot be read");
                io::Error::other(error)
            })?;
        }
        Ok(Some((Bytes::from(text), (String::new(), writer))))
    })
}
