//! Paths of the Backbone. `{id}` stands for an identifier, see [`with_id`].
//!
//! The server matches them without regard to case.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// `POST` token endpoint, without envelope.
pub const CONNECT_TOKEN: &str = "/connect/token";
/// `GET`, without envelope.
pub const HEALTH: &str = "/health";
/// `GET`.
pub const VERSION: &str = "/api/v2/Version";
/// `POST`.
pub const CHALLENGES: &str = "/api/v2/Challenges";
/// `GET`.
pub const CHALLENGE: &str = "/api/v2/Challenges/{id}";
/// `POST`.
pub const IDENTITIES: &str = "/api/v2/Identities";
/// `GET`.
pub const IDENTITY_SELF: &str = "/api/v2/Identities/Self";
/// `GET`, query `username`.
pub const IDENTITY_IS_DELETED: &str = "/api/v2/Identities/IsDeleted";
/// `PATCH`.
pub const IDENTITY_SELF_FEATURE_FLAGS: &str = "/api/v2/Identities/Self/FeatureFlags";
/// `GET`; the identifier is an address.
pub const IDENTITY_FEATURE_FLAGS: &str = "/api/v2/Identities/{id}/FeatureFlags";
/// `POST`, `GET`.
pub const DELETION_PROCESSES: &str = "/api/v2/Identities/Self/DeletionProcesses";
/// `GET`.
pub const DELETION_PROCESS: &str = "/api/v2/Identities/Self/DeletionProcesses/{id}";
/// `PUT`.
pub const DELETION_PROCESS_CANCEL: &str = "/api/v2/Identities/Self/DeletionProcesses/{id}/Cancel";
/// `POST`, `GET`.
pub const DEVICES: &str = "/api/v2/Devices";
/// `DELETE`.
pub const DEVICE: &str = "/api/v2/Devices/{id}";
/// `GET`, `PUT`.
pub const DEVICE_SELF: &str = "/api/v2/Devices/Self";
/// `PUT`.
pub const DEVICE_PASSWORD: &str = "/api/v2/Devices/Self/Password";
/// `PUT`, `DELETE`.
pub const DEVICE_PUSH_NOTIFICATIONS: &str = "/api/v2/Devices/Self/PushNotifications";
/// `POST`, `GET`.
pub const TEMPLATES: &str = "/api/v2/RelationshipTemplates";
/// `GET` with query `password`, `DELETE`.
pub const TEMPLATE: &str = "/api/v2/RelationshipTemplates/{id}";
/// `POST`, `GET`.
pub const TOKENS: &str = "/api/v2/Tokens";
/// `GET` with query `password`, `DELETE`.
pub const TOKEN: &str = "/api/v2/Tokens/{id}";
/// `POST`.
pub const TOKEN_UPDATE_CONTENT: &str = "/api/v2/Tokens/{id}/UpdateContent";
/// `POST` multipart, `GET`.
pub const FILES: &str = "/api/v2/Files";
/// `GET` bytes, `DELETE`.
pub const FILE: &str = "/api/v2/Files/{id}";
/// `GET`.
pub const FILE_METADATA: &str = "/api/v2/Files/{id}/metadata";
/// `PATCH`.
pub const FILE_REGENERATE_OWNERSHIP_TOKEN: &str = "/api/v2/Files/{id}/RegenerateOwnershipToken";
/// `PATCH`.
pub const FILE_CLAIM_OWNERSHIP: &str = "/api/v2/Files/{id}/ClaimOwnership";
/// `POST`.
pub const FILE_VALIDATE_OWNERSHIP_TOKEN: &str = "/api/v2/Files/{id}/ValidateOwnershipToken";
/// `POST`, `GET`.
pub const RELATIONSHIPS: &str = "/api/v2/Relationships";
/// `GET`, query `peer`.
pub const RELATIONSHIPS_CAN_CREATE: &str = "/api/v2/Relationships/CanCreate";
/// `GET`.
pub const RELATIONSHIP: &str = "/api/v2/Relationships/{id}";
/// `PUT`.
pub const RELATIONSHIP_ACCEPT: &str = "/api/v2/Relationships/{id}/Accept";
/// `PUT`.
pub const RELATIONSHIP_REJECT: &str = "/api/v2/Relationships/{id}/Reject";
/// `PUT`.
pub const RELATIONSHIP_REVOKE: &str = "/api/v2/Relationships/{id}/Revoke";
/// `PUT`.
pub const RELATIONSHIP_TERMINATE: &str = "/api/v2/Relationships/{id}/Terminate";
/// `PUT`.
pub const RELATIONSHIP_DECOMPOSE: &str = "/api/v2/Relationships/{id}/Decompose";
/// `PUT`.
pub const RELATIONSHIP_REACTIVATE: &str = "/api/v2/Relationships/{id}/Reactivate";
/// `PUT`.
pub const RELATIONSHIP_REACTIVATE_ACCEPT: &str = "/api/v2/Relationships/{id}/Reactivate/Accept";
/// `PUT`.
pub const RELATIONSHIP_REACTIVATE_REJECT: &str = "/api/v2/Relationships/{id}/Reactivate/Reject";
/// `PUT`.
pub const RELATIONSHIP_REACTIVATE_REVOKE: &str = "/api/v2/Relationships/{id}/Reactivate/Revoke";
/// `POST`, `GET`.
pub const MESSAGES: &str = "/api/v2/Messages";
/// `GET`.
pub const MESSAGE: &str = "/api/v2/Messages/{id}";
/// `POST`.
pub const SYNC_RUNS: &str = "/api/v2/SyncRuns";
/// `GET`.
pub const SYNC_RUN: &str = "/api/v2/SyncRuns/{id}";
/// `GET`.
pub const SYNC_RUN_EXTERNAL_EVENTS: &str = "/api/v2/SyncRuns/{id}/ExternalEvents";
/// `PUT`.
pub const SYNC_RUN_FINALIZE_EXTERNAL_EVENT_SYNC: &str = "/api/v2/SyncRuns/{id}/FinalizeExternalEventSync";
/// `PUT`.
pub const SYNC_RUN_FINALIZE_DATAWALLET_VERSION_UPGRADE: &str = "/api/v2/SyncRuns/{id}/FinalizeDatawalletVersionUpgrade";
/// `PUT`.
pub const SYNC_RUN_REFRESH_EXPIRATION_TIME: &str = "/api/v2/SyncRuns/{id}/RefreshExpirationTime";
/// `GET`.
pub const DATAWALLET: &str = "/api/v2/Datawallet";
/// `GET` with query `localIndex`, `POST`.
pub const DATAWALLET_MODIFICATIONS: &str = "/api/v2/Datawallet/Modifications";
/// `GET`.
pub const TAGS: &str = "/api/v2/Tags";
/// `GET`, query `language`.
pub const ANNOUNCEMENTS: &str = "/api/v2/Announcements";
/// `GET`.
pub const QUOTAS: &str = "/api/v2/Quotas";
/// `POST`.
pub const NOTIFICATIONS: &str = "/api/v2/Notifications";
/// `GET`.
pub const PUBLIC_RELATIONSHIP_TEMPLATE_REFERENCES: &str = "/api/poc/PublicRelationshipTemplateReferences";

/// `GET`, a stream without envelope; the path that Connectors use.
pub const SSE: &str = "/api/v1/sse";
/// `GET`, the same stream for clients of the second version.
pub const SSE_V2: &str = "/api/v2/sse";

/// All paths that one of our clients may call.
const ALL: [&str; 58] = [
    CONNECT_TOKEN,
    HEALTH,
    VERSION,
    CHALLENGES,
    CHALLENGE,
    IDENTITIES,
    IDENTITY_SELF,
    IDENTITY_IS_DELETED,
    IDENTITY_SELF_FEATURE_FLAGS,
    IDENTITY_FEATURE_FLAGS,
    DELETION_PROCESSES,
    DELETION_PROCESS,
    DELETION_PROCESS_CANCEL,
    DEVICES,
    DEVICE,
    DEVICE_SELF,
    DEVICE_PASSWORD,
    DEVICE_PUSH_NOTIFICATIONS,
    TEMPLATES,
    TEMPLATE,
    TOKENS,
    TOKEN,
    TOKEN_UPDATE_CONTENT,
    FILES,
    FILE,
    FILE_METADATA,
    FILE_REGENERATE_OWNERSHIP_TOKEN,
    FILE_CLAIM_OWNERSHIP,
    FILE_VALIDATE_OWNERSHIP_TOKEN,
    RELATIONSHIPS,
    RELATIONSHIPS_CAN_CREATE,
    RELATIONSHIP,
    RELATIONSHIP_ACCEPT,
    RELATIONSHIP_REJECT,
    RELATIONSHIP_REVOKE,
    RELATIONSHIP_TERMINATE,
    RELATIONSHIP_DECOMPOSE,
    RELATIONSHIP_REACTIVATE,
    RELATIONSHIP_REACTIVATE_ACCEPT,
    RELATIONSHIP_REACTIVATE_REJECT,
    RELATIONSHIP_REACTIVATE_REVOKE,
    MESSAGES,
    MESSAGE,
    SYNC_RUNS,
    SYNC_RUN,
    SYNC_RUN_EXTERNAL_EVENTS,
    SYNC_RUN_FINALIZE_EXTERNAL_EVENT_SYNC,
    SYNC_RUN_FINALIZE_DATAWALLET_VERSION_UPGRADE,
    SYNC_RUN_REFRESH_EXPIRATION_TIME,
    DATAWALLET,
    DATAWALLET_MODIFICATIONS,
    TAGS,
    ANNOUNCEMENTS,
    QUOTAS,
    NOTIFICATIONS,
    PUBLIC_RELATIONSHIP_TEMPLATE_REFERENCES,
    SSE,
    SSE_V2,
];

/// The characters that need no escaping in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');

/// Puts an identifier into the `{id}` of a path.
#[must_use]
pub fn with_id(path: &str, id: &str) -> String {
    path.replace("{id}", &utf8_percent_encode(id, SEGMENT).to_string())
}

/// The path template of `path`, for statistics that must not count every object separately.
#[must_use]
pub fn template(path: &str) -> Option<&'static str> {
    let fits = |template: &&str| {
        template.split('/').count() == path.split('/').count()
            && template.split('/').zip(path.split('/')).all(|(wanted, given)| wanted == "{id}" || wanted == given)
    };
    // `/Identities/Self` matches itself, not the template for an Identity.
    ALL.into_iter().filter(fits).min_by_key(|template| template.matches("{id}").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_known_by_its_template() {
        let declared = include_str!("paths.rs").lines().filter(|line| line.starts_with("pub const")).count();
        assert_eq!(ALL.len(), declared);
        for path in ALL {
            assert_eq!(template(&with_id(path, "FIL00000000000000001")), Some(path));
        }
        assert_eq!(template("/api/v2/Identities/did:e:localhost:dids:0/FeatureFlags"), Some(IDENTITY_FEATURE_FLAGS));
        for unknown in ["", "/", "/api/v2/Files/FIL00000000000000001/x", "/api/v2", "/api/v2/Secrets"] {
            assert_eq!(template(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn fills_in_identifiers() {
        assert_eq!(
            with_id(RELATIONSHIP_ACCEPT, "REL00000000000000001"),
            "/api/v2/Relationships/REL00000000000000001/Accept"
        );
        assert_eq!(with_id(FILE, "../x?y"), "/api/v2/Files/..%2Fx%3Fy");
    }
}
