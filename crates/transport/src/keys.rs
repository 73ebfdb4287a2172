//! The secrets of the device (`docs/protocol/02 §7.3`).

use backbone_api::datawallet::DatawalletModification;
use core_types::{Randomness, Timestamp};
use crypto::{SecretKey, SignaturePrivateKey};
use protocol::{
    ProtocolError,
    device::DeviceCredentials,
    secrets::{SecretContainer, SecretContent, names},
};
use serde_json::{Map, Value};
use store::Store;

use crate::{
    documents::{DeviceSecretEntry, RECEIVED_TEXT},
    error::{Result, TransportError},
};

/// The keys of one Identity on this device.
#[derive(Debug, Clone)]
pub(crate) struct AccountKeys {
    pub(crate) identity_signature: SignaturePrivateKey,
    pub(crate) device_signature: SignaturePrivateKey,
    pub(crate) shared_base_key: SecretKey,
    pub(crate) synchronization_key: SecretKey,
}

impl AccountKeys {
    /// Reads the secrets of the device.
    pub(crate) async fn load(store: &Store, base_key: &SecretKey) -> Result<(Self, DeviceCredentials)> {
        let keys = Self {
            identity_signature: device_secret(store, base_key, names::IDENTITY_SIGNATURE)
                .await?
                .into_signature_private_key()?,
            device_signature: device_secret(store, base_key, names::DEVICE_SIGNATURE)
                .await?
                .into_signature_private_key()?,
            shared_base_key: device_secret(store, base_key, names::SHARED_BASE_KEY).await?.into_secret_key()?,
            synchronization_key: device_secret(store, base_key, names::IDENTITY_SYNCHRONIZATION_MASTER)
                .await?
                .into_secret_key()?,
        };
        let credentials = device_secret(store, base_key, names::DEVICE_CREDENTIALS).await?.into_device_credentials()?;
        Ok((keys, credentials))
    }

    /// The secrets of the device in their stored form.
    pub(crate) fn seal(
        &self,
        now: Timestamp,
        mut randomness: Randomness,
        base_key: &SecretKey,
        credentials: DeviceCredentials,
    ) -> Result<Vec<DeviceSecretEntry>> {
        let contents: [(&str, SecretContent); 5] = [
            (names::SHARED_BASE_KEY, self.shared_base_key.clone().into()),
            (names::IDENTITY_SYNCHRONIZATION_MASTER, self.synchronization_key.clone().into()),
            (names::IDENTITY_SIGNATURE, self.identity_signature.clone().into()),
            (names::DEVICE_SIGNATURE, self.device_signature.clone().into()),
            (names::DEVICE_CREDENTIALS, credentials.into()),
        ];
        contents
            .into_iter()
            .map(|(name, content)| {
                let container = SecretContainer::seal_device(&mut randomness, now, base_key, name, &content)?;
                Ok(DeviceSecretEntry { name: name.to_owned(), value: container.to_document()? })
            })
            .collect()
    }

    /// The encrypted payload of the datawallet modification with this index.
    pub(crate) fn seal_modification(&self, mut randomness: Randomness, index: i64, payload: &Value) -> Result<Vec<u8>> {
        let index = u64::try_from(index)
            .map_err(|_| TransportError::invariant("a datawallet modification has a negative index"))?;
        Ok(protocol::datawallet::seal_payload(&mut randomness, &self.synchronization_key, index, payload)?)
    }

    /// The members that a datawallet modification writes.
    pub(crate) fn open_modification(&self, modification: &DatawalletModification) -> Result<Map<String, Value>> {
        let Some(payload) = modification.encrypted_payload.as_ref().filter(|payload| !payload.is_empty()) else {
            return Ok(Map::new());
        };
        let index = u64::try_from(modification.index)
            .map_err(|_| TransportError::invariant("a datawallet modification has a negative index"))?;
        let opened = protocol::datawallet::open_payload(&self.synchronization_key, index, payload.as_slice())?;
        let Value::Object(mut members) = opened.value else {
            return Err(ProtocolError::Malformed("payload of the datawallet modification").into());
        };
        if let Some(text) = opened.text {
            members.insert(RECEIVED_TEXT.to_owned(), String::from(text).into());
        }
        Ok(members)
    }
}

async fn device_secret(store: &Store, base_key: &SecretKey, name: &str) -> Result<SecretContent> {
    let entry: DeviceSecretEntry =
        store.get(name).await?.ok_or_else(|| TransportError::SecretNotFound(name.to_owned()))?;
    let container: SecretContainer =
        serde_json::from_value(entry.value).map_err(|_| TransportError::WrongSecretType(name.to_owned()))?;
    Ok(container.open_device(base_key)?)
}
