//! Google's `google.pubsub.v1.Publisher` over plain HTTP/2, according to its published protocol. Received messages are
//! recorded, and requests can fail.

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::{BufMut as _, Bytes, BytesMut};
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The time limit for an expected message on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// The only supported method.
const PUBLISH: &str = "/google.pubsub.v1.Publisher/Publish";
/// gRPC's status for any other method.
const UNIMPLEMENTED: u16 = 12;
/// The prefix of each gRPC message: a compression flag, and the length.
const PREFIX: usize = 5;

/// A message of the protocol.
#[derive(Clone, PartialEq, Message)]
pub struct PubSubMessage {
    /// The published content.
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
    /// Its attributes.
    #[prost(map = "string, string", tag = "2")]
    pub attributes: HashMap<String, String>,
    /// Assigned by the service.
    #[prost(string, tag = "3")]
    pub message_id: String,
    /// Messages with the same key stay in order; empty: none.
    #[prost(string, tag = "5")]
    pub ordering_key: String,
}

#[derive(Clone, PartialEq, Message)]
struct PublishRequest {
    #[prost(string, tag = "1")]
    topic: String,
    #[prost(message, repeated, tag = "2")]
    messages: Vec<PubSubMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct PublishResponse {
    #[prost(string, repeated, tag = "1")]
    message_ids: Vec<String>,
}

/// The failure of a request.
#[derive(Debug, Clone, Copy)]
pub enum PubSubFault {
    /// A status of gRPC, as its number, with the text `as told`.
    Status(u16),
    /// The connection is cut before the answer, after the messages were accepted.
    CutAfterwards,
    /// No answer as long as the service runs.
    Silence,
}

impl PubSubFault {
    /// The message is invalid.
    pub const INVALID_ARGUMENT: Self = Self::Status(3);
    /// There is no such topic.
    pub const NOT_FOUND: Self = Self::Status(5);
    /// The credentials do not suffice.
    pub const PERMISSION_DENIED: Self = Self::Status(7);
    /// The service is temporarily unavailable.
    pub const UNAVAILABLE: Self = Self::Status(14);
}

/// A message and the topic it was published to.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedMessage {
    /// `projects/PROJECT/topics/TOPIC`.
    pub topic: String,
    /// The message, without an id.
    pub message: PubSubMessage,
}

/// The service, on a port of its own. The port and the accepted messages are kept while it is stopped and started
/// again. It ends when it is dropped.
#[derive(Debug)]
pub struct PubSubService {
    port: u16,
    shared: Arc<Shared>,
    taken: mpsc::UnboundedReceiver<PublishedMessage>,
    requests: mpsc::UnboundedReceiver<()>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Shared {
    faults: Mutex<VecDeque<PubSubFault>>,
    taken: mpsc::UnboundedSender<PublishedMessage>,
    requests: mpsc::UnboundedSender<()>,
}

/// The state between a start and a stop.
#[derive(Debug, Clone)]
struct Running {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl PubSubService {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start() -> anyhow::Result<Self> {
        let (taken_sender, taken) = mpsc::unbounded_channel();
        let (request_sender, requests) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { faults: Mutex::default(), taken: taken_sender, requests: request_sender });
        // Outside the range that the system assigns to clients: it has to be free after a stop.
        let mut service = Self { port: crate::free_port()?, shared, taken, requests, running: None };
        service.start_again().await?;
        Ok(service)
    }

    /// Starts it again after it was stopped, on the same port.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let running = Running { stopping: CancellationToken::new(), tasks: TaskTracker::new() };
        running.tasks.spawn(accept(listener, Arc::clone(&self.shared), running.clone()));
        self.running = Some(running);
        Ok(())
    }

    /// Answers pending requests, and ends. Then nobody listens at the port.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        running.stopping.cancel();
        running.tasks.close();
        timeout(LIMIT, running.tasks.wait()).await.context("the service does not stop")
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes the next requests fail, one fault each.
    pub fn fail_next(&self, faults: &[PubSubFault]) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }

    /// The next message that it has accepted or will accept.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn next(&mut self) -> anyhow::Result<PublishedMessage> {
        let next = timeout(LIMIT, self.taken.recv()).await.context("no message in time")?;
        next.context("the service is gone")
    }

    /// Returns when another request has arrived.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn next_request(&mut self) -> anyhow::Result<()> {
        timeout(LIMIT, self.requests.recv()).await.context("no request in time")?.context("the service is gone")
    }

    /// Accepted messages that [`next`](Self::next) has not returned and will not return any more.
    pub fn drain(&mut self) -> Vec<PublishedMessage> {
        std::iter::from_fn(|| self.taken.try_recv().ok()).collect()
    }
}

impl Drop for PubSubService {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stopping.cancel();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, running: Running) {
    loop {
        tokio::select! {
            () = running.stopping.cancelled() => return,
            accepted = listener.accept() => {
                // A connection that the client has aborted does not matter.
                let Ok((stream, _)) = accepted else { continue };
                running.tasks.spawn(serve(stream, Arc::clone(&shared), running.clone()));
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, running: Running) {
    let handshake = tokio::select! {
        () = running.stopping.cancelled() => return,
        handshake = h2::server::handshake(stream) => handshake,
    };
    let Ok(mut connection) = handshake else { return };
    let cut = CancellationToken::new();
    let mut is_stopping = false;
    loop {
        let accepted = tokio::select! {
            () = cut.cancelled() => return,
            () = running.stopping.cancelled(), if !is_stopping => {
                is_stopping = true;
                connection.graceful_shutdown();
                continue;
            }
            accepted = connection.accept() => accepted,
        };
        let Some(Ok((request, response))) = accepted else { return };
        let (shared, stopping, cut) = (Arc::clone(&shared), running.stopping.clone(), cut.clone());
        running.tasks.spawn(async move {
            // A client that leaves before its answer needs none.
            let _ = answer(request, response, &shared, &stopping, &cut).await;
        });
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    shared: &Shared,
    stopping: &CancellationToken,
    cut: &CancellationToken,
) -> anyhow::Result<()> {
    let is_known = request.uri().path() == PUBLISH;
    // The test may have ended.
    let _ = shared.requests.send(());
    let mut body = request.into_body();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        bytes.put(chunk);
    }
    let fault = shared.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let status = match fault {
        _ if !is_known => UNIMPLEMENTED,
        Some(PubSubFault::Status(status)) => status,
        Some(PubSubFault::Silence) => {
            stopping.cancelled().await;
            return Ok(());
        }
        Some(PubSubFault::CutAfterwards) => {
            record(&bytes, shared)?;
            cut.cancel();
            return Ok(());
        }
        None => 0,
    };
    let head = Response::builder().header("content-type", "application/grpc").body(())?;
    let mut stream = respond.send_response(head, false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.into());
    if status == 0 {
        let answer = PublishResponse { message_ids: record(&bytes, shared)? }.encode_to_vec();
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(u32::try_from(answer.len())?);
        framed.put_slice(&answer);
        stream.send_data(framed.freeze(), false)?;
    } else {
        trailers.insert("grpc-message", HeaderValue::from_static("as told"));
    }
    Ok(stream.send_trailers(trailers)?)
}

/// Accepts the messages of a request, and assigns ids to them.
fn record(bytes: &[u8], shared: &Shared) -> anyhow::Result<Vec<String>> {
    ensure!(bytes.first() == Some(&0), "the request is compressed");
    let request = PublishRequest::decode(bytes.get(PREFIX..).context("the request has no message")?)?;
    let mut ids = Vec::new();
    for message in request.messages {
        ids.push(format!("id{}", ids.len()));
        // The test may have ended.
        let _ = shared.taken.send(PublishedMessage { topic: request.topic.clone(), message });
    }
    Ok(ids)
}
