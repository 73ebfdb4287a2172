//! The synchronised collections, and the categories by which their members are sent (`docs/protocol/02 §7.4` to
//! `§7.11`).

use std::sync::Arc;

use serde_json::Value;
use store::{CollectionSpec, Document};

use crate::documents::{
    Device, File, IdentityDeletionProcess, Message, Relationship, RelationshipTemplate, Secret, Token,
};

/// A category: members that are sent together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    pub(crate) name: &'static str,
    pub(crate) members: &'static [&'static str],
}

impl Category {
    /// Members that the programs need.
    #[must_use]
    pub const fn technical_data(members: &'static [&'static str]) -> Self {
        Self { name: "TechnicalData", members }
    }

    /// Members that are exchanged between Identities.
    #[must_use]
    pub const fn content(members: &'static [&'static str]) -> Self {
        Self { name: "Content", members }
    }

    /// Free data of the systems above.
    #[must_use]
    pub const fn metadata(members: &'static [&'static str]) -> Self {
        Self { name: "Metadata", members }
    }

    /// Members that the user of the Identity has set.
    #[must_use]
    pub const fn userdata(members: &'static [&'static str]) -> Self {
        Self { name: "Userdata", members }
    }
}

/// A collection that all devices of the Identity share. The crate that writes to a collection declares it.
#[derive(Debug, Clone, Copy)]
pub struct SynchronisedCollection {
    /// The collection.
    pub spec: CollectionSpec,
    /// In the order in which their modifications are recorded. Empty for a collection that only other devices write to.
    pub categories: &'static [Category],
    /// Returns true if a document can be read. An unreadable one would block all others.
    pub is_readable: fn(&Value) -> bool,
}

impl SynchronisedCollection {
    /// A collection that is kept for other devices and that nothing here reads or writes.
    #[must_use]
    pub const fn kept(name: &'static str) -> Self {
        Self { spec: CollectionSpec::with_id(name), categories: &[], is_readable: Value::is_object }
    }
}

/// All collections that the devices of an Identity share: those of this crate and those that the layers above declare.
#[derive(Debug, Clone)]
pub(crate) struct SynchronisedCollections(Arc<[SynchronisedCollection]>);

impl SynchronisedCollections {
    pub(crate) fn with(of_layers_above: &[SynchronisedCollection]) -> Self {
        Self(OF_THIS_CRATE.iter().chain(of_layers_above).copied().collect())
    }

    /// The collection of this name. Names also come from the Backbone, which must not be able to reach anything else.
    pub(crate) fn get(&self, name: &str) -> Option<&SynchronisedCollection> {
        self.0.iter().find(|collection| collection.spec.name == name)
    }
}

fn reads<T: Document>(document: &Value) -> bool {
    T::deserialize(document).is_ok()
}

static OF_THIS_CRATE: [SynchronisedCollection; 8] = [
    SynchronisedCollection {
        spec: Secret::COLLECTION,
        is_readable: reads::<Secret>,
        categories: &[Category::technical_data(&[
            "@type",
            "name",
            "description",
            "createdAt",
            "validFrom",
            "validTo",
            "nonce",
            "active",
            "cipher",
        ])],
    },
    SynchronisedCollection {
        spec: Device::COLLECTION,
        is_readable: reads::<Device>,
        categories: &[
            Category::technical_data(&[
                "@type",
                "publicKey",
                "operatingSystem",
                "type",
                "createdAt",
                "createdByDevice",
                "lastLoginAt",
                "username",
                "initialPassword",
                "isAdmin",
                "datawalletVersion",
                "isOffboarded",
                "isBackupDevice",
            ]),
            Category::userdata(&["name", "description"]),
        ],
    },
    // Without `@type`, and with the id.
    SynchronisedCollection {
        spec: IdentityDeletionProcess::COLLECTION,
        is_readable: reads::<IdentityDeletionProcess>,
        categories: &[
            Category::technical_data(&["id", "status", "createdAt", "createdByDevice"]),
            Category::content(&["gracePeriodEndsAt", "cancelledAt", "cancelledByDevice"]),
        ],
    },
    SynchronisedCollection {
        spec: Relationship::COLLECTION,
        is_readable: reads::<Relationship>,
        categories: &[
            Category::technical_data(&[
                "@type",
                "relationshipSecretId",
                "peer",
                "status",
                "peerDeletionInfo",
                "auditLog",
            ]),
            Category::content(&["templateId", "creationContent", "lastMessageSentAt", "lastMessageReceivedAt"]),
            Category::metadata(&["metadata", "metadataModifiedAt"]),
        ],
    },
    SynchronisedCollection {
        spec: RelationshipTemplate::COLLECTION,
        is_readable: reads::<RelationshipTemplate>,
        categories: &[
            Category::technical_data(&[
                "@type",
                "secretKey",
                "isOwn",
                "identity",
                "createdBy",
                "createdByDevice",
                "createdAt",
                "templateKey",
                "expiresAt",
                "maxNumberOfAllocations",
                "forIdentity",
            ]),
            Category::content(&["content"]),
            Category::metadata(&["metadata", "metadataModifiedAt"]),
            Category::userdata(&["passwordProtection"]),
        ],
    },
    SynchronisedCollection {
        spec: Token::COLLECTION,
        is_readable: reads::<Token>,
        categories: &[
            Category::technical_data(&[
                "@type",
                "secretKey",
                "isOwn",
                "createdBy",
                "createdAt",
                "expiresAt",
                "createdByDevice",
                "forIdentity",
            ]),
            Category::content(&["content"]),
            Category::metadata(&["metadata", "metadataModifiedAt"]),
            Category::userdata(&["passwordProtection"]),
        ],
    },
    SynchronisedCollection {
        spec: File::COLLECTION,
        is_readable: reads::<File>,
        categories: &[
            Category::technical_data(&[
                "@type",
                "secretKey",
                "isOwn",
                "ownershipToken",
                "ownershipIsLocked",
                "filesize",
                "filemodified",
                "mimetype",
                "cipherHash",
                "plaintextHash",
                "cipherKey",
                "createdAt",
                "expiresAt",
                "createdBy",
                "createdByDevice",
                "owner",
                "ownerSignature",
                "deletedAt",
                "deletedBy",
                "deletedByDevice",
            ]),
            Category::content(&["title", "description", "filename", "tags"]),
            Category::metadata(&["metadata", "metadataModifiedAt"]),
        ],
    },
    SynchronisedCollection {
        spec: Message::COLLECTION,
        is_readable: reads::<Message>,
        categories: &[
            Category::technical_data(&[
                "@type",
                "secretKey",
                "isOwn",
                "createdBy",
                "createdByDevice",
                "createdAt",
                "recipients",
                "attachments",
                "receivedByEveryone",
            ]),
            Category::content(&["content"]),
            Category::metadata(&["metadata", "metadataModifiedAt"]),
            Category::userdata(&["wasReadAt"]),
        ],
    },
];
