//! Faults between one Account and the Backbone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::world::PATIENCE;

/// Requests with this header are subject to the faults.
pub(crate) const MARK: &str = "x-faulty-network";

const STREAM: &str = "/api/v1/sse";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Status(u16),
    /// No answer, not even headers.
    Hang,
    Slow(Duration),
    /// Calls wait until the fault changes.
    Held,
    /// The Backbone serves the request, but the answer breaks off.
    LostAnswer,
    /// The answer is complete, and empty.
    Empty,
}

/// The network in the condition that the test currently wants.
pub(crate) struct Network {
    stream: Mutex<Fault>,
    calls: watch::Sender<(&'static str, Fault)>,
    cuts: watch::Sender<u32>,
    pieces: watch::Sender<usize>,
    seen: watch::Sender<Vec<Seen>>,
}

/// A request and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: String,
    /// `None` if it was not answered.
    pub(crate) status: Option<u16>,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self {
            stream: Mutex::new(Fault::None),
            calls: watch::Sender::new(("", Fault::None)),
            cuts: watch::Sender::new(0),
            pieces: watch::Sender::new(0),
            seen: watch::Sender::new(Vec::new()),
        }
    }

    /// Sets the fault of new connections to the stream of events.
    pub(crate) fn stream(&self, fault: Fault) {
        *self.stream.lock().unwrap() = fault;
    }

    /// Sets the fault of all other calls.
    pub(crate) fn calls(&self, fault: Fault) {
        self.calls_to("", fault);
    }

    /// Sets the fault of calls to paths that contain the text.
    pub(crate) fn calls_to(&self, text: &'static str, fault: Fault) {
        self.calls.send_replace((text, fault));
    }

    /// Cuts the open streams off.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The statuses of the requests for the stream of events, as soon as there are this many.
    pub(crate) async fn streams(&self, count: usize) -> Vec<u16> {
        let streams = |seen: &Vec<Seen>| {
            seen.iter().filter(|seen| seen.path == STREAM).filter_map(|seen| seen.status).collect::<Vec<_>>()
        };
        let mut seen = self.seen.subscribe();
        let enough = seen.wait_for(|seen| streams(seen).len() >= count);
        let seen = timeout(PATIENCE, enough).await.unwrap().unwrap();
        streams(&seen)
    }

    fn fault_for(&self, path: &str) -> Fault {
        if path == STREAM {
            return *self.stream.lock().unwrap();
        }
        let (text, fault) = *self.calls.borrow();
        if path.contains(text) { fault } else { Fault::None }
    }

    /// Waits until this many pieces of streams have come through.
    pub(crate) async fn pieces(&self, count: usize) {
        self.pieces.subscribe().wait_for(|pieces| *pieces >= count).await.unwrap();
    }

    /// The number of calls to paths that contain the text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.seen.borrow().iter().filter(|seen| seen.path.contains(text)).count()
    }
}

/// A layer in front of the routes of the Backbone.
pub(crate) async fn interfere(State(network): State<Arc<Network>>, request: Request, next: Next) -> Response {
    if !request.headers().contains_key(MARK) {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    let is_stream = path == STREAM;
    let fault = network.fault_for(&path);
    let response = match fault {
        Fault::Hang => std::future::pending().await,
        Fault::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Fault::Empty => ([("content-type", "text/event-stream")], "").into_response(),
        Fault::Slow(pause) => {
            tokio::time::sleep(pause).await;
            next.run(request).await
        }
        Fault::Held => {
            network.calls.subscribe().wait_for(|(_, fault)| *fault != Fault::Held).await.unwrap();
            next.run(request).await
        }
        Fault::LostAnswer => {
            let (parts, _) = next.run(request).await.into_parts();
            let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("broken off"))]);
            Response::from_parts(parts, Body::from_stream(broken))
        }
        Fault::None => next.run(request).await,
    };
    let status = Some(response.status().as_u16());
    // A test that sees the answer may want to cut it.
    let response = if is_stream { cuttable(response, Arc::clone(&network)) } else { response };
    network.seen.send_modify(|seen| seen.push(Seen { path, status }));
    response
}

fn cuttable(response: Response, network: Arc<Network>) -> Response {
    let (parts, body) = response.into_parts();
    let cuts = network.cuts.subscribe();
    let state: (BodyDataStream, _) = (body.into_data_stream(), cuts);
    let stream = futures_util::stream::unfold(Some(state), move |state| {
        let network = Arc::clone(&network);
        async move {
            let (mut stream, mut cuts) = state?;
            tokio::select! {
                chunk = stream.next() => {
                    let chunk = chunk?.map_err(std::io::Error::other);
                    network.pieces.send_modify(|pieces| *pieces += 1);
                    Some((chunk, Some((stream, cuts))))
                }
                _ = cuts.changed() => Some((Err(std::io::Error::other("cut")), None)),
            }
        }
    });
    Response::from_parts(parts, Body::from_stream(stream))
}
