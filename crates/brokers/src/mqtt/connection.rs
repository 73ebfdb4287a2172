//! One connection to an MQTT broker, from its establishment to its end. Messages in flight when it ends have failed,
//! and the next message opens another one.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use delivery::DeliveryError;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions, Outgoing, Packet,
    QoS, StateError, TlsConfiguration, Transport,
};
use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::config::{MqttConfig, Scheme};
use crate::tls;

/// Time limit for connecting, logging in and each write, in seconds.
const NETWORK_TIMEOUT: u64 = 10;
/// The maximum number of messages in flight.
const MAX_IN_FLIGHT: usize = 1000;
/// The same with QoS 2. MQTT 3.1.1 knows no limit, but Mosquitto, by default, closes the connection of a client with
/// more than 20.
const MAX_IN_FLIGHT_EXACTLY_ONCE: usize = 20;
/// The number of packet ids that are used in turn. The client library fails on an id that is still in use when its turn
/// comes again, so there are many more than messages in flight.
const PACKET_IDS: u16 = 4096;
/// A broker sends acknowledgements only.
const MAX_INCOMING: usize = 1024;
/// Largest possible packet.
const MAX_OUTGOING: usize = 268_435_460;

/// An established connection; ends when it is dropped.
pub(super) struct Connection {
    client: AsyncClient,
    qos: QoS,
    retain: bool,
    flights: Arc<Flights>,
    permits: Arc<Semaphore>,
    _end: DropGuard,
}

/// Messages that were handed to the client library and are not acknowledged yet.
struct Flights {
    acknowledged: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The reason why the connection has ended.
    ended: Option<String>,
    /// Not written yet, in order.
    queued: VecDeque<Flight>,
    /// Written, by packet id.
    written: HashMap<u16, Flight>,
}

struct Flight {
    landed: oneshot::Sender<Result<(), DeliveryError>>,
    _permit: OwnedSemaphorePermit,
}

impl Flight {
    fn land(self, outcome: Result<(), DeliveryError>) {
        // The receiver may have stopped waiting.
        let _ = self.landed.send(outcome);
    }
}

impl Connection {
    /// Connects and logs in. A task of `tasks` drives the connection.
    pub(super) async fn open(config: &MqttConfig, client_id: &str, tasks: &TaskTracker) -> Result<Self, String> {
        let (client, mut events) = AsyncClient::new(options(config, client_id)?, MAX_IN_FLIGHT);
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(NETWORK_TIMEOUT).set_tcp_nodelay(true);
        events.set_network_options(network);
        events.poll().await.map_err(|error| reason(&error))?;
        let flights = Arc::new(Flights { acknowledged: config.qos != QoS::AtMostOnce, state: Mutex::default() });
        let end = CancellationToken::new();
        tasks.spawn(drive(Arc::clone(&flights), events, end.clone()));
        Ok(Self {
            client,
            qos: config.qos,
            retain: config.retain,
            flights,
            permits: Arc::new(Semaphore::new(match config.qos {
                QoS::ExactlyOnce => MAX_IN_FLIGHT_EXACTLY_ONCE,
                _ => MAX_IN_FLIGHT,
            })),
            _end: end.drop_guard(),
        })
    }

    pub(super) fn is_open(&self) -> bool {
        self.flights.state().ended.is_none()
    }

    /// Returns when the broker has accepted the message.
    pub(super) async fn publish(&self, topic: &str, data: &str) -> Result<(), DeliveryError> {
        let gone = || DeliveryError::Unreachable("the connection has ended".to_owned());
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| gone())?;
        let outcome = {
            let mut state = self.flights.state();
            if let Some(reason) = &state.ended {
                return Err(DeliveryError::Unreachable(reason.clone()));
            }
            // Under the lock, so that both queues have the same order.
            let queued = self.client.try_publish(topic, self.qos, self.retain, data);
            queued.map_err(|_| DeliveryError::Unreachable("the connection takes no more messages".to_owned()))?;
            let (landed, outcome) = oneshot::channel();
            state.queued.push_back(Flight { landed, _permit: permit });
            outcome
        };
        outcome.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Ends the connection in the way that a broker expects, after the queued messages.
    pub(super) fn say_goodbye(&self) {
        if self.client.try_disconnect().is_err() {
            tracing::debug!("a connection to an MQTT broker is closed without a goodbye");
        }
    }
}

impl Flights {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, event: &Event) {
        let mut state = self.state();
        let landed = match event {
            Event::Outgoing(Outgoing::Publish(id)) => {
                let written = state.queued.pop_front();
                if self.acknowledged {
                    state.written.extend(written.map(|flight| (*id, flight)));
                    None
                } else {
                    written
                }
            }
            Event::Incoming(Packet::PubAck(ack)) => state.written.remove(&ack.pkid),
            Event::Incoming(Packet::PubComp(complete)) => state.written.remove(&complete.pkid),
            _ => None,
        };
        if let Some(flight) = landed {
            flight.land(Ok(()));
        }
    }

    /// Everything in flight has failed. `closed_by_broker`: closing the connection is the only way in which MQTT 3.1.1
    /// lets a broker refuse a message, so a message that was alone has been refused.
    fn end(&self, reason: &str, closed_by_broker: bool) {
        let (written, queued) = {
            let mut state = self.state();
            state.ended = Some(reason.to_owned());
            (std::mem::take(&mut state.written), std::mem::take(&mut state.queued))
        };
        let refused = closed_by_broker && written.len() == 1 && queued.is_empty();
        for flight in written.into_values().chain(queued) {
            flight.land(Err(if refused {
                DeliveryError::Refused(format!("{reason} instead of acknowledging the message"))
            } else {
                DeliveryError::Unreachable(reason.to_owned())
            }));
        }
    }
}

/// Drives a connection until it ends.
async fn drive(flights: Arc<Flights>, mut events: EventLoop, end: CancellationToken) {
    loop {
        let event = tokio::select! {
            () = end.cancelled() => return flights.end("the connection was given up", false),
            event = events.poll() => event,
        };
        match event {
            Ok(Event::Outgoing(Outgoing::Disconnect)) => return flights.end("the connection was closed", false),
            Ok(event) => flights.handle(&event),
            Err(error) => {
                // Messages that the broker has acknowledged need not be published again.
                for event in events.state.events.drain(..).filter(|event| matches!(event, Event::Incoming(_))) {
                    flights.handle(&event);
                }
                let reason = reason(&error);
                tracing::debug!(error = reason, "a connection to an MQTT broker has ended");
                return flights.end(&reason, closed_by_broker(&error));
            }
        }
    }
}

fn options(config: &MqttConfig, client_id: &str) -> Result<MqttOptions, String> {
    let tls = || {
        tls::client_config(&config.trust)
            .map(|config| TlsConfiguration::Rustls(Arc::new(config)))
            .map_err(|error| format!("TLS: {error}"))
    };
    let url = || format!("{}{}", config.address(), config.path);
    let (address, transport) = match config.scheme {
        Scheme::Tcp => (config.host.clone(), Transport::tcp()),
        Scheme::Tls => (config.host.clone(), Transport::tls_with_config(tls()?)),
        Scheme::Ws => (url(), Transport::ws()),
        Scheme::Wss => (url(), Transport::wss_with_config(tls()?)),
    };
    let mut options = MqttOptions::new(client_id, address, config.port);
    options
        .set_transport(transport)
        .set_keep_alive(config.keep_alive)
        .set_clean_session(true)
        .set_inflight(PACKET_IDS)
        .set_max_packet_size(MAX_INCOMING, MAX_OUTGOING);
    if let Some(user) = &config.user {
        let password = config.password.as_ref().map_or("", |password| password.expose_secret());
        options.set_credentials(user, password);
    }
    Ok(options)
}

/// The reason for operators, without addresses and credentials.
fn reason(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => "the broker refuses the user name and password".to_owned(),
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadClientId) => {
            "the broker refuses the client id".to_owned()
        }
        ConnectionError::ConnectionRefused(code) => format!("the broker refuses the connection: {code:?}"),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
            format!("the broker did not answer within {NETWORK_TIMEOUT} seconds")
        }
        ConnectionError::NotConnAck(_) => "the server does not speak MQTT 3.1.1".to_owned(),
        ConnectionError::MqttState(StateError::AwaitPingResp) => "the broker does not answer any more".to_owned(),
        error if closed_by_broker(error) => "the broker closed the connection".to_owned(),
        ConnectionError::Io(error) | ConnectionError::MqttState(StateError::Io(error)) => error.to_string(),
        error => error.to_string(),
    }
}

fn closed_by_broker(error: &ConnectionError) -> bool {
    use rumqttc::mqttbytes::Error as Codec;
    let ended = |kind| matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof);
    match error {
        ConnectionError::MqttState(StateError::ConnectionAborted) => true,
        ConnectionError::Io(error) | ConnectionError::MqttState(StateError::Io(error)) => ended(error.kind()),
        ConnectionError::MqttState(StateError::Deserialization(Codec::Io(error))) => ended(error.kind()),
        _ => false,
    }
}
