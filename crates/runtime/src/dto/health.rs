use core_types::Timestamp;
use serde::Serialize;
use transport::UnknownOwnMessages;
use utoipa::ToSchema;

/// The database answers, and is neither damaged nor taken over.
pub(crate) const DATABASE: &str = "database";
/// The database takes a write.
pub(crate) const DATABASE_WRITE: &str = "databaseWrite";
/// The Backbone answers.
pub(crate) const BACKBONE_CONNECTION: &str = "backboneConnection";
/// The Backbone lets the device in.
pub(crate) const BACKBONE_AUTHENTICATION: &str = "backboneAuthentication";
/// Nothing that was received waits for long.
pub(crate) const INBOX: &str = "inbox";

/// Everything that can be received is received.
pub(crate) const SYNCHRONISATION: &str = "synchronisation";

/// The health of everything this program depends on (`docs/protocol/07-connector-modules-and-operations.md` §2.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthDto {
    /// True if all services are healthy.
    pub is_healthy: bool,
    /// One by one.
    pub services: HealthServicesDto,
}

/// The services that were checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthServicesDto {
    /// The database answers and takes writes.
    pub database: HealthStatus,
    /// The Backbone answers, and what it has for this Identity is received.
    pub backbone_connection: HealthStatus,
    /// The Backbone lets the device log in.
    pub backbone_authentication: HealthStatus,
}

/// A part that has to work, and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentHealthDto {
    /// Name of the part.
    pub name: &'static str,
    /// Its state.
    pub state: HealthStatus,
    /// The reason why it does not work, for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Works.
    Healthy,
    /// Does not work.
    Unhealthy,
}

impl ComponentHealthDto {
    /// From the outcome of a check, whose error is the reason.
    #[must_use]
    pub fn new(name: &'static str, outcome: Result<(), String>) -> Self {
        let state = if outcome.is_ok() { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
        Self { name, state, reason: outcome.err() }
    }
}

impl HealthDto {
    /// The short form of the details: healthy if all of them are.
    #[must_use]
    pub fn of(components: &[ComponentHealthDto]) -> Self {
        let is_unhealthy = |component: &ComponentHealthDto| component.state == HealthStatus::Unhealthy;
        let state = |names: &[&str]| {
            let one_of_them = |component: &ComponentHealthDto| names.contains(&component.name);
            match components.iter().any(|component| one_of_them(component) && is_unhealthy(component)) {
                true => HealthStatus::Unhealthy,
                false => HealthStatus::Healthy,
            }
        };
        Self {
            is_healthy: !components.iter().any(is_unhealthy),
            services: HealthServicesDto {
                database: state(&[DATABASE, DATABASE_WRITE]),
                // There are three names for clients of the existing Connector: what cannot be received is a matter of this one.
                backbone_connection: state(&[BACKBONE_CONNECTION, SYNCHRONISATION, INBOX]),
                backbone_authentication: state(&[BACKBONE_AUTHENTICATION]),
            },
        }
    }
}

/// Messages the Backbone has of this device, but that were not sent with its database: it was restored from an older backup, or
/// a second copy of it is in use. Told until a day after the last one was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnknownOwnMessagesDto {
    /// How many.
    pub count: u64,
    /// When the newest of them was sent.
    #[schema(value_type = String, format = DateTime)]
    pub newest: Timestamp,
    /// When the first one was found.
    #[schema(value_type = String, format = DateTime)]
    pub first_found_at: Timestamp,
    /// When the last one was found.
    #[schema(value_type = String, format = DateTime)]
    pub last_found_at: Timestamp,
}

impl From<UnknownOwnMessages> for UnknownOwnMessagesDto {
    fn from(unknown: UnknownOwnMessages) -> Self {
        let UnknownOwnMessages { count, newest, first_found_at, last_found_at } = unknown;
        Self { count, newest, first_found_at, last_found_at }
    }
}
