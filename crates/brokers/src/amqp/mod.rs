//! AMQP 0.9.1, as RabbitMQ implements it (`docs/protocol/07 §5.2`).
//!
//! An event is one message: its routing key is the name of the event, its body the data as JSON, `{}` if there is none.
//! It is persistent, and delivered when the broker confirms it; meanwhile others are in flight, each on a channel of
//! its own. Properties: `content_type`, `message_id` (the same in all attempts), `timestamp` (seconds), `type` (the
//! name of the event) and `correlation_id`; the headers `event`, `eventId`, `time` and `correlationId` repeat these for
//! consumers that only see headers.
//!
//! The broker decides what happens to a confirmed message: an exchange drops messages for which no queue is bound, and
//! the default exchange those for which there is no queue of that name. The broker is always asked to report this.
//! `mandatory` turns it into a failure, which is retried.

mod config;
mod socket;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{
    AsyncTcpStream, BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Error, ErrorKind,
    ExchangeKind,
};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use config::{AmqpConfig, SETTINGS};
use socket::{Kit, Socket};

use crate::link::Link;

const PERSISTENT: u8 = 2;
/// The reply code of a normal close.
const SUCCESS: u16 = 200;

/// An exchange of an AMQP broker.
#[derive(Debug)]
pub struct AmqpTarget {
    config: AmqpConfig,
    link: Link<Session>,
}

/// The broker says which message it returns, but the client library assigns that to the next confirmation on the
/// channel. So each channel has one message in flight at a time.
struct Session {
    connection: Connection,
    /// Channels with nothing in flight.
    idle: Mutex<Vec<Channel>>,
    /// Permits for channels.
    places: Semaphore,
    /// Ends the connection even if the broker is silent.
    _end: DropGuard,
}

impl Session {
    fn idle(&self) -> MutexGuard<'_, Vec<Channel>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl AmqpTarget {
    /// Creates a target that connects with the first message.
    #[must_use]
    pub fn new(config: AmqpConfig) -> Self {
        Self { config, link: Link::new() }
    }

    /// Logs in, checks that the exchange exists and disconnects.
    ///
    /// # Errors
    /// The reason why that fails, for operators.
    pub async fn check(&self) -> Result<(), String> {
        let session = self.connect().await?;
        let closed = session.connection.close(SUCCESS, "goodbye".into());
        // A broker that does not answer to this will notice by itself.
        let _ = tokio::time::timeout(self.config.timeout, closed).await;
        Ok(())
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
            self.look_for_exchange(&channel).await?;
            let most = usize::from(connection.configuration().channel_max()).max(1);
            Ok(Session { connection, idle: Mutex::new(vec![channel]), places: Semaphore::new(most), _end: guard })
        };
        // Once for the socket, once for the rest.
        let opened = tokio::time::timeout(self.config.timeout * 2, opening).await;
        opened.unwrap_or_else(|_| Err(format!("{endpoint} does not answer within {:?}", self.config.timeout)))
    }

    /// A channel with confirms.
    async fn open(&self, connection: &Connection) -> Result<Channel, String> {
        let endpoint = self.config.endpoint();
        let channel =
            connection.create_channel().await.map_err(|error| format!("no channel of {endpoint}: {error}"))?;
        let confirms = channel.confirm_select(ConfirmSelectOptions::default()).await;
        confirms.map_err(|error| format!("{endpoint} does not confirm messages: {error}"))?;
        Ok(channel)
    }

    async fn look_for_exchange(&self, channel: &Channel) -> Result<(), String> {
        let endpoint = self.config.endpoint();
        let exchange = self.config.exchange.as_str();
        // RabbitMQ refuses to declare the default exchange, which always exists.
        if exchange.is_empty() {
            return Ok(());
        }
        let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        let asked = channel.exchange_declare(short(exchange), ExchangeKind::Topic, passive, FieldTable::default());
        asked.await.map_err(|error| match soft_error(&error) {
            Some(AMQPSoftError::NOTFOUND) => {
                format!("there is no exchange '{exchange}' at {endpoint}: declare it there, durable, of type topic")
            }
            _ => format!("the exchange '{exchange}' of {endpoint} cannot be used: {error}"),
        })
    }

    async fn publish(&self, session: &Session, event: &OutboundEvent) -> Result<Confirmation, DeliveryError> {
        let closed = |_| DeliveryError::Unreachable(format!("the connection to {} was lost", self.config.endpoint()));
        let _place = session.places.acquire().await.map_err(closed)?;
        let idle = session.idle().pop();
        let channel = match idle {
            Some(channel) => channel,
            None => self.open(&session.connection).await.map_err(DeliveryError::Unreachable)?,
        };
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        let (exchange, key) = (short(&self.config.exchange), short(&event.namespace));
        let body = crate::body(event).as_bytes();
        let published = channel.basic_publish(exchange, key, options, body, properties(event)).await;
        let confirmation = published.map_err(|error| self.failure(&error))?;
        let confirmation = confirmation.await.map_err(|error| self.failure(&error))?;
        session.idle().push(channel);
        Ok(confirmation)
    }

    /// The outcome for events of this name, which no queue is bound for.
    fn unroutable(&self, key: &str) -> Result<Receipt, DeliveryError> {
        let text = |then: &str| format!("no queue at {} takes '{key}', {then}", self.config.endpoint());
        match self.config.mandatory {
            true => Err(DeliveryError::Unroutable(text("so it waits: bind one, or leave mandatory away"))),
            false => Ok(Receipt::Unroutable(text("so the broker drops it: bind one, or set mandatory to let it wait"))),
        }
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
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        let usable = |session: &Session| session.connection.status().connected();
        let session = self.link.connection(usable, self.connect()).await?;
        if session.connection.status().blocked() {
            session.sound();
            let endpoint = self.config.endpoint();
            return Err(DeliveryError::Unreachable(format!("{endpoint} is short of memory or disk and takes nothing")));
        }
        let confirmation = self.publish(&session, event).await?;
        session.sound();
        match confirmation {
            Confirmation::Ack(None) => Ok(Receipt::Accepted),
            Confirmation::Ack(Some(_)) => self.unroutable(&event.namespace),
            Confirmation::Nack(_) => Err(DeliveryError::Refused("the broker could not store the message".to_owned())),
            Confirmation::NotRequested => Err(DeliveryError::Unreachable("the broker confirms nothing".to_owned())),
        }
    }

    async fn close(&self) {
        if let Some(session) = self.link.take() {
            let closed = session.connection.close(SUCCESS, "goodbye".into());
            // A broker that does not answer to this will notice by itself.
            let _ = tokio::time::timeout(self.config.timeout, closed).await;
        }
    }
}

fn properties(event: &OutboundEvent) -> BasicProperties {
    let mut headers = FieldTable::default();
    let mut header = |name: &str, value: &str| {
        headers.insert(short(name), AMQPValue::LongString(value.into()));
    };
    header("event", &event.namespace);
    header("eventId", &event.event_id);
    header("time", &event.created_at.to_string());
    if let Some(id) = &event.correlation_id {
        header("correlationId", id);
    }
    let seconds = event.created_at.as_millis().div_euclid(1000);
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(short(&event.id))
        .with_timestamp(u64::try_from(seconds).unwrap_or_default())
        .with_type(short(&event.namespace))
        .with_headers(headers);
    match &event.correlation_id {
        Some(id) => properties.with_correlation_id(short(id)),
        None => properties,
    }
}

/// Names and ids are short; longer ones than the protocol allows are truncated.
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
