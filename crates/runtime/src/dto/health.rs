use serde::Serialize;
use utoipa::ToSchema;

/// Whether everything this program depends on works (`docs/protocol/07-connector-modules-and-operations.md` §2.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthDto {
    /// Whether all services are healthy.
    pub is_healthy: bool,
    /// One by one.
    pub services: HealthServicesDto,
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthServicesDto {
    /// The database answers.
    pub database: HealthStatus,
    /// The Backbone answers.
    pub backbone_connection: HealthStatus,
    /// The Backbone lets the device log in.
    pub backbone_authentication: HealthStatus,
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

impl From<bool> for HealthStatus {
    fn from(works: bool) -> Self {
        if works { Self::Healthy } else { Self::Unhealthy }
    }
}

impl HealthDto {
    pub(crate) fn new(database: bool, backbone_connection: bool, backbone_authentication: bool) -> Self {
        Self {
            is_healthy: database && backbone_connection && backbone_authentication,
            services: HealthServicesDto {
                database: database.into(),
                backbone_connection: backbone_connection.into(),
                backbone_authentication: backbone_authentication.into(),
            },
        }
    }
}
