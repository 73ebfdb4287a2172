//! `POST /Notifications` (`docs/protocol/03 §9`).

use core_types::IdentityAddress;
use serde::{Deserialize, Serialize};

/// Body of `POST /Notifications`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendNotificationRequest {
    /// The Identities to notify, 1 to 100.
    pub recipients: Vec<IdentityAddress>,
    /// Name of a notification text configured on the server.
    pub code: String,
}
