//! The entries of `AccountInfo` (`docs/protocol/02 §7.2`).

use crypto::SecretKey;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Store;

use crate::{
    documents::{AccountInfoEntry, Device, Identity},
    error::{Result, TransportError},
};

pub(crate) const IDENTITY: &str = "identity";
pub(crate) const DEVICE: &str = "device";
pub(crate) const BASE_KEY: &str = "baseKey";
/// Keys and password of an Identity whose creation is not known to be finished.
pub(crate) const PENDING_IDENTITY: &str = "pendingIdentity";

pub(crate) async fn identity(store: &Store) -> Result<Option<Identity>> {
    read(store, IDENTITY).await
}

pub(crate) async fn device(store: &Store) -> Result<Option<Device>> {
    read(store, DEVICE).await
}

pub(crate) async fn base_key(store: &Store) -> Result<Option<SecretKey>> {
    read(store, BASE_KEY).await
}

pub(crate) async fn read<T: DeserializeOwned>(store: &Store, name: &str) -> Result<Option<T>> {
    let entry: Option<AccountInfoEntry> = store.get(name).await?;
    // The value never gets into the error, whatever is wrong with it: it can be a key.
    entry
        .map(|entry| {
            serde_json::from_value(entry.value)
                .map_err(|_| TransportError::invariant(format!("the entry '{name}' of AccountInfo cannot be read")))
        })
        .transpose()
}

pub(crate) fn entry(name: &str, value: Value) -> AccountInfoEntry {
    AccountInfoEntry { name: name.to_owned(), value }
}

/// The stored form of an Identity: with `@type`.
pub(crate) fn identity_value(identity: &Identity) -> Result<Value> {
    let text = identity.to_verbose_json()?;
    serde_json::from_str(&text).map_err(|_| TransportError::invariant("the Identity cannot be written"))
}

pub(crate) fn to_value(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|_| TransportError::invariant("a value of AccountInfo cannot be written"))
}
