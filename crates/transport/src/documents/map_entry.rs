use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

macro_rules! map_entries {
    ($($(#[$doc:meta])* $name:ident in $collection:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            /// Name of the entry.
            pub name: String,
            /// Its value.
            #[serde(default)]
            pub value: Value,
        }

        impl std::fmt::Debug for $name {
            // Values can be key material.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field("name", &self.name).finish_non_exhaustive()
            }
        }

        impl Document for $name {
            const COLLECTION: CollectionSpec = CollectionSpec { name: $collection, key: "name", indexes: &[] };

            fn key(&self) -> &str {
                &self.name
            }
        }
    )*};
}

map_entries! {
    /// An entry of the account: `identity`, `device`, `baseKey`, `secret_lastnonce` (`docs/protocol/02 §7.2`), and,
    /// until the Identity exists at the Backbone, `pendingIdentity`.
    AccountInfoEntry in "AccountInfo";
    /// A secret of this device, encrypted (`docs/protocol/02 §7.3`).
    DeviceSecretEntry in "DeviceSecrets";
    /// A state of the synchronisation (`docs/protocol/02 §7.12`).
    SyncInfoEntry in "SyncInfo";
    /// The tags of the Backbone: `tagCollection`, `etag`, `cacheTimestamp` (`docs/protocol/02 §9.14`).
    TagCollectionEntry in "TagCollection";
}
