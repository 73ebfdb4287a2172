use core_types::Timestamp;
use serde::Serialize;
use transport::documents::Identity;
use utoipa::ToSchema;

use super::public_key_text;

/// The own Identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityInfoDto {
    /// Address.
    pub address: String,
    /// Unpadded base64url of the JSON of the public signature key.
    pub public_key: String,
}

impl From<&Identity> for IdentityInfoDto {
    fn from(identity: &Identity) -> Self {
        Self { address: identity.address.as_str().to_owned(), public_key: public_key_text(&identity.public_key) }
    }
}

/// When the Account was last synchronised.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncInfoDto {
    /// The last synchronisation of the datawallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_datawallet_sync: Option<SyncInfoEntryDto>,
    /// The last synchronisation of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_sync_run: Option<SyncInfoEntryDto>,
}

/// One finished synchronisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncInfoEntryDto {
    /// When it was finished.
    #[schema(value_type = String, format = DateTime)]
    pub completed_at: Timestamp,
}
