//! AMQP 0.9.1, as RabbitMQ speaks it (`docs/protocol/07 §5.2`).
//!
//! An event is one message: its routing key is the name of the event, its body the data as JSON, `{}` where there is none. It is
//! persistent, and delivered when the broker confirms it; until then any number of others are on their way on the same channel.
//! Properties: `content_type`, `message_id` (the same in all attempts), `timestamp` (seconds), `type` (the name of the event) and
//! `correlation_id`; the headers `event`, `eventId`, `time` and `correlationId` carry the same for those who only see headers.
//!
//! What happens to a confirmed message is the business of the broker: an exchange drops what no queue is bound for, and the
//! default exchange what no queue is named like. `mandatory` makes that a failure, which is repeated.

mod config;
mod socket;

use std::fmt;

use async_trait::async_trait;
use delivery::{DeliveryError, Message, Target};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{
    AsyncTcpStream, BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Error, ErrorKind,
    ExchangeKind,
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use config::AmqpConfig;
use socket::{Kit, Socket};

use crate::link::Link;

const PERSISTENT: u8 = 2;
/// The reply code of an ordinary end.
const SUCCESS: u16 = 200;

/// An exchange of an AMQP broker.
#[derive(Debug)]
pub struct AmqpTarget {
    config: AmqpConfig,
    link: Link<Session>,
}

struct Session {
    connection: Connection,
    channel: Channel,
    /// Ends the connection even if the broker is silent.
    _end: DropGuard,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl AmqpTarget {
    /// Connects with the first message.
    #[must_use]
    pub fn new(config: AmqpConfig) -> Self {
        Self { config, link: Link::new() }
    }

    async fn connect(&self) -> Result<Session, String> {
        let endpoint = self.config.endpoint();
        let end = CancellationToken::new();
        let guard = end.clone().drop_guard();
        let config = self.config.clone();
        let connect = async move |_, _| {
            Socket::connect(&config, end.clone()).await.map(AsyncTcpStream::Plain).map_err(Error::from)
        };
        let properties = ConnectionProperties::default().with_connection_name("enmeshed Connector".into());
        let connecting = Connection::connector(self.config.uri.clone(), Kit::current().into(), connect, properties);
        let opening = async {
            let connection = connecting.await.map_err(|error| format!("no connection to {endpoint}: {error}"))?;
            let channel = self.open(&connection).await?;
            Ok(Session { connection, channel, _end: guard })
        };
        // Once for the socket, once for the rest.
        let opened = tokio::time::timeout(self.config.timeout * 2, opening).await;
        opened.unwrap_or_else(|_| Err(format!("{endpoint} does not answer within {:?}", self.config.timeout)))
    }

    /// A channel that confirms, to an exchange that is there.
    async fn open(&self, connection: &Connection) -> Result<Channel, String> {
        let endpoint = self.config.endpoint();
        let channel =
            connection.create_channel().await.map_err(|error| format!("no channel of {endpoint}: {error}"))?;
        let exchange = self.config.exchange.as_str();
        // RabbitMQ lets nobody ask for the default exchange, which is always there.
        if !exchange.is_empty() {
            let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
            let asked = channel.exchange_declare(short(exchange), ExchangeKind::Topic, passive, FieldTable::default());
            asked.await.map_err(|error| match soft_error(&error) {
                Some(AMQPSoftError::NOTFOUND) => {
                    format!("there is no exchange '{exchange}' at {endpoint}: declare it there, durable, of type topic")
                }
                _ => format!("the exchange '{exchange}' of {endpoint} cannot be used: {error}"),
            })?;
        }
        let confirms = channel.confirm_select(ConfirmSelectOptions::default()).await;
        confirms.map_err(|error| format!("{endpoint} does not confirm messages: {error}"))?;
        Ok(channel)
    }

    fn failure(&self, error: &Error) -> DeliveryError {
        let text = format!("{}: {error}", self.config.endpoint());
        match soft_error(error) {
            Some(AMQPSoftError::PRECONDITIONFAILED | AMQPSoftError::CONTENTTOOLARGE) => DeliveryError::Refused(text),
            _ => DeliveryError::Unreachable(text),
        }
    }
}

#[async_trait]
impl Target for AmqpTarget {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryError> {
        let usable = |session: &Session| session.channel.status().connected();
        let session = self.link.connection(usable, self.connect()).await?;
        if session.connection.status().blocked() {
            session.sound();
            let endpoint = self.config.endpoint();
            return Err(DeliveryError::Unreachable(format!("{endpoint} is short of memory or disk and takes nothing")));
        }
        let options = BasicPublishOptions { mandatory: self.config.mandatory, immediate: false };
        let (exchange, key) = (short(&self.config.exchange), short(&message.namespace));
        let body = crate::body(message).as_bytes();
        let published = session.channel.basic_publish(exchange, key, options, body, properties(message)).await;
        let confirmation = published.map_err(|error| self.failure(&error))?;
        let confirmation = confirmation.await.map_err(|error| self.failure(&error))?;
        session.sound();
        match confirmation {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) => {
                Err(DeliveryError::Refused(format!("no queue takes '{}' (mandatory is set)", message.namespace)))
            }
            Confirmation::Nack(_) => Err(DeliveryError::Refused("the broker could not store the message".to_owned())),
            Confirmation::NotRequested => Err(DeliveryError::Unreachable("the broker confirms nothing".to_owned())),
        }
    }

    async fn close(&self) {
        if let Some(session) = self.link.take() {
            let closed = session.connection.close(SUCCESS, "goodbye".into());
            // A broker that does not answer to this finds out by itself.
            let _ = tokio::time::timeout(self.config.timeout, closed).await;
        }
    }
}

fn properties(message: &Message) -> BasicProperties {
    let mut headers = FieldTable::default();
    let mut header = |name: &str, value: &str| {
        headers.insert(short(name), AMQPValue::LongString(value.into()));
    };
    header("event", &message.namespace);
    header("eventId", &message.event_id);
    header("time", &message.created_at.to_string());
    if let Some(id) = &message.correlation_id {
        header("correlationId", id);
    }
    let seconds = message.created_at.as_millis().div_euclid(1000);
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(short(&message.id))
        .with_timestamp(u64::try_from(seconds).unwrap_or_default())
        .with_type(short(&message.namespace))
        .with_headers(headers);
    match &message.correlation_id {
        Some(id) => properties.with_correlation_id(short(id)),
        None => properties,
    }
}

/// Names and ids are short; what is longer than the protocol allows is cut.
fn short(text: &str) -> ShortString {
    let end = text.floor_char_boundary(255);
    ShortString::try_new(text.get(..end).unwrap_or_default()).unwrap_or_default()
}

fn soft_error(error: &Error) -> Option<&AMQPSoftError> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(error) => Some(error),
            AMQPErrorKind::Hard(_) => None,
        },
        _ => None,
    }
}
