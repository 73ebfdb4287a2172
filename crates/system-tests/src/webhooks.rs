//! A receiver of webhooks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A received delivery.
#[derive(Debug, Clone)]
pub struct ReceivedDelivery {
    /// Header `x-event-id`.
    pub event_id: String,
    /// The body as received.
    pub body: Bytes,
}

/// An HTTP server that accepts every delivery and keeps it.
#[derive(Debug)]
pub struct WebhookReceiver {
    url: String,
    received: Arc<Received>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Received {
    deliveries: Mutex<Vec<ReceivedDelivery>>,
    count: watch::Sender<usize>,
}

impl WebhookReceiver {
    /// Starts one.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/events", listener.local_addr()?);
        let received = Arc::new(Received::default());
        let router = Router::new().fallback(take).with_state(Arc::clone(&received));
        let server = tokio::spawn(async move {
            // It serves until it is dropped.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, received, server })
    }

    /// The URL to configure.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All deliveries so far.
    #[must_use]
    pub fn deliveries(&self) -> Vec<ReceivedDelivery> {
        self.received.deliveries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of deliveries so far, and its changes.
    #[must_use]
    pub fn count(&self) -> watch::Receiver<usize> {
        self.received.count.subscribe()
    }

    /// Waits until the deliveries, past and future, satisfy a condition.
    ///
    /// # Errors
    /// When they do not within `limit`.
    pub async fn wait_until(
        &self,
        limit: Duration,
        mut fulfilled: impl FnMut(&[ReceivedDelivery]) -> bool,
    ) -> anyhow::Result<()> {
        let mut count = self.count();
        let wait =
            count.wait_for(|_| fulfilled(&self.received.deliveries.lock().unwrap_or_else(PoisonError::into_inner)));
        match tokio::time::timeout(limit, wait).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error).context("the receiver is gone"),
            Err(_) => bail!("the expected webhooks did not come within {limit:?}"),
        }
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(received): State<Arc<Received>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let event_id = headers.get("x-event-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    received.deliveries.lock().unwrap_or_else(PoisonError::into_inner).push(ReceivedDelivery { event_id, body });
    received.count.send_modify(|count| *count += 1);
    StatusCode::NO_CONTENT
}
