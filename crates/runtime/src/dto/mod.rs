//! The results of use cases (`docs/protocol/06-rest-api.md` §6).
//!
//! Members come in the order clients know; absent optional values are left out, never `null`.

mod account;
mod announcement;
mod challenge;
mod deliveries;
mod file;
pub(crate) mod health;
mod identity_deletion_process;
mod inbox;
mod message;
mod password_protection;
mod reference;
mod relationship;
mod relationship_template;
mod tag_collection;
mod token;

pub use account::{IdentityInfoDto, SyncInfoDto, SyncInfoEntryDto};
pub use announcement::{AnnouncementActionDto, AnnouncementDto};
pub use challenge::{ChallengeDto, ValidateChallengeResultDto};
pub use deliveries::{DeliveryDto, DeliveryTargetDto, DeliveryTargetFailureDto, ReplayDto};
pub use file::{FileDownload, FileDto};
pub use health::{ComponentHealthDto, HealthDto, HealthServicesDto, HealthStatus, UnknownOwnMessagesDto};
pub use identity_deletion_process::IdentityDeletionProcessDto;
pub use inbox::{InboxAttemptDto, InboxEntryDto, InboxFailureDto};
pub use message::{MessageDto, MessageWithAttachmentsDto, RecipientDto};
pub use password_protection::{LocationIndicatorDto, PasswordProtectionDto};
pub use reference::ReferenceDto;
pub use relationship::{
    AuditLogEntryDto, CanCreateRelationshipResultDto, IdentityDto, PeerDeletionInfoDto, RelationshipDto,
};
pub use relationship_template::RelationshipTemplateDto;
pub use tag_collection::{TagCollectionDto, TagDto};
pub use token::TokenDto;

use crypto::SignaturePublicKey;
use crypto::encoding::base64url_encode;

/// Unpadded base64url of the compact JSON of a public key, members `pub` and `alg`.
pub(crate) fn public_key_text(key: &SignaturePublicKey) -> String {
    // A key is a plain structure; writing it as JSON has no way to fail.
    base64url_encode(serde_json::to_string(key).unwrap_or_default().as_bytes())
}
