//! Calls to the Backbone.

mod answer;
mod authenticator;
mod call;
mod client;
mod compatibility;
mod event_stream;
mod measurement;
mod network_error;
mod refusal;
mod server_time;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use backbone_api::paging::PAGE_NUMBER;
use bytes::Bytes;
use core_types::Timestamp;
use serde::de::DeserializeOwned;

pub(crate) use answer::Answer;
pub(crate) use authenticator::Authenticator;
pub use authenticator::check_client;
pub(crate) use call::Call;
pub(crate) use client::HttpClient;
pub(crate) use compatibility::compatibility;
pub use compatibility::{BackboneAnswer, BackboneCompatibility, ask_backbone, backbone_compatibility};
pub use event_stream::EventStream;

use crate::{
    error::{Result, TransportError},
    request_error::codes,
};

/// A list with more pages than this is not fetched.
const MAX_PAGES: u64 = 5_000;

/// The Backbone, as seen by one device.
#[derive(Debug, Clone)]
pub(crate) struct Backbone {
    http: HttpClient,
    authenticator: Arc<Authenticator>,
}

impl Backbone {
    pub(crate) fn new(http: HttpClient, authenticator: Authenticator) -> Self {
        Self { http, authenticator: Arc::new(authenticator) }
    }

    /// The client for calls without a login.
    pub(crate) fn anonymous(&self) -> &HttpClient {
        &self.http
    }

    /// The latest time that the Backbone has reported.
    pub(crate) fn latest_time(&self) -> Option<Timestamp> {
        self.http.latest_time()
    }

    /// Makes sure that there is an access token.
    pub(crate) async fn log_in(&self) -> Result<()> {
        self.authenticator.token(&self.http).await?;
        Ok(())
    }

    /// The `result` of a call.
    pub(crate) async fn result<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        Ok(self.send(&call).await?.result(&call)?)
    }

    /// Sends a call whose result does not matter.
    pub(crate) async fn done(&self, call: Call) -> Result<()> {
        Ok(self.send(&call).await?.done(&call)?)
    }

    /// A deletion. A missing record counts as deleted: the answer to an earlier attempt was lost, or the record has
    /// expired.
    pub(crate) async fn deleted(&self, call: Call) -> Result<()> {
        match self.done(call).await {
            Err(TransportError::Request(error)) if error.code == backbone_api::codes::RECORD_NOT_FOUND => Ok(()),
            other => other,
        }
    }

    /// The `result` of a call with its ETag; `None` if the one the caller knows is still valid.
    pub(crate) async fn result_if_changed<T: DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<Option<(T, Option<String>)>> {
        let answer = self.send(&call).await?;
        if answer.status() == 304 {
            return Ok(None);
        }
        Ok(Some((answer.result(&call)?, answer.etag())))
    }

    /// The bytes of a download.
    pub(crate) async fn bytes(&self, call: Call) -> Result<Bytes> {
        Ok(self.send(&call).await?.bytes(&call)?)
    }

    /// One page of a list, and the number of pages.
    pub(crate) async fn page<T: DeserializeOwned>(&self, call: &Call) -> Result<(Vec<T>, u64)> {
        Ok(self.send(call).await?.page(call)?)
    }

    /// All pages of a list. The number of pages is that of the first answer (`docs/protocol/02 §3.5`).
    pub(crate) async fn pages<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>> {
        let (mut items, pages) = self.send(&call).await?.page(&call)?;
        if pages > MAX_PAGES {
            let reason = format!("the list has {pages} pages, at most {MAX_PAGES} are fetched");
            return Err(call.error(codes::RESULT_UNDEFINED, 500, reason).into());
        }
        for number in 2..=pages {
            let next = call.clone().query(PAGE_NUMBER, Some(number));
            let (more, _) = self.send(&next).await?.page(&next)?;
            // Nothing follows an empty page, whatever number was announced.
            if more.is_empty() {
                break;
            }
            items.extend(more);
        }
        Ok(items)
    }

    /// Sends the call with an access token. If the token is refused, sends it once more with a new one; that answer is
    /// final.
    async fn send(&self, call: &Call) -> Result<Answer> {
        let token = self.authenticator.token(&self.http).await?;
        let answer = self.http.send(call, Some(token.expose())).await?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        self.authenticator.discard(&token).await;
        let token = self.authenticator.token(&self.http).await?;
        Ok(self.http.send(call, Some(token.expose())).await?)
    }
}

impl HttpClient {
    /// The `result` of a call without a login.
    pub(crate) async fn result<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        Ok(self.send(&call, None).await?.result(&call)?)
    }
}
