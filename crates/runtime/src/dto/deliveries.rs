use core_types::Timestamp;
use delivery::{Activity, DeliveryState, DeliveryView, TargetState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::input::target_id;

/// A target of events: a webhook, a message broker, or a module that reacts to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryTargetDto {
    /// Id.
    pub id: String,
    /// Its name in the configuration; its id once it was removed from there.
    pub name: String,
    /// `webhook`, `AMQP`, `MQTT`, `Redis`, `PubSub`, `NATS` or `module`; absent once it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<String>,
    /// The module it belongs to; absent once it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub module: Option<String>,
    /// Where it is, without credentials and query; of its path only what cannot be a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub endpoint: Option<String>,
    /// The events that it gets.
    pub triggers: Vec<String>,
    /// `delivering`; `failing`: it took nothing several times in a row and is tried with one message at a time;
    /// `stopped`; `removed`: it is not in the configuration any more.
    pub state: String,
    /// Since when and why it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<DeliveryTargetFailureDto>,
    /// Messages that are still to be delivered; an estimate where there are more than 10,000.
    pub waiting: u64,
    /// How long the oldest of them has waited while the program ran, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lag_seconds: Option<u64>,
    /// How many of those that wait have failed before, wait behind such a one about the same object, or are sent once more.
    pub parked: u64,
    /// Messages that were given up.
    pub dead_letters: u64,
    /// Messages taken since the start of the program.
    pub delivered: u64,
    /// Attempts that failed since the start of the program.
    pub failed: u64,
    /// Messages since the start of the program that nobody behind the target wanted, for instance because no queue is bound for
    /// them: the broker has dropped them, or they are tried again where `mandatory` is set.
    pub unroutable: u64,
    /// When a message was taken last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub last_delivered_at: Option<Timestamp>,
    /// When an attempt failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub last_failed_at: Option<Timestamp>,
    /// The reason why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_error: Option<String>,
}

/// The reason why a target is `failing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryTargetFailureDto {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The last failure.
    pub reason: String,
    /// When it is tried again.
    #[schema(value_type = String, format = DateTime)]
    pub next_attempt_at: Timestamp,
}

impl From<TargetState> for DeliveryTargetDto {
    fn from(target: TargetState) -> Self {
        let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let id = target_id(&target.subscriber);
        let (state, failure) = match target.activity {
            Activity::Delivering => ("delivering", None),
            Activity::Failing { since, reason, next_attempt_at } => {
                ("failing", Some(DeliveryTargetFailureDto { since, reason, next_attempt_at }))
            }
            Activity::Stopped => ("stopped", None),
            Activity::Removed => ("removed", None),
        };
        Self {
            name: if state == "removed" { id.clone() } else { target.name },
            id,
            kind: named(target.kind),
            module: named(target.module),
            endpoint: target.endpoint,
            triggers: target.triggers,
            state: state.to_owned(),
            failure,
            waiting: target.waiting,
            lag_seconds: target.lag.map(|lag| lag.as_secs()),
            parked: target.parked,
            dead_letters: target.dead_letters,
            delivered: target.delivered,
            failed: target.failed,
            unroutable: target.unroutable,
            last_delivered_at: target.last_delivered_at,
            last_failed_at: target.last_failed_at,
            last_error: target.last_error,
        }
    }
}

/// An event that a target did not take at once. Its payload is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryDto {
    /// Id.
    pub id: i64,
    /// Id of the target.
    pub target: String,
    /// `waiting` to be tried again, or `dead`: given up.
    pub state: String,
    /// Id of the event, the same in all attempts and for all targets.
    pub event_id: String,
    /// Name of the event.
    pub trigger: String,
    /// The object the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub object_id: Option<String>,
    /// When the event happened.
    #[schema(value_type = String, format = DateTime)]
    pub event_created_at: Timestamp,
    /// The correlation id of the request that caused the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub correlation_id: Option<String>,
    /// Attempts that failed.
    pub attempts: u32,
    /// When it is tried again; absent for dead ones, and while another one about the same object comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub next_attempt_at: Option<Timestamp>,
    /// The last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_error: Option<String>,
}

impl From<DeliveryView> for DeliveryDto {
    fn from(delivery: DeliveryView) -> Self {
        Self {
            id: delivery.id,
            target: target_id(&delivery.subscriber),
            state: match delivery.state {
                DeliveryState::Waiting => "waiting",
                DeliveryState::Dead => "dead",
            }
            .to_owned(),
            event_id: delivery.event_id,
            trigger: delivery.namespace,
            object_id: delivery.object_id,
            event_created_at: delivery.event_created_at,
            correlation_id: delivery.correlation_id,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at,
            last_error: delivery.last_error,
        }
    }
}

/// How many messages were put on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayDto {
    /// The number.
    pub count: u64,
}
