//! The synchronised collections, and the categories their members travel in (`docs/protocol/02 §7.4` to `§7.11`).

use serde_json::Value;
use store::{CollectionSpec, Document};

use crate::documents::{
    Device, File, IdentityDeletionProcess, Message, Relationship, RelationshipTemplate, Secret, Token,
};

/// A category of members, which travel together.
pub(crate) struct Category {
    /// `TechnicalData`, `Content`, `Metadata` or `Userdata`.
    pub(crate) name: &'static str,
    pub(crate) members: &'static [&'static str],
}

/// A collection that all devices of the Identity have.
pub(crate) struct SynchronisedCollection {
    pub(crate) spec: CollectionSpec,
    /// In the order in which their modifications are recorded. Empty for the collections this crate does not write to.
    pub(crate) categories: &'static [Category],
    /// Whether a document can be read. One that cannot would be in the way of all others.
    pub(crate) is_readable: fn(&Value) -> bool,
}

fn reads<T: Document>(document: &Value) -> bool {
    T::deserialize(document).is_ok()
}

macro_rules! categories {
    ($($name:ident: $($member:literal)*;)*) => {
        &[$(Category { name: stringify!($name), members: &[$($member),*] }),*]
    };
}

const fn read_only(name: &'static str) -> SynchronisedCollection {
    SynchronisedCollection {
        spec: CollectionSpec { name, key: "id", indexes: &[] },
        categories: &[],
        is_readable: Value::is_object,
    }
}

static SYNCHRONISED: [SynchronisedCollection; 15] = [
    SynchronisedCollection {
        spec: Secret::COLLECTION,
        is_readable: reads::<Secret>,
        categories: categories! {
            TechnicalData: "@type" "name" "description" "createdAt" "validFrom" "validTo" "nonce" "active" "cipher";
        },
    },
    SynchronisedCollection {
        spec: Device::COLLECTION,
        is_readable: reads::<Device>,
        categories: categories! {
            TechnicalData: "@type" "publicKey" "operatingSystem" "type" "createdAt" "createdByDevice" "lastLoginAt"
                "username" "initialPassword" "isAdmin" "datawalletVersion" "isOffboarded" "isBackupDevice";
            Userdata: "name" "description";
        },
    },
    // Without `@type`, and with the id.
    SynchronisedCollection {
        spec: IdentityDeletionProcess::COLLECTION,
        is_readable: reads::<IdentityDeletionProcess>,
        categories: categories! {
            TechnicalData: "id" "status" "createdAt" "createdByDevice";
            Content: "gracePeriodEndsAt" "cancelledAt" "cancelledByDevice";
        },
    },
    SynchronisedCollection {
        spec: Relationship::COLLECTION,
        is_readable: reads::<Relationship>,
        categories: categories! {
            TechnicalData: "@type" "relationshipSecretId" "peer" "status" "peerDeletionInfo" "auditLog";
            Content: "templateId" "creationContent" "lastMessageSentAt" "lastMessageReceivedAt";
            Metadata: "metadata" "metadataModifiedAt";
        },
    },
    SynchronisedCollection {
        spec: RelationshipTemplate::COLLECTION,
        is_readable: reads::<RelationshipTemplate>,
        categories: categories! {
            TechnicalData: "@type" "secretKey" "isOwn" "identity" "createdBy" "createdByDevice" "createdAt" "templateKey"
                "expiresAt" "maxNumberOfAllocations" "forIdentity";
            Content: "content";
            Metadata: "metadata" "metadataModifiedAt";
            Userdata: "passwordProtection";
        },
    },
    SynchronisedCollection {
        spec: Token::COLLECTION,
        is_readable: reads::<Token>,
        categories: categories! {
            TechnicalData: "@type" "secretKey" "isOwn" "createdBy" "createdAt" "expiresAt" "createdByDevice" "forIdentity";
            Content: "content";
            Metadata: "metadata" "metadataModifiedAt";
            Userdata: "passwordProtection";
        },
    },
    SynchronisedCollection {
        spec: File::COLLECTION,
        is_readable: reads::<File>,
        categories: categories! {
            TechnicalData: "@type" "secretKey" "isOwn" "ownershipToken" "ownershipIsLocked" "filesize" "filemodified"
                "mimetype" "cipherHash" "plaintextHash" "cipherKey" "createdAt" "expiresAt" "createdBy" "createdByDevice"
                "owner" "ownerSignature" "deletedAt" "deletedBy" "deletedByDevice";
            Content: "title" "description" "filename" "tags";
            Metadata: "metadata" "metadataModifiedAt";
        },
    },
    SynchronisedCollection {
        spec: Message::COLLECTION,
        is_readable: reads::<Message>,
        categories: categories! {
            TechnicalData: "@type" "secretKey" "isOwn" "createdBy" "createdByDevice" "createdAt" "recipients" "attachments"
                "receivedByEveryone";
            Content: "content";
            Metadata: "metadata" "metadataModifiedAt";
            Userdata: "wasReadAt";
        },
    },
    read_only("Attributes"),
    read_only("AttributeForwardingDetails"),
    read_only("Requests"),
    read_only("Notifications"),
    read_only("Settings"),
    read_only("Drafts"),
    read_only("IdentityMetadata"),
];

/// The synchronised collection of this name. Names also come from the Backbone, which must not be able to reach anything
/// else.
pub(crate) fn synchronised(name: &str) -> Option<&'static SynchronisedCollection> {
    SYNCHRONISED.iter().find(|collection| collection.spec.name == name)
}
