use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use backbone_api::sse::{DATA, SseEvent};
use futures_util::stream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::registration::{register, unregister};
use crate::context::Context;
use crate::http::{ApiError, Caller, Shutdown};
use crate::hub::Listener;

pub(crate) async fn listen(
    State(context): State<Context>,
    caller: Caller,
    shutdown: Option<Extension<Shutdown>>,
) -> Result<Response, ApiError> {
    let listening =
        Listening { listener: context.hub().listen(&caller.address, &caller.device), context: context.clone(), caller };
    register(&context, &listening.caller).await?;
    let period = context.config().sse_keep_alive;
    let mut keep_alive = interval_at(Instant::now() + period, period);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let shutdown = shutdown.map_or_else(CancellationToken::new, |Extension(Shutdown(token))| token);
    let stream = Stream { listening, keep_alive, shutdown, is_open: false };
    let events = stream::unfold(stream, async |mut stream| {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(Event::default().event(event.as_str()).data(DATA)), stream))
    });
    let connection = [(header::CONNECTION, HeaderValue::from_static("keep-alive"))];
    Ok((connection, Sse::new(events)).into_response())
}

/// A listener for as long as its stream is read.
struct Listening {
    listener: Arc<Listener>,
    context: Context,
    caller: Caller,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.context.hub().forget(&self.caller.address, &self.listener);
        let (context, caller) = (self.context.clone(), self.caller.clone());
        // Without a runtime the process is about to end; its successor tidies up.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = unregister(&context, &caller).await {
                    tracing::debug!(%error, "the push registration of a closed stream stays");
                }
            });
        }
    }
}

struct Stream {
    listening: Listening,
    keep_alive: Interval,
    shutdown: CancellationToken,
    is_open: bool,
}

impl Stream {
    async fn next(&mut self) -> Option<SseEvent> {
        if !self.is_open {
            self.is_open = true;
            return Some(SseEvent::ConnectionOpened);
        }
        tokio::select! {
            biased;
            event = self.listening.listener.next() => event,
            () = self.shutdown.cancelled() => None,
            _ = self.keep_alive.tick() => Some(SseEvent::KeepAlive),
        }
    }
}
