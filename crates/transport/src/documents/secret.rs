use protocol::secrets::SecretContainer;
use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document};

/// A secret that the devices of the Identity share, encrypted (`docs/protocol/02 §7.4`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "SecretContainerCipher")]
pub struct Secret {
    /// The container.
    #[serde(flatten)]
    pub container: SecretContainer,
}

impl Document for Secret {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "Secrets", key: "id", indexes: &["name"] };

    fn key(&self) -> &str {
        self.container.id.as_str()
    }
}
