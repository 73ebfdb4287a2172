//! The stream of server-sent events of the Backbone (`docs/protocol/03 §14`).

use std::{fmt, time::Duration};

use backbone_api::paths;
use bytes::Bytes;
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue},
};

use super::{
    Backbone,
    call::Call,
    client::HttpClient,
    network_error::network_error,
    refusal::{asked_pause, redirect_destination, redirect_reason},
};
use crate::{
    error::Result,
    request_error::{RequestError, codes},
};

const EVENT_STREAM: &str = "text/event-stream";

/// Even a stream that seems to work is closed after this time, and so renewed.
const MAX_LIFE: Duration = Duration::from_hours(24);

/// An open stream of server-sent events. It is closed when it is dropped.
pub struct EventStream {
    call: Call,
    response: Response,
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventStream")
    }
}

impl EventStream {
    /// The next bytes, as they arrive; `None` when the Backbone has closed the stream. A stream lives for a day at
    /// most.
    ///
    /// # Errors
    /// `error.transport.request.*` when the connection breaks.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        Ok(self.response.chunk().await.map_err(|error| network_error(&self.call, &error))?)
    }
}

impl Backbone {
    /// Opens the stream, at another base URL if one is given. A refused token is replaced by a new one.
    /// The answer must begin within `limit`.
    pub(crate) async fn listen(&self, base_url: Option<&str>, limit: Duration) -> Result<EventStream> {
        let http = base_url.map_or_else(|| self.http.clone(), |base_url| self.http.at(base_url));
        let call = Call::get(paths::SSE);
        let token = self.authenticator.token(&self.http).await?;
        let mut response = http.open_stream(&call, token.expose(), limit).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.authenticator.discard(&token).await;
            let token = self.authenticator.token(&self.http).await?;
            response = http.open_stream(&call, token.expose(), limit).await?;
        }
        check(&call, &response)?;
        Ok(EventStream { call, response })
    }
}

impl HttpClient {
    async fn open_stream(&self, call: &Call, bearer: &str, limit: Duration) -> Result<Response, Box<RequestError>> {
        let mut request = self.request(call, Some(bearer))?;
        *request.timeout_mut() = Some(MAX_LIFE);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(EVENT_STREAM));
        // Compression buffers, and would hold events back.
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        match tokio::time::timeout(limit, self.execute(request)).await {
            Ok(answer) => answer.map_err(|error| network_error(call, &error)),
            Err(_) => Err(call.error(codes::ABORTED, 500, format!("no answer within {} ms", limit.as_millis()))),
        }
    }
}

fn check(call: &Call, response: &Response) -> Result<(), Box<RequestError>> {
    let status = response.status();
    if status != StatusCode::OK {
        let code = if status == StatusCode::UNAUTHORIZED { codes::UNAUTHORIZED } else { codes::UNEXPECTED };
        let redirect = redirect_destination(status.as_u16(), response.headers()).map(|to| redirect_reason(&to));
        let reason = redirect.unwrap_or_else(|| "the Backbone opens no stream of events".to_owned());
        let mut error = call.error(code, status.as_u16(), reason);
        error.retry_after = asked_pause(response.headers());
        return Err(error);
    }
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.to_ascii_lowercase().starts_with(EVENT_STREAM) {
        return Err(call.error(codes::RESULT_UNDEFINED, 500, "the answer is no stream of events"));
    }
    Ok(())
}
