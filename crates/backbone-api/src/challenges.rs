//! Challenges and signatures over them (`docs/protocol/03 §3.1, §3.2`).

use core_types::{ChallengeId, DeviceId, IdentityAddress, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Bytes;

/// A challenge of the Backbone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// `CHL…`.
    pub id: ChallengeId,
    /// End of its validity, ten minutes after creation.
    pub expires_at: Timestamp,
    /// The Identity that requested it; null when anonymous.
    pub created_by: Option<IdentityAddress>,
    /// The device that requested it; null when anonymous.
    pub created_by_device: Option<DeviceId>,
}

/// A challenge text with a signature over its UTF-8 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedChallenge {
    /// JSON text that holds the challenge's `id` and `expiresAt`.
    pub challenge: String,
    /// UTF-8 JSON of the signature.
    pub signature: Bytes,
}
