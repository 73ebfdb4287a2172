//! Identifiers, identity addresses, timestamps, references and password protection, and the JSON rules they share.
//!
//! Time and randomness are parameters ([`Clock`], [`Randomness`] or any `rand::CryptoRng`), so a caller can control
//! both. The formats are described in `docs/protocol/01 §1, §2.8, §4 to §8`.

mod clock;
mod error;
mod randomness;
mod timestamp;

pub mod id;
pub mod identity_address;
pub mod json;
pub mod password;
pub mod random;
pub mod reference;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::CoreError;
pub use id::{
    AnnouncementId, AttributeId, ChallengeId, DatawalletId, DatawalletModificationId, DeviceId, DevicePushIdentifier,
    DraftId, ExternalEventId, FileId, ForwardingDetailsId, HttpRequestId, IdentityDeletionProcessId,
    IdentityMetadataId, LocalDatawalletModificationId, MessageId, NotificationId, RelationshipAuditLogEntryId,
    RelationshipId, RelationshipSecretId, RelationshipTemplateId, RelationshipTemplateKeyId, RequestId, SecretId,
    SettingId, SyncErrorId, SyncRunId, TierId, TokenId, Username,
};
pub use identity_address::IdentityAddress;
pub use password::{
    LocationIndicator, PasswordProtection, PasswordProtectionCreationParameters, PasswordType, SharedPasswordProtection,
};
pub use randomness::Randomness;
pub use reference::{Reference, ReferenceKind};
pub use timestamp::Timestamp;
