//! NATS JetStream.
//!
//! An event is one message: its subject is the name of the event (or derived from it by `subject`), its body the data
//! as JSON, `{}` if there is none. It is delivered when a stream has stored it. The headers are `Nats-Msg-Id` (the same
//! in all attempts, so that a stream drops repetitions within its window, by default two minutes), `Content-Type`,
//! `Event` (the name of the event), `Event-Id`, `Time` and `Correlation-Id`.
//!
//! Streams are created by the operators of the server, who know for how long and in how many copies events are to be
//! kept.

mod config;

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use async_nats::header::{HeaderMap, HeaderValue};
use async_nats::jetstream::context::{GetStreamErrorKind, PublishError, PublishErrorKind};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{ConnectError, ConnectErrorKind, ConnectOptions, Event};
use async_trait::async_trait;
use bytes::Bytes;
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use config::Login;
pub use config::{NatsConfig, SETTINGS};

use crate::link::Link;

/// Time limit for connecting and logging in, for each server.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Time limit of a stream for storing a message.
const ACK_LIMIT: Duration = Duration::from_secs(15);

/// Subjects of NATS servers, with streams that subscribe to them.
#[derive(Debug)]
pub struct NatsTarget {
    config: NatsConfig,
    link: Link<Session>,
}

struct Session {
    context: Context,
    /// Cancelled when the connection is lost.
    lost: CancellationToken,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl NatsTarget {
    /// Creates a target that connects with the first message.
    #[must_use]
    pub fn new(config: NatsConfig) -> Self {
        Self { config, link: Link::new() }
    }

    /// Logs in, checks that the stream exists and disconnects.
    ///
    /// # Errors
    /// The reason why that fails, for operators.
    pub async fn check(&self) -> Result<(), String> {
        self.connect().await.map(drop)
    }

    async fn connect(&self) -> Result<Session, String> {
        let servers = self.config.servers.join(",");
        let lost = CancellationToken::new();
        let options = self.options(lost.clone()).await?;
        let client = options.connect(self.config.servers.as_slice()).await;
        let client = client.map_err(|error| format!("no connection to {servers}: {}", connect_reason(&error)))?;
        // The engine limits the messages in flight.
        let context = async_nats::jetstream::context::ContextBuilder::new()
            .timeout(ACK_LIMIT)
            .ack_timeout(ACK_LIMIT)
            .backpressure_on_inflight(true)
            .build(client);
        if let Some(stream) = &self.config.stream {
            context.get_stream(stream).await.map_err(|error| match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    format!("there is no stream '{stream}' at {servers}: make it ({})", self.how_to_make(stream))
                }
                _ => format!("the stream '{stream}' cannot be looked up at {servers}: {error}"),
            })?;
        }
        Ok(Session { context, lost })
    }

    async fn options(&self, lost: CancellationToken) -> Result<ConnectOptions, String> {
        let mut options = ConnectOptions::new()
            .name("enmeshed Connector")
            .connection_timeout(CONNECT_LIMIT)
            // A lost connection is replaced by a new one; messages that the old one holds back must not be sent later.
            .max_reconnects(self.config.servers.len())
            .ignore_discovered_servers()
            .event_callback(move |event| {
                if matches!(event, Event::Disconnected | Event::Closed) {
                    lost.cancel();
                }
                std::future::ready(())
            });
        match crate::tls::client_config(&self.config.trust) {
            Ok(tls) => options = options.tls_client_config(tls),
            Err(error) if self.config.tls => return Err(format!("TLS cannot be set up: {error}")),
            // A machine without trusted certificates can still reach servers without TLS.
            Err(_) => {}
        }
        match &self.config.login {
            Login::Nobody => Ok(options),
            Login::User { name, password } => {
                Ok(options.user_and_password(name.clone(), password.expose_secret().to_owned()))
            }
            Login::Token(token) => Ok(options.token(token.expose_secret().to_owned())),
            Login::CredentialsFile(path) => {
                let with = options.credentials_file(path).await;
                with.map_err(|error| format!("the credentialsFile {} cannot be used: {error}", path.display()))
            }
        }
    }

    fn how_to_make(&self, stream: &str) -> String {
        format!("nats stream add {stream} --subjects '{}'", self.config.subject(">"))
    }

    fn failure(&self, error: &PublishError, event: &OutboundEvent) -> DeliveryError {
        let servers = self.config.servers.join(",");
        match error.kind() {
            PublishErrorKind::StreamNotFound => {
                let subject = self.config.subject(&event.namespace);
                let how = self.how_to_make("EVENTS");
                DeliveryError::Unroutable(format!("no stream at {servers} listens to '{subject}': make one ({how})"))
            }
            PublishErrorKind::MaxPayloadExceeded => {
                DeliveryError::Permanent(format!("the event is larger than max_payload of {servers} allows"))
            }
            PublishErrorKind::Other | PublishErrorKind::WrongLastMessageId | PublishErrorKind::WrongLastSequence => {
                DeliveryError::Refused(format!("{servers}: {error}"))
            }
            PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe | PublishErrorKind::MaxAckPending => {
                DeliveryError::Unreachable(format!("{servers}: {error}"))
            }
        }
    }

    fn headers(&self, event: &OutboundEvent) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut header = |name: &str, value: &str| {
            // Line breaks are not allowed in a header.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        header("Nats-Msg-Id", &event.id);
        header("Content-Type", "application/json");
        header("Event", &event.namespace);
        header("Event-Id", &event.event_id);
        header("Time", &event.created_at.to_string());
        if let Some(id) = &event.correlation_id {
            header("Correlation-Id", id);
        }
        if let Some(stream) = &self.config.stream {
            header("Nats-Expected-Stream", stream);
        }
        headers
    }
}

#[async_trait]
impl Target for NatsTarget {
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        let session = self.link.connection(|session| !session.lost.is_cancelled(), self.connect()).await?;
        let subject = self.config.subject(&event.namespace);
        let body = Bytes::copy_from_slice(crate::body(event).as_bytes());
        let stored = async { session.context.publish_with_headers(subject, self.headers(event), body).await?.await };
        let stored = tokio::select! {
            stored = stored => stored,
            () = session.lost.cancelled() => {
                let servers = self.config.servers.join(",");
                return Err(DeliveryError::Unreachable(format!("the connection to {servers} was lost")));
            }
        };
        match stored.map_err(|error| self.failure(&error, event)) {
            Err(unreachable @ DeliveryError::Unreachable(_)) => Err(unreachable),
            answered => {
                session.sound();
                answered.map(|_| Receipt::Accepted)
            }
        }
    }

    async fn close(&self) {
        drop(self.link.take());
    }
}

fn connect_reason(error: &ConnectError) -> String {
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            "the server refuses the credentials".to_owned()
        }
        _ => error.to_string(),
    }
}
