use core_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::words;

/// The state of the deletion of an attribute shared with or by somebody else (`docs/protocol/05 §1.3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletionInfo<S> {
    /// When it was asked for, refused, will happen or has happened.
    pub deletion_date: Timestamp,
    /// The status.
    pub deletion_status: S,
}

impl<S> DeletionInfo<S> {
    /// That status at that time.
    #[must_use]
    pub const fn new(deletion_status: S, deletion_date: Timestamp) -> Self {
        Self { deletion_date, deletion_status }
    }
}

/// Of an attribute a peer has from here.
pub type EmittedDeletionInfo = DeletionInfo<EmittedDeletionStatus>;
/// Of an attribute that is here from a peer.
pub type ReceivedDeletionInfo = DeletionInfo<ReceivedDeletionStatus>;

words! {
    /// The deletion status of an attribute that a peer has from here.
    EmittedDeletionStatus {
        /// The peer was asked to delete it.
        DeletionRequestSent,
        /// The peer refused.
        DeletionRequestRejected,
        /// The peer will delete it at that time.
        ToBeDeletedByRecipient,
        /// The peer has deleted it.
        DeletedByRecipient,
    }
}

words! {
    /// The deletion status of an attribute that came from a peer.
    ReceivedDeletionStatus {
        /// It was promised to delete it at that time.
        ToBeDeleted,
        /// The peer has deleted it.
        DeletedByEmitter,
    }
}

impl EmittedDeletionStatus {
    /// The peer has deleted it, or will.
    #[must_use]
    pub const fn is_deleted_or_to_be_deleted(self) -> bool {
        matches!(self, Self::ToBeDeletedByRecipient | Self::DeletedByRecipient)
    }
}
