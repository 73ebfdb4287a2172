use backbone_api::external_events::ExternalEvent;
use backbone_api::sse::SseEvent;
use backbone_api::{
    Bytes, Envelope, ErrorBody, Page, announcements, challenges, datawallet, devices, files, identities, messages,
    notifications, oauth, quotas, relationships, sync_runs, tags, template_references, templates, tokens, version,
};
use serde::de::DeserializeOwned;

fn read<T: DeserializeOwned>(data: &[u8]) {
    drop(foreign_json::from_slice::<T>(data));
    drop(foreign_json::from_slice::<Envelope<T>>(data));
    drop(foreign_json::from_slice::<Page<T>>(data));
}

macro_rules! read_as {
    ($data:expr; $($type:ty),* $(,)?) => {$(read::<$type>($data);)*};
}

/// Answers and events of a Backbone.
pub fn backbone_answer(data: &[u8]) {
    drop(foreign_json::from_slice::<ErrorBody>(data));
    if let Ok(event) = foreign_json::from_slice::<ExternalEvent>(data) {
        drop(event.parse_payload());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        drop(Bytes::parse(text));
        if let Some(event) = SseEvent::from_name(text) {
            assert_eq!(event.as_str(), text);
        }
    }
    read_as!(data;
        announcements::Announcement, challenges::Challenge, datawallet::Datawallet, datawallet::DatawalletModification,
        datawallet::PushModificationsResponse, devices::CreateDeviceResponse, devices::Device,
        devices::RegisterPushNotificationsResponse, files::CreateFileResponse, files::FileMetadata,
        files::NewOwnershipTokenResponse, files::ValidateOwnershipTokenResponse, identities::CreateIdentityResponse,
        identities::OwnIdentity, identities::IsDeletedResponse, identities::DeletionProcess, messages::Message,
        messages::SendMessageResponse, oauth::TokenResponse, oauth::OAuthError, quotas::MetricQuotas,
        relationships::Relationship, relationships::RelationshipMetadata, relationships::CanCreateResponse,
        sync_runs::StartSyncRunResponse, sync_runs::FinalizeExternalEventSyncResponse,
        sync_runs::FinalizeDatawalletVersionUpgradeResponse, sync_runs::RefreshExpirationTimeResponse, tags::TagCollection,
        template_references::PublicRelationshipTemplateReference, templates::CreateRelationshipTemplateResponse,
        templates::RelationshipTemplate, tokens::CreateTokenResponse, tokens::Token, tokens::TokenMetadata,
        version::BackboneVersion,
    );
}

/// Requests of the embedded Backbone's clients.
pub fn backbone_request(data: &[u8]) {
    read_as!(data;
        challenges::SignedChallenge, datawallet::PushModificationsRequest, devices::CreateDeviceRequest,
        devices::UpdateDeviceRequest, devices::ChangePasswordRequest, devices::RegisterPushNotificationsRequest,
        files::OwnershipTokenRequest, identities::CreateIdentityRequest, identities::StartDeletionProcessRequest,
        messages::SendMessageRequest, notifications::SendNotificationRequest, oauth::TokenRequest,
        relationships::CreateRelationshipRequest, relationships::RespondToRelationshipRequest,
        sync_runs::StartSyncRunRequest, sync_runs::FinalizeExternalEventSyncRequest,
        sync_runs::FinalizeDatawalletVersionUpgradeRequest, templates::CreateRelationshipTemplateRequest,
        tokens::CreateTokenRequest, tokens::UpdateTokenContentRequest,
    );
}
