//! One client's view of the event log as server-sent events.
//!
//! Events are only read when the client has received the previous ones, a few at a time: a slow or waiting client costs
//! next to nothing.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use metrics::gauge;
use runtime::events::{Event, EventReader, matches};
use runtime::input::{check_repetition, check_triggers};
use runtime::{ApplicationError, RuntimeError};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::auth::Caller;
use crate::server::Connection;

/// The number of events in memory per client.
const BATCH: u32 = 8;
/// The maximum size of their data together, unless a single event has more.
const BATCH_BYTES: usize = 256 * 1024;
/// Proxies close idle connections.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The maximum duration of a stream. Then the client reconnects, and its credentials are checked again.
const LONGEST: Duration = Duration::from_hours(1);
/// The time that a client should wait before it reconnects, in milliseconds.
const RETRY: u32 = 2000;

/// The request of a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamRequest {
    pub(crate) triggers: Vec<String>,
    /// Position of the last event the client knows; `None` for the newest one in the log.
    pub(crate) after: Option<i64>,
}

impl StreamRequest {
    /// Parses the query parameters `trigger` and `after`, and the id that a reconnecting client sends.
    pub(crate) fn parse(query: &[(String, String)], last_event_id: Option<&str>) -> Result<Self, ApplicationError> {
        check_repetition(query, &["trigger"])?;
        let mut request = Self { triggers: Vec::new(), after: None };
        for (name, value) in query {
            match name.as_str() {
                "trigger" => request.triggers.push(value.clone()),
                "after" => request.after = Some(position(value)?),
                _ => {
                    let message = "Known parameters are 'trigger' and 'after'.";
                    return Err(RuntimeError::DeliveryInvalidQuery(message.to_owned()).into());
                }
            }
        }
        check_triggers(&request.triggers)?;
        if let Some(id) = last_event_id.filter(|id| !id.is_empty()) {
            request.after = Some(position(id)?);
        }
        Ok(request)
    }
}

fn position(text: &str) -> Result<i64, ApplicationError> {
    text.parse().ok().filter(|position| *position >= 0).ok_or_else(|| RuntimeError::DeliveryInvalidPosition.into())
}

/// The beginning of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the first event after a position.
    After(i64),
    /// The same, but events between the requested position and this one are missing.
    Gap { asked: i64, after: i64 },
}

impl Start {
    /// Determines the position in the log.
    pub(crate) async fn find(log: &EventReader, asked: Option<i64>) -> Result<Self, ApplicationError> {
        let newest = log.newest_sequence().await?;
        let Some(asked) = asked else { return Ok(Self::After(newest)) };
        if asked == 0 {
            return Ok(Self::After(0));
        }
        let oldest = log.oldest_sequence().await?;
        Ok(Self::between(asked, oldest, newest))
    }

    fn between(asked: i64, oldest: Option<i64>, newest: i64) -> Self {
        let kept_after = oldest.map_or(newest, |oldest| oldest - 1);
        // No event of this log ever had a position beyond the newest: all of its events may be new to the client.
        if asked > newest || asked < kept_after { Self::Gap { asked, after: kept_after } } else { Self::After(asked) }
    }

    pub(crate) fn after(self) -> i64 {
        match self {
            Self::After(after) | Self::Gap { after, .. } => after,
        }
    }

    /// The first message of a stream, which gives a client its position before there is any event.
    fn frame(self) -> Bytes {
        let (name, data) = match self {
            Self::After(after) => ("position", json!({ "after": after })),
            Self::Gap { asked, after } => ("gap", json!({ "asked": asked, "after": after })),
        };
        format!("retry: {RETRY}\nid: {}\nevent: {name}\ndata: {data}\n\n", self.after()).into()
    }
}

/// The maximum number of streams, in total and per caller.
#[derive(Debug)]
pub(crate) struct EventStreams {
    places: Arc<Semaphore>,
    of_one: usize,
    taken: Arc<Mutex<HashMap<Caller, usize>>>,
}

impl EventStreams {
    pub(crate) fn new(places: usize, of_one: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { places, of_one, taken: Arc::default() }
    }

    pub(crate) fn try_enter(&self, caller: Caller) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(caller).or_default();
        if *own >= self.of_one {
            return None;
        }
        *own += 1;
        gauge!("connector_event_streams").increment(1.0);
        Some(Place { _permit: permit, caller, taken: Arc::clone(&self.taken) })
    }
}

/// The place of one stream, released at its end.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    caller: Caller,
    taken: Arc<Mutex<HashMap<Caller, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        gauge!("connector_event_streams").decrement(1.0);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut own) = taken.entry(self.caller) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// An open stream.
#[derive(Debug)]
pub(crate) struct EventStream {
    reader: EventReader,
    triggers: Vec<String>,
    start: Option<Start>,
    events: VecDeque<Event>,
    /// The position the client knows.
    told: i64,
    keep_alive: Interval,
    end: Instant,
    _place: Place,
    connection: Connection,
}

impl EventStream {
    pub(crate) fn new(
        reader: EventReader,
        triggers: Vec<String>,
        start: Start,
        place: Place,
        connection: Connection,
    ) -> Self {
        let mut keep_alive = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        connection.set_streaming(true);
        Self {
            reader,
            triggers,
            start: Some(start),
            events: VecDeque::new(),
            told: start.after(),
            keep_alive,
            end: Instant::now() + LONGEST,
            _place: place,
            connection,
        }
    }

    /// The stream as frames of a body.
    pub(crate) fn into_frames(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        stream::unfold(self, async |mut stream| Some((Ok(stream.next_frame().await?), stream)))
    }

    async fn next_frame(&mut self) -> Option<Bytes> {
        if let Some(start) = self.start.take() {
            return Some(start.frame());
        }
        loop {
            if self.connection.is_ending() {
                return None;
            }
            if let Some(event) = self.events.pop_front() {
                self.told = event.sequence;
                return Some(frame(&event));
            }
            tokio::select! {
                biased;
                () = self.connection.ending() => return None,
                () = tokio::time::sleep_until(self.end) => return None,
                _ = self.keep_alive.tick() => return Some(self.sign_of_life()),
                events = self.reader.next(BATCH) => match events {
                    Ok(events) => self.keep(events),
                    Err(error) => {
                        // The client reconnects, and continues where it was.
                        tracing::warn!(%error, "an event stream ends because the log cannot be read");
                        return None;
                    }
                },
            }
        }
    }

    /// Keeps the events that the client requested, as far as memory permits. The rest is read again.
    fn keep(&mut self, events: Vec<Event>) {
        let mut bytes = 0;
        for event in events {
            bytes += event.data.as_ref().map_or(0, |data| data.len());
            if bytes > BATCH_BYTES && !self.events.is_empty() {
                self.reader.go_back_to(event.sequence - 1);
                return;
            }
            if self.triggers.is_empty() || self.triggers.iter().any(|trigger| matches(trigger, &event.namespace)) {
                self.events.push_back(event);
            }
        }
    }

    /// A comment; if events were skipped, with the position, so that they are not checked again.
    fn sign_of_life(&mut self) -> Bytes {
        if self.reader.position() <= self.told {
            return Bytes::from_static(b":\n\n");
        }
        self.told = self.reader.position();
        format!(":\nid: {}\n\n", self.told).into()
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        // If a stop ends the stream, the rest of it has not been sent yet, and a client that does not read must not
        // delay the stop.
        if !self.connection.is_ending() {
            self.connection.set_streaming(false);
        }
    }
}

/// An event as a message of the stream. Its data remain the same text as in the log.
fn frame(event: &Event) -> Bytes {
    let mut members = vec![format!("\"id\":{}", json!(event.id)), format!("\"trigger\":{}", json!(event.namespace))];
    if let Some(data) = &event.data {
        // Line breaks in JSON are white space between its parts.
        members.push(format!("\"data\":{}", data.replace(['\n', '\r'], " ")));
    }
    members.push(format!("\"createdAt\":{}", json!(event.created_at)));
    if let Some(id) = &event.correlation_id {
        members.push(format!("\"correlationId\":{}", json!(id)));
    }
    format!("id: {}\nevent: {}\ndata: {{{}}}\n\n", event.sequence, event.namespace, members.join(",")).into()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use core_types::Timestamp;

    fn request(query: &[(&str, &str)], last_event_id: Option<&str>) -> Result<StreamRequest, String> {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        StreamRequest::parse(&query, last_event_id).map_err(|error| error.code().to_owned())
    }

    #[test]
    fn what_a_client_remembers_is_stronger_than_what_its_url_says() {
        let triggers = vec!["a.*".to_owned(), "b".to_owned()];
        let query = [("trigger", "a.*"), ("after", "0"), ("trigger", "b")];
        assert_eq!(request(&query, None), Ok(StreamRequest { triggers: triggers.clone(), after: Some(0) }));
        assert_eq!(request(&query, Some("17")), Ok(StreamRequest { triggers: triggers.clone(), after: Some(17) }));
        assert_eq!(request(&query, Some("")), Ok(StreamRequest { triggers, after: Some(0) }));
        assert_eq!(request(&[], None), Ok(StreamRequest { triggers: Vec::new(), after: None }));
    }

    #[test]
    fn requests_that_cannot_be_read_are_refused() {
        for (query, last_event_id, code) in [
            ([("after", "-1")], None, "error.delivery.invalidPosition"),
            ([("after", "now")], None, "error.delivery.invalidPosition"),
            ([("after", "1")], Some("x"), "error.delivery.invalidPosition"),
            ([("trigger", "a b")], None, "error.delivery.invalidTrigger"),
            ([("triggers", "a")], None, "error.delivery.invalidQuery"),
        ] {
            assert_eq!(request(&query, last_event_id), Err(code.to_owned()), "{query:?}");
        }
        assert_eq!(request(&[("after", "1"), ("after", "2")], None), Err("error.delivery.invalidQuery".to_owned()));
    }

    #[test]
    fn a_gap_is_where_events_are_missing() {
        for (asked, oldest, newest, expected) in [
            (7, Some(5), 9, Start::After(7)),
            (4, Some(5), 9, Start::After(4)),
            (3, Some(5), 9, Start::Gap { asked: 3, after: 4 }),
            (9, Some(5), 9, Start::After(9)),
            (9, None, 9, Start::After(9)),
            (8, None, 9, Start::Gap { asked: 8, after: 9 }),
            (10, Some(5), 9, Start::Gap { asked: 10, after: 4 }),
            (10, None, 0, Start::Gap { asked: 10, after: 0 }),
        ] {
            assert_eq!(Start::between(asked, oldest, newest), expected, "{asked} {oldest:?} {newest}");
        }
    }

    #[test]
    fn a_message_stays_one_message_whatever_it_carries() {
        let event = Event {
            sequence: 5,
            id: "e".to_owned(),
            namespace: "transport.messageReceived".to_owned(),
            object_id: None,
            data: Some("{\n\"a\":\"x\\ndata: y\"}".into()),
            created_at: Timestamp::from_millis(0),
            correlation_id: Some("c\n\nid: 9".to_owned()),
            since: std::time::Duration::ZERO,
        };
        let text = String::from_utf8(frame(&event).into()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert_eq!(lines[..2], ["id: 5", "event: transport.messageReceived"]);
        let data: serde_json::Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
        let expected = json!({"id": "e", "trigger": "transport.messageReceived", "data": {"a": "x\ndata: y"}, "createdAt": "1970-01-01T00:00:00.000Z", "correlationId": "c\n\nid: 9"});
        assert_eq!(data, expected);
        let bare = Event { data: None, correlation_id: None, ..event };
        let text = String::from_utf8(frame(&bare).into()).unwrap();
        assert!(!text.contains("\"data\"") && !text.contains("correlationId"), "{text}");
    }
}
