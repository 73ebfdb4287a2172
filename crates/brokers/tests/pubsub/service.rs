//! Google's `google.pubsub.v1.Publisher` over plain HTTP/2, as its published protocol has it. What arrives is recorded, and
//! requests can fail.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, PartialEq, Message)]
pub struct PubsubMessage {
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
    #[prost(map = "string, string", tag = "2")]
    pub attributes: HashMap<String, String>,
    #[prost(string, tag = "3")]
    pub message_id: String,
    #[prost(string, tag = "5")]
    pub ordering_key: String,
}

#[derive(Clone, PartialEq, Message)]
struct PublishRequest {
    #[prost(string, tag = "1")]
    topic: String,
    #[prost(message, repeated, tag = "2")]
    messages: Vec<PubsubMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct PublishResponse {
    #[prost(string, repeated, tag = "1")]
    message_ids: Vec<String>,
}

/// How a request ends that does not succeed.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// A status of gRPC, as its number.
    Status(u16),
    /// The connection is cut before the answer, after the messages were taken.
    CutAfterwards,
    /// No answer ever.
    Silence,
}

pub const INVALID_ARGUMENT: Fault = Fault::Status(3);
pub const NOT_FOUND: Fault = Fault::Status(5);
pub const PERMISSION_DENIED: Fault = Fault::Status(7);
pub const UNAVAILABLE: Fault = Fault::Status(14);

struct Shared {
    faults: Mutex<VecDeque<Fault>>,
    seen: mpsc::UnboundedSender<Published>,
    requests: mpsc::UnboundedSender<()>,
    cut: CancellationToken,
}

/// A message and the topic it was published to.
#[derive(Debug, PartialEq)]
pub struct Published {
    pub topic: String,
    pub message: PubsubMessage,
}

/// The service, on a port of its own.
pub struct Service {
    pub port: u16,
    shared: Arc<Shared>,
    seen: mpsc::UnboundedReceiver<Published>,
    requests: mpsc::UnboundedReceiver<()>,
    _guard: DropGuard,
}

impl Service {
    pub async fn start() -> Self {
        Self::start_at(0).await
    }

    pub async fn start_at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, seen) = mpsc::unbounded_channel();
        let (request_sender, requests) = mpsc::unbounded_channel();
        let cut = CancellationToken::new();
        let shared =
            Arc::new(Shared { faults: Mutex::default(), seen: sender, requests: request_sender, cut: cut.clone() });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { port, shared, seen, requests, _guard: cut.drop_guard() }
    }

    pub fn fail_next(&self, faults: &[Fault]) {
        self.shared.faults.lock().unwrap().extend(faults);
    }

    pub async fn next(&mut self) -> Published {
        timeout(PATIENCE, self.seen.recv()).await.unwrap().unwrap()
    }

    /// Returns when the next request has come in.
    pub async fn next_request(&mut self) {
        timeout(PATIENCE, self.requests.recv()).await.unwrap().unwrap();
    }

    pub fn count(&mut self) -> usize {
        std::iter::from_fn(|| self.seen.try_recv().ok()).count()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.cut.cancelled() => return,
            stream = listener.accept() => {
                let (shared, stream) = (Arc::clone(&shared), stream.unwrap().0);
                tokio::spawn(async move {
                    tokio::select! {
                        () = shared.cut.cancelled() => {}
                        () = serve(stream, &shared) => {}
                    }
                });
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: &Arc<Shared>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = cut.cancelled() => return,
            accepted = connection.accept() => accepted,
        };
        let Some(Ok((request, response))) = accepted else { return };
        tokio::spawn(answer(request, response, Arc::clone(shared), cut.clone()));
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    shared: Arc<Shared>,
    cut: CancellationToken,
) {
    assert_eq!(request.uri().path(), "/google.pubsub.v1.Publisher/Publish");
    // The test may be over.
    let _ = shared.requests.send(());
    let mut body = request.into_body();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let Ok(chunk) = chunk else { return };
        body.flow_control().release_capacity(chunk.len()).unwrap();
        bytes.put(chunk);
    }
    let fault = shared.faults.lock().unwrap().pop_front();
    let status = match fault {
        Some(Fault::Status(status)) => status,
        Some(Fault::Silence) => return std::future::pending().await,
        Some(Fault::CutAfterwards) => {
            record(&bytes, &shared);
            return cut.cancel();
        }
        None => 0,
    };
    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
    let Ok(mut stream) = respond.send_response(head, false) else { return };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.into());
    if status == 0 {
        let answer = PublishResponse { message_ids: record(&bytes, &shared) }.encode_to_vec();
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(u32::try_from(answer.len()).unwrap());
        framed.put_slice(&answer);
        let _ = stream.send_data(framed.freeze(), false);
    } else {
        trailers.insert("grpc-message", "as told".parse().unwrap());
    }
    let _ = stream.send_trailers(trailers);
}

/// Takes the messages of a request, and gives them ids.
fn record(bytes: &[u8], shared: &Shared) -> Vec<String> {
    assert_eq!(bytes[0], 0, "not compressed");
    let request = PublishRequest::decode(&bytes[5..]).unwrap();
    let mut ids = Vec::new();
    for message in request.messages {
        ids.push(format!("id{}", ids.len()));
        let _ = shared.seen.send(Published { topic: request.topic.clone(), message });
    }
    ids
}
