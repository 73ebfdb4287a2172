//! A webhook target that remembers the received events, so that webhooks can be tried without writing a target.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

/// The number of events that are remembered; the oldest are forgotten first.
const REMEMBERED: usize = 1000;
/// No request may wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One delivery.
#[derive(Debug, Clone, Serialize)]
struct Event {
    /// The Connector that sent it: `a` or `b`.
    connector: String,
    /// The event's name.
    trigger: String,
    #[serde(rename = "receivedAt")]
    received_at: String,
    #[serde(rename = "correlationId", skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    /// The body as it was sent.
    body: Value,
}

#[derive(Debug, Clone)]
struct Receiver {
    events: Arc<Mutex<VecDeque<Event>>>,
    /// Counts deliveries; a change wakes waiting requests.
    arrivals: watch::Sender<u64>,
}

/// `POST /{connector}` accepts a delivery. `GET /events?connector=&trigger=&wait=` lists those received, oldest first,
/// and waits up to `wait` seconds for the first one.
pub(super) fn router() -> Router {
    let receiver = Receiver { events: Arc::default(), arrivals: watch::Sender::new(0) };
    Router::new().route("/events", get(list)).route("/{connector}", post(receive)).with_state(receiver)
}

async fn receive(
    State(receiver): State<Receiver>,
    Path(connector): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> StatusCode {
    let event = Event {
        connector,
        trigger: body.get("trigger").and_then(Value::as_str).unwrap_or_default().to_owned(),
        received_at: format!("{:.3}", jiff::Timestamp::now()),
        correlation_id: headers.get("x-correlation-id").and_then(|id| id.to_str().ok()).map(str::to_owned),
        body,
    };
    tracing::info!(connector = event.connector, trigger = event.trigger, "Webhook received");
    let mut events = receiver.events.lock().unwrap_or_else(PoisonError::into_inner);
    if events.len() == REMEMBERED {
        events.pop_front();
    }
    events.push_back(event);
    drop(events);
    receiver.arrivals.send_modify(|count| *count += 1);
    StatusCode::NO_CONTENT
}

/// The selection of events to list.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    connector: Option<String>,
    trigger: Option<String>,
    /// Seconds.
    #[serde(default)]
    wait: u64,
}

impl Wanted {
    fn includes(&self, event: &Event) -> bool {
        self.connector.as_ref().is_none_or(|connector| *connector == event.connector)
            && self.trigger.as_ref().is_none_or(|trigger| *trigger == event.trigger)
    }
}

async fn list(State(receiver): State<Receiver>, Query(wanted): Query<Wanted>) -> Json<Vec<Event>> {
    let mut arrivals = receiver.arrivals.subscribe();
    let wait = Duration::from_secs(wanted.wait).min(LONGEST_WAIT);
    let found = async {
        loop {
            let found = receiver.find(&wanted);
            // The sender lives in the receiver we hold, so only an arrival ends the wait.
            if !found.is_empty() || arrivals.changed().await.is_err() {
                return found;
            }
        }
    };
    Json(tokio::time::timeout(wait, found).await.unwrap_or_default())
}

impl Receiver {
    fn find(&self, wanted: &Wanted) -> Vec<Event> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().filter(|event| wanted.includes(event)).cloned().collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};
    use tokio::net::TcpListener;

    use super::router;

    async fn serve() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router()).await });
        url
    }

    fn client() -> reqwest::Client {
        reqwest::Client::builder().no_proxy().build().unwrap()
    }

    async fn events(url: &str, query: &str) -> Vec<Value> {
        client().get(format!("{url}/events?{query}")).send().await.unwrap().json().await.unwrap()
    }

    async fn deliver(url: &str, connector: &str, trigger: &str) {
        let delivery = client()
            .post(format!("{url}/{connector}"))
            .header("x-correlation-id", "c1")
            .json(&json!({"data": {"id": "MSG1"}, "trigger": trigger}));
        assert_eq!(delivery.send().await.unwrap().status(), 204);
    }

    #[tokio::test]
    async fn what_was_received_can_be_listed_and_filtered() {
        let url = serve().await;
        deliver(&url, "a", "transport.messageSent").await;
        deliver(&url, "b", "transport.messageReceived").await;
        assert_eq!(events(&url, "").await.len(), 2);
        let received = events(&url, "connector=b&trigger=transport.messageReceived").await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["body"]["data"]["id"], "MSG1");
        assert_eq!(received[0]["correlationId"], "c1");
        assert_eq!(events(&url, "connector=a&trigger=transport.messageReceived").await, Vec::<Value>::new());
    }

    #[tokio::test]
    async fn a_request_that_waits_is_answered_by_the_arrival() {
        let url = serve().await;
        let waiting = tokio::spawn({
            let url = url.clone();
            async move { events(&url, "connector=b&wait=60").await }
        });
        deliver(&url, "a", "transport.messageSent").await;
        deliver(&url, "b", "transport.messageReceived").await;
        assert_eq!(waiting.await.unwrap().len(), 1);
    }
}
