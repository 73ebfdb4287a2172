use backbone_api::identities::{DeletionProcess, DeletionProcessStatus};
use core_types::{DeviceId, IdentityDeletionProcessId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document};

/// A deletion process of this Identity (`docs/protocol/02 §7.6`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "IdentityDeletionProcess", rename_all = "camelCase")]
pub struct IdentityDeletionProcess {
    /// The time of its cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// The device that cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by_device: Option<DeviceId>,
    /// The time of its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The device that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_device: Option<DeviceId>,
    /// The time at which the Identity is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_period_ends_at: Option<Timestamp>,
    /// Id.
    pub id: IdentityDeletionProcessId,
    /// Status.
    pub status: DeletionProcessStatus,
}

impl From<DeletionProcess> for IdentityDeletionProcess {
    fn from(process: DeletionProcess) -> Self {
        Self {
            cancelled_at: None,
            cancelled_by_device: None,
            created_at: Some(process.created_at),
            created_by_device: Some(process.created_by_device),
            grace_period_ends_at: process.grace_period_ends_at,
            id: process.id,
            status: process.status,
        }
    }
}

impl Document for IdentityDeletionProcess {
    const COLLECTION: CollectionSpec =
        CollectionSpec { name: "IdentityDeletionProcess", key: "id", indexes: &["status"] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
