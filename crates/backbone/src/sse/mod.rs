//! Server-sent events (`docs/protocol/03 §14`).

mod hub;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use backbone_api::sse::{DATA, SseEvent};
use core_types::DevicePushIdentifier;
use futures_util::stream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::devices::storage as devices;
use crate::http::{ApiError, Caller};
use crate::unit::Unit;

use hub::Listener;
pub(crate) use hub::{Audience, Hub};

/// The platform of a push registration that stands for an open stream.
const PLATFORM: &str = "sse";

/// Tells streams that the listener they came in by is to be shut down.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(pub(crate) CancellationToken);

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

/// The registration of a device whose stream is open replaces any other one it has.
async fn register(context: &Context, caller: &Caller) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    let result = store_registration(&mut unit, caller).await;
    unit.finish(result).await
}

async fn store_registration(unit: &mut Unit, caller: &Caller) -> Result<(), ApiError> {
    let identifier = match devices::push_identifier(unit.db(), &caller.device).await? {
        Some(identifier) => identifier,
        None => DevicePushIdentifier::generate(&mut rand::rng()),
    };
    devices::set_push_registration(unit.db(), &caller.device, Some((&identifier, PLATFORM))).await?;
    Ok(())
}

/// Removes the registration unless another stream of the device is open or another platform has taken its place.
async fn unregister(context: &Context, caller: &Caller) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    // Looked up behind the lock of the database: who comes later registers after this.
    if context.hub().has_listener(&caller.address, &caller.device) {
        return Ok(());
    }
    let result = devices::delete_push_registrations(unit.db(), PLATFORM, Some(&caller.device)).await;
    unit.finish(result.map_err(ApiError::from)).await
}

/// Removes the registrations of streams that a former process has not closed.
pub(crate) async fn forget_former(context: &Context) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    let result = devices::delete_push_registrations(unit.db(), PLATFORM, None).await;
    unit.finish(result.map_err(ApiError::from)).await
}

/// A listener for as long as somebody reads its stream.
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
