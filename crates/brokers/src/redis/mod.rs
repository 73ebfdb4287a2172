//! Redis (`docs/protocol/07 §5.2`): publish/subscribe as in the existing Connector, or streams.
//!
//! By default an event is published: its name is the channel, its data as JSON the message, `{}` where there is none. The server
//! gives it to who listens at that moment and keeps nothing: whoever is not there does not get it, and delivered only means that
//! the server took it. With `stream` the event becomes an entry with the fields `event`, `data`, `id` (the same in all attempts),
//! `eventId`, `time` and `correlationId`; consumers, groups of them included, get it at least once, and tell repetitions by `id`.

mod config;

use std::time::Duration;

use async_trait::async_trait;
use delivery::{DeliveryError, Message, Target};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, ServerErrorKind};

pub use config::RedisConfig;

use crate::link::Link;

/// Limit of connecting and logging in.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long the server may take for a command.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// A Redis server. All commands go through one connection, without waiting for each other.
#[derive(Debug)]
pub struct RedisTarget {
    config: RedisConfig,
    link: Link<MultiplexedConnection>,
}

impl RedisTarget {
    /// Connects with the first message.
    #[must_use]
    pub fn new(config: RedisConfig) -> Self {
        Self { config, link: Link::new() }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, String> {
        let failed = |error: RedisError| format!("no connection to {}: {}", self.config.endpoint(), reason(&error));
        let client = Client::open(self.config.server.clone()).map_err(failed)?;
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(ANSWER_LIMIT));
        client.get_multiplexed_async_connection_with_config(&limits).await.map_err(failed)
    }

    fn command(&self, message: &Message) -> Cmd {
        let Some(stream) = self.config.stream(&message.namespace) else {
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(&message.namespace).arg(crate::body(message));
            return publish;
        };
        let mut add = redis::cmd("XADD");
        add.arg(stream);
        if let Some(length) = self.config.max_length {
            // About, which lets the server drop many at once.
            add.arg("MAXLEN").arg("~").arg(length);
        }
        add.arg("*").arg("event").arg(&message.namespace).arg("data").arg(crate::body(message));
        add.arg("id").arg(&message.id).arg("eventId").arg(&message.event_id);
        add.arg("time").arg(message.created_at.to_string());
        if let Some(id) = &message.correlation_id {
            add.arg("correlationId").arg(id);
        }
        add
    }
}

#[async_trait]
impl Target for RedisTarget {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryError> {
        let lease = self.link.connection(|_| true, self.connect()).await?;
        let mut connection = MultiplexedConnection::clone(&lease);
        match self.command(message).query_async::<redis::Value>(&mut connection).await {
            Ok(_) => {
                lease.sound();
                Ok(())
            }
            Err(error) => {
                let text = format!("{}: {}", self.config.endpoint(), reason(&error));
                match error.kind() {
                    // About this channel or stream; the connection is as good as before.
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

/// What an error says, without the texts of the server: they may repeat a command.
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
