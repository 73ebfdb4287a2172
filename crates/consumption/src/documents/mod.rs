//! The stored documents of this layer (`docs/protocol/05 §0.3`), with their exact JSON: what is read is written back the same, members
//! nobody here knows included.

mod attribute_details;
mod deletion_info;
mod draft;
mod forwarding_details;
mod identity_metadata;
mod local_attribute;
mod local_notification;
mod local_request;
mod setting;
mod source_reference;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use attribute_details::{AttributeDetails, AttributeKind, EmittedDetails, ReceivedDetails};
pub use deletion_info::{
    DeletionInfo, EmittedDeletionInfo, EmittedDeletionStatus, ReceivedDeletionInfo, ReceivedDeletionStatus,
};
pub use draft::Draft;
pub use forwarding_details::ForwardingDetails;
pub use identity_metadata::IdentityMetadata;
pub use local_attribute::LocalAttribute;
pub use local_notification::{LocalNotification, LocalNotificationStatus, NotificationSource};
pub use local_request::{
    LocalRequest, LocalRequestStatus, LocalResponse, RequestSource, RequestSourceType, ResponseSource,
    ResponseSourceType, StatusLogEntry,
};
pub use setting::{Setting, SettingScope};
pub use source_reference::SourceReference;

/// A type whose values are stored as JSON documents of one collection, which all devices of the Identity have.
pub trait Document: Clone + Serialize + DeserializeOwned {
    /// Name of the collection. Its unique key is `id`.
    const COLLECTION: &'static str;
    /// Paths that documents are looked up by.
    const INDEXES: &'static [&'static str];
    /// Members that travel to other devices as technical data.
    const TECHNICAL: &'static [&'static str];
    /// Members that travel to other devices as user data.
    const USERDATA: &'static [&'static str];
    /// Members that travel to other devices as metadata.
    const METADATA: &'static [&'static str] = &[];

    /// The value of `id`.
    fn key(&self) -> &str;
}

/// A word that is written in JSON as it is called in the protocol.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $word:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* $word,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The word as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => stringify!($word),)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// Content exchanged in confidence stays out of logs.
macro_rules! prints_id_only {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.id.as_str())
            }
        }
    };
}
pub(crate) use prints_id_only;
