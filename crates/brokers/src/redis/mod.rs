//! Redis (`docs/protocol/07 §5.2`): publish/subscribe as in the existing Connector, or streams.
//!
//! By default an event is published: its name is the channel, its data as JSON the message, `{}` if there is none. The
//! server passes it to current subscribers and keeps nothing: absent subscribers miss it, and delivered only means that
//! the server accepted it. With `stream` the event becomes an entry with the fields `event`, `data`, `id` (the same in
//! all attempts), `eventId`, `time` and `correlationId`; consumers, including consumer groups, get it at least once,
//! and recognise repetitions by `id`.

mod config;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, RedisError, ServerErrorKind};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub use config::{RedisConfig, SETTINGS};

use crate::link::Link;

/// Time limit for connecting and logging in.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Time limit of the server for a command.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// A Redis server. All commands go through one connection, without waiting for each other.
#[derive(Debug)]
pub struct RedisTarget {
    config: RedisConfig,
    link: Link<MultiplexedConnection>,
}

impl RedisTarget {
    /// Creates a target that connects with the first message.
    #[must_use]
    pub fn new(config: RedisConfig) -> Self {
        Self { config, link: Link::new() }
    }

    /// Logs in and disconnects.
    ///
    /// # Errors
    /// The reason why that fails, for operators.
    pub async fn check(&self) -> Result<(), String> {
        let mut connection = self.connect().await?;
        // A server whose default user needs no password accepts connections that did not log in.
        let ping = redis::cmd("PING").query_async::<redis::Value>(&mut connection).await;
        ping.map(drop).map_err(|error| format!("{}: {}", self.config.endpoint(), reason(&error)))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, String> {
        let failed = |error: RedisError| format!("no connection to {}: {}", self.config.endpoint(), reason(&error));
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(ANSWER_LIMIT));
        if let ConnectionAddr::TcpTls { host, port, .. } = self.config.server.addr() {
            let connecting = tokio::time::timeout(CONNECT_LIMIT, self.connect_with_tls(host, *port, limits));
            let late = |_| RedisError::from(io::Error::from(io::ErrorKind::TimedOut));
            return connecting.await.map_err(late).flatten().map_err(failed);
        }
        let client = Client::open(self.config.server.clone()).map_err(failed)?;
        client.get_multiplexed_async_connection_with_config(&limits).await.map_err(failed)
    }

    /// The client replaces the machine's certificates by the given ones, and cannot change them while it runs.
    async fn connect_with_tls(
        &self,
        host: &str,
        port: u16,
        limits: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, RedisError> {
        let tls = crate::tls::client_config(&self.config.trust).map_err(io::Error::other)?;
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await?;
        let settings = self.config.server.redis_settings();
        let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, limits).await?;
        // The task ends when all clones of the connection are gone.
        drop(tokio::spawn(driver));
        Ok(connection)
    }

    fn command(&self, event: &OutboundEvent) -> Cmd {
        let Some(stream) = self.config.stream(&event.namespace) else {
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(&event.namespace).arg(crate::body(event));
            return publish;
        };
        let mut add = redis::cmd("XADD");
        add.arg(stream);
        if let Some(length) = self.config.max_length {
            // Approximately, which lets the server drop many at once.
            add.arg("MAXLEN").arg("~").arg(length);
        }
        add.arg("*").arg("event").arg(&event.namespace).arg("data").arg(crate::body(event));
        add.arg("id").arg(&event.id).arg("eventId").arg(&event.event_id);
        add.arg("time").arg(event.created_at.to_string());
        if let Some(id) = &event.correlation_id {
            add.arg("correlationId").arg(id);
        }
        add
    }

    /// The answer to `PUBLISH` is the number of receivers.
    fn receipt(&self, answer: &redis::Value, channel: &str) -> Receipt {
        match answer {
            redis::Value::Int(0) => {
                let endpoint = self.config.endpoint();
                let fix = "subscribe to it, or set stream, which keeps events";
                Receipt::Unroutable(format!("nobody listens to the channel '{channel}' at {endpoint}: {fix}"))
            }
            _ => Receipt::Accepted,
        }
    }
}

#[async_trait]
impl Target for RedisTarget {
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        let lease = self.link.connection(|_| true, self.connect()).await?;
        let mut connection = MultiplexedConnection::clone(&lease);
        match self.command(event).query_async::<redis::Value>(&mut connection).await {
            Ok(answer) => {
                lease.sound();
                Ok(self.receipt(&answer, &event.namespace))
            }
            Err(error) => {
                let text = format!("{}: {}", self.config.endpoint(), reason(&error));
                match error.kind() {
                    // An error of this channel or stream; the connection is unaffected.
                    _ if error.code() == Some("WRONGTYPE") => {
                        lease.sound();
                        Err(DeliveryError::Refused(text))
                    }
                    ErrorKind::Server(ServerErrorKind::NoPerm) => {
                        lease.sound();
                        Err(DeliveryError::Refused(text))
                    }
                    _ => Err(DeliveryError::Unreachable(text)),
                }
            }
        }
    }

    async fn close(&self) {
        drop(self.link.take());
    }
}

/// The text of an error without the server's text, which may repeat a command.
fn reason(error: &RedisError) -> String {
    let code = error.code().unwrap_or_default();
    match (error.kind(), code) {
        (ErrorKind::AuthenticationFailed, _) | (_, "WRONGPASS" | "NOAUTH") => {
            "the server refuses the user or the password".to_owned()
        }
        (ErrorKind::Server(ServerErrorKind::NoPerm), _) => {
            "the user may not write to this channel or stream (NOPERM)".to_owned()
        }
        (_, "WRONGTYPE") => "the key of the stream holds something else (WRONGTYPE): choose another name".to_owned(),
        (_, "OOM") => "the server has run out of memory (OOM)".to_owned(),
        (ErrorKind::Io, _) => error.to_string(),
        (_, "") => error.category().to_owned(),
        _ => format!("{} ({code})", error.category()),
    }
}
