//! Keys at rest: the secrets of the device, and those the devices of the Identity share (`docs/protocol/02 §7.3, §7.4`).

use backbone_api::datawallet::DatawalletModification;
use core_types::Timestamp;
use crypto::{RelationshipSecrets, SecretKey, SignaturePrivateKey};
use protocol::{
    ProtocolError,
    device::DeviceCredentials,
    secrets::{SecretContainer, SecretContent, names},
};
use serde_json::{Map, Value};
use store::{Document, Filter, Query, Sort, Store};

use crate::{
    account::Account,
    documents::{AccountInfoEntry, DeviceSecretEntry, Relationship, Secret},
    error::{Result, TransportError},
    unit_of_work::UnitOfWork,
};

/// Entry of `AccountInfo` with the last counter a shared secret was encrypted with.
const LAST_NONCE: &str = "secret_lastnonce";

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

    /// The secrets of the device as they are stored.
    pub(crate) fn seal(
        &self,
        now: Timestamp,
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
                let container = SecretContainer::seal_device(&mut rand::rng(), now, base_key, name, &content)?;
                Ok(DeviceSecretEntry { name: name.to_owned(), value: container.to_document()? })
            })
            .collect()
    }

    /// The encrypted payload of a datawallet modification with this index.
    pub(crate) fn seal_modification(&self, index: i64, payload: &Value) -> Result<Vec<u8>> {
        let index = u64::try_from(index)
            .map_err(|_| TransportError::invariant("a datawallet modification has a negative index"))?;
        Ok(protocol::datawallet::seal_payload(&mut rand::rng(), &self.synchronization_key, index, payload)?)
    }

    /// The members a datawallet modification writes.
    pub(crate) fn open_modification(&self, modification: &DatawalletModification) -> Result<Map<String, Value>> {
        let Some(payload) = modification.encrypted_payload.as_ref().filter(|payload| !payload.is_empty()) else {
            return Ok(Map::new());
        };
        let index = u64::try_from(modification.index)
            .map_err(|_| TransportError::invariant("a datawallet modification has a negative index"))?;
        match protocol::datawallet::open_payload(&self.synchronization_key, index, payload.as_slice())? {
            Value::Object(members) => Ok(members),
            _ => Err(ProtocolError::Malformed("payload of the datawallet modification").into()),
        }
    }
}

async fn device_secret(store: &Store, base_key: &SecretKey, name: &str) -> Result<SecretContent> {
    let entry: DeviceSecretEntry =
        store.get(name).await?.ok_or_else(|| TransportError::SecretNotFound(name.to_owned()))?;
    let container: SecretContainer =
        serde_json::from_value(entry.value).map_err(|_| TransportError::WrongSecretType(name.to_owned()))?;
    Ok(container.open_device(base_key)?)
}

/// Makes sure that the next counter is above every one in use. Databases written by others remember the last counter, or
/// none, and the highest one in use can come from elsewhere (`docs/protocol/02 §7.15`).
pub(crate) async fn raise_last_nonce(store: &Store) -> Result<()> {
    let highest =
        Query { sort: vec![Sort::descending("nonce")], limit: Some(1), ..Query::new(Filter::exists("nonce")) };
    let highest = store.find_raw(&Secret::COLLECTION, &highest).await?;
    let highest = highest.first().and_then(|secret| secret.get("nonce")).map_or(0, as_nonce);
    let last: Option<AccountInfoEntry> = store.get(LAST_NONCE).await?;
    if last.map_or(0, |entry| as_nonce(&entry.value)) < highest {
        let mut transaction = store.begin().await?;
        transaction.put(&AccountInfoEntry { name: LAST_NONCE.to_owned(), value: highest.into() }).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Numbers of imported databases can be floating-point.
fn as_nonce(value: &Value) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counters are small integers")]
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64)).unwrap_or_default()
}

fn active(name: &str) -> Query {
    Query::new(Filter::And(vec![Filter::eq("name", name), Filter::eq("active", true)]))
}

impl Account {
    /// Stores a new secret under a name.
    pub(crate) async fn store_secret(
        &self,
        unit: &mut UnitOfWork<'_>,
        name: &str,
        content: &SecretContent,
    ) -> Result<()> {
        let last: Option<AccountInfoEntry> = unit.get(LAST_NONCE).await?;
        let nonce = last.map_or(0, |entry| as_nonce(&entry.value)) + 1;
        unit.put(&AccountInfoEntry { name: LAST_NONCE.to_owned(), value: nonce.into() }).await?;
        let key = &self.keys().shared_base_key;
        let container = SecretContainer::seal(&mut rand::rng(), self.clock().now(), key, nonce, name, content)?;
        unit.insert(&Secret { container }).await
    }

    /// The active secret of a name.
    pub(crate) async fn active_secret(&self, name: &str) -> Result<SecretContent> {
        let secret: Option<Secret> = self.store().find_one(&active(name)).await?;
        self.open_secret(secret, name)
    }

    /// The active secret of a name, as the unit of work sees it.
    pub(crate) async fn active_secret_in(&self, unit: &mut UnitOfWork<'_>, name: &str) -> Result<SecretContent> {
        let secret: Option<Secret> = unit.transaction().find_one(&active(name)).await?;
        self.open_secret(secret, name)
    }

    /// Puts a new secret in the place of the active one.
    pub(crate) async fn succeed_secret(
        &self,
        unit: &mut UnitOfWork<'_>,
        name: &str,
        content: &SecretContent,
    ) -> Result<()> {
        for mut secret in unit.transaction().find::<Secret>(&active(name)).await? {
            secret.container.succeed(self.clock().now());
            unit.replace(&secret).await?;
        }
        self.store_secret(unit, name, content).await
    }

    /// Deletes the active secret of a name, if there is one.
    pub(crate) async fn delete_active_secret(&self, unit: &mut UnitOfWork<'_>, name: &str) -> Result<()> {
        for secret in unit.transaction().find::<Secret>(&active(name)).await? {
            unit.delete::<Secret>(secret.key()).await?;
        }
        Ok(())
    }

    /// The keys of an established relationship.
    pub(crate) async fn relationship_secrets(&self, relationship: &Relationship) -> Result<RelationshipSecrets> {
        let name = relationship.relationship_secret_id.as_str();
        match self.active_secret(name).await? {
            SecretContent::RelationshipSecrets(secrets) => Ok(*secrets),
            _ => Err(TransportError::WrongSecretType(name.to_owned())),
        }
    }

    fn open_secret(&self, secret: Option<Secret>, name: &str) -> Result<SecretContent> {
        let secret = secret.ok_or_else(|| TransportError::SecretNotFound(name.to_owned()))?;
        Ok(secret.container.open(&self.keys().shared_base_key)?)
    }
}
