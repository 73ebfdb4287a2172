use core_types::Timestamp;
use serde::Serialize;
use transport::documents::{DeletionProcessStatus, IdentityDeletionProcess};
use utoipa::ToSchema;

/// A process that ends with the deletion of the own Identity.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityDeletionProcessDto {
    /// Id.
    pub id: String,
    /// `Active` or `Cancelled`.
    #[schema(value_type = String)]
    pub status: DeletionProcessStatus,
    /// When it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub created_at: Option<Timestamp>,
    /// The device that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created_by_device: Option<String>,
    /// When the Identity is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub grace_period_ends_at: Option<Timestamp>,
    /// When it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub cancelled_at: Option<Timestamp>,
    /// The device that cancelled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancelled_by_device: Option<String>,
}

impl From<&IdentityDeletionProcess> for IdentityDeletionProcessDto {
    fn from(process: &IdentityDeletionProcess) -> Self {
        Self {
            id: process.id.as_str().to_owned(),
            status: process.status,
            created_at: process.created_at,
            created_by_device: process.created_by_device.as_ref().map(|device| device.as_str().to_owned()),
            grace_period_ends_at: process.grace_period_ends_at,
            cancelled_at: process.cancelled_at,
            cancelled_by_device: process.cancelled_by_device.as_ref().map(|device| device.as_str().to_owned()),
        }
    }
}
