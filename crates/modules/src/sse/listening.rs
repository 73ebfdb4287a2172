//! The connection: opened, read, and opened again.

use std::sync::Arc;
use std::time::Duration;

use backbone_api::sse::SseEvent;
use rand::Rng as _;
use runtime::AccountServices;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::condition::Condition;
use super::decoder::{Decoder, Item};
use super::news::News;
use crate::retry::back_off;
use crate::synchronisation::wait_as_asked;

/// The pause before reconnecting, unless the Backbone asks for another one; it doubles with each failure.
const RECONNECT: Duration = Duration::from_secs(1);
const LONGEST_RECONNECT: Duration = Duration::from_mins(1);

/// A connection that lasts this long works. One that ends earlier counts as a failure: some servers close a second
/// connection at once (`docs/protocol/03 §14`).
const STEADY: Duration = Duration::from_secs(5);

/// The range of pauses that servers may choose.
const SHORTEST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_mins(5);

/// Keeps a connection to the stream of events.
pub(super) struct Listening {
    pub(super) services: AccountServices,
    pub(super) base_url: Option<String>,
    pub(super) idle: Duration,
    pub(super) news: Arc<News>,
    pub(super) condition: Arc<Condition>,
}

impl Listening {
    /// Never returns by itself.
    pub(super) async fn run(self) {
        let pauses = |first: Duration| {
            let seed = self.services.randomness().next_u64();
            back_off(first, LONGEST_RECONNECT.max(first), seed)
        };
        let mut failures = 0;
        let mut first = RECONNECT;
        let mut after_failure = pauses(first);
        loop {
            let end = self.connection().await;
            self.news.set_listening(false);
            if let Some(asked) = end.asked_pause.filter(|asked| *asked != first) {
                first = asked;
                after_failure = pauses(first);
            }
            let mut pause = first;
            if end.was_steady {
                failures = 0;
                after_failure = pauses(first);
                tracing::info!(reason = end.reason, "the Backbone's stream of events has ended and is opened again");
            } else {
                failures += 1;
                pause = after_failure.next().unwrap_or(first);
                tracing::warn!(reason = end.reason, failures, "the Backbone's stream of events does not work");
                self.condition.stream(Some(format!("the Backbone's stream of events does not work: {}", end.reason)));
            }
            sleep(pause).await;
        }
    }

    /// One connection from beginning to end.
    async fn connection(&self) -> End {
        let mut stream = match self.services.account().listen(self.base_url.as_deref()).await {
            Ok(stream) => stream,
            Err(error) => {
                // The Backbone may have asked for more than the usual pause.
                wait_as_asked(&error).await;
                return End { was_steady: false, asked_pause: None, reason: error.to_string() };
            }
        };
        // Earlier changes were not announced.
        self.news.catch_up();
        self.news.set_listening(true);
        let steady_from = Instant::now() + STEADY;
        let mut was_steady = false;
        let mut asked_pause = None;
        let mut decoder = Decoder::new();
        loop {
            let next = async {
                match timeout(self.idle, stream.next()).await {
                    Err(_) => Err(format!("there was no sign of life for {} s", self.idle.as_secs())),
                    Ok(Err(error)) => Err(error.to_string()),
                    Ok(Ok(None)) => Err("the Backbone has ended it".to_owned()),
                    Ok(Ok(Some(bytes))) => Ok(bytes),
                }
            };
            let mut next = std::pin::pin!(next);
            let bytes = loop {
                tokio::select! {
                    next = &mut next => break next,
                    () = sleep_until(steady_from), if !was_steady => {
                        was_steady = true;
                        self.condition.stream(None);
                    }
                }
            };
            match bytes {
                Ok(bytes) => decoder.push(&bytes).into_iter().for_each(|item| self.take(item, &mut asked_pause)),
                Err(reason) => return End { was_steady, asked_pause, reason },
            }
        }
    }

    fn take(&self, item: Item, asked_pause: &mut Option<Duration>) {
        match item {
            Item::Event(name) => match SseEvent::from_name(&name) {
                // The first one arrives when the Backbone has really subscribed to changes.
                Some(SseEvent::ConnectionOpened | SseEvent::DatawalletModificationsCreated) => self.news.tell(),
                Some(SseEvent::ExternalEventCreated) => self.news.expect(),
                _ => tracing::trace!(name, "an event that needs no synchronisation"),
            },
            Item::Retry(pause) => *asked_pause = Some(pause.clamp(SHORTEST_RETRY, LONGEST_RETRY)),
        }
    }
}

/// The end of a connection.
struct End {
    was_steady: bool,
    /// The pause that the Backbone has asked for.
    asked_pause: Option<Duration>,
    reason: String,
}
