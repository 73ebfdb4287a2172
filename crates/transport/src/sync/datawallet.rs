//! The datawallet: its creation for a new Identity and its versions, and changes made by other devices
//! (`docs/protocol/02 §10.3, §10.4, §10.7`).

use std::{collections::HashMap, time::Duration};

use backbone_api::{
    codes,
    datawallet::{Datawallet, DatawalletModification, DatawalletModificationType, LOCAL_INDEX},
    paths,
    sync_runs::{FinalizeDatawalletVersionUpgradeRequest, StartSyncRunRequest, StartSyncRunResponse, SyncRunType},
};
use backon::{ExponentialBuilder, Retryable};
use serde_json::{Map, Value};
use store::{StoreError, Transaction};

use super::{
    ChangedItems,
    bookkeeping::{self, Push},
    push,
};
use crate::{
    account::Account,
    backbone::Call,
    config::SUPPORTED_DATAWALLET_VERSION,
    datawallet::synchronised,
    documents::UnpushedDatawalletModification,
    error::{Result, TransportError},
    events::TransportEvent,
};

/// How often a push is tried while other devices push at the same time.
const MAX_PUSH_ATTEMPTS: u32 = 5;

/// Gives a new Identity its datawallet; without one the Backbone refuses to synchronise external events. Nothing happens
/// once that is known to be done. May be repeated at any point: an upgrade to the version reached is accepted.
pub(super) async fn bootstrap(account: &Account) -> Result<()> {
    if bookkeeping::local_index(account.store()).await?.is_some() {
        return Ok(());
    }
    // After a crash in the middle the earlier sync run has to expire first, which takes 10 s.
    let patience = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(3))
        .with_max_times(6);
    (|| upgrade(account, 0, SUPPORTED_DATAWALLET_VERSION)).retry(patience).when(is_occupied).await?;
    let mut unit = account.unit_of_work().await?;
    bookkeeping::set_local_index(unit.transaction(), -1).await?;
    unit.commit().await
}

fn is_occupied(error: &TransportError) -> bool {
    has_code(error, codes::SYNC_RUN_ANOTHER_IS_RUNNING)
}

/// Raises the version of the Identity's datawallet, one after the other. Nothing has to be converted yet on the way.
async fn upgrade(account: &Account, current: u16, target: u16) -> Result<()> {
    for version in current..target {
        upgrade_to(account, version + 1).await?;
    }
    Ok(())
}

async fn upgrade_to(account: &Account, version: u16) -> Result<()> {
    let start = StartSyncRunRequest { r#type: Some(SyncRunType::DatawalletVersionUpgrade), duration: None };
    let started: StartSyncRunResponse =
        account.http().result(Call::post(paths::SYNC_RUNS, &start)?.synchronisation()).await?;
    let run = started.sync_run.ok_or_else(|| TransportError::invariant("the Backbone started no sync run"))?;
    let finalize = FinalizeDatawalletVersionUpgradeRequest {
        new_datawallet_version: version,
        datawallet_modifications: Vec::new(),
    };
    let path = paths::with_id(paths::SYNC_RUN_FINALIZE_DATAWALLET_VERSION_UPGRADE, run.id.as_str());
    match account.http().done(Call::put(path, &finalize)?.synchronisation()).await {
        // Another device has gone further than this one can follow, and this one has not been told yet.
        Err(error) if has_code(&error, codes::DATAWALLET_CANNOT_DOWNGRADE) => {
            let current = version_of(account).await?.into();
            Err(TransportError::DatawalletCurrentBiggerThanTarget { current, target: version.into() })
        }
        other => other,
    }
}

/// The version of the Identity's datawallet.
async fn version_of(account: &Account) -> Result<u16> {
    let datawallet: Datawallet = account.http().result(Call::get(paths::DATAWALLET).synchronisation()).await?;
    Ok(datawallet.version)
}

/// Applies what other devices changed, checks that this program understands it, and tells them what changed here.
pub(super) async fn synchronise(account: &Account, changed: &mut ChangedItems) -> Result<()> {
    let version = version_of(account).await?;
    if version > SUPPORTED_DATAWALLET_VERSION {
        return Err(insufficient_version(version));
    }
    upgrade(account, version, SUPPORTED_DATAWALLET_VERSION).await?;
    let mut identifiers = pull(account).await?;
    upgrade_device(account).await?;
    // Whoever is faster than this device pushes first; then there is more to pull.
    let mut attempts = 0;
    while let Err(error) = push::everything(account).await {
        attempts += 1;
        if attempts == MAX_PUSH_ATTEMPTS || !has_code(&error, codes::DATAWALLET_NOT_UP_TO_DATE) {
            return Err(understood(error));
        }
        identifiers.extend(pull(account).await?);
    }
    let mut unit = account.unit_of_work().await?;
    // External events tell only the devices that did not start or cancel it themselves.
    if identifiers.iter().any(|id| id.starts_with("IDP")) {
        unit.publish(&TransportEvent::IdentityDeletionProcessStatusChanged(None)).await?;
    }
    changed.changed_object_identifiers_during_datawallet_sync.extend(identifiers);
    bookkeeping::set_datawallet_time(unit.transaction(), account.clock().now()).await?;
    unit.commit().await
}

/// Notes at the own device which version it understands. Databases of earlier programs can lack it.
async fn upgrade_device(account: &Account) -> Result<()> {
    let mut device = account.device().await?;
    let supported = u32::from(SUPPORTED_DATAWALLET_VERSION);
    if device.datawallet_version.unwrap_or_default() < supported {
        device.datawallet_version = Some(supported);
        account.store_device(&device).await?;
    }
    Ok(())
}

/// Fetches and applies the modifications behind the local index; gives the ids of the changed documents.
pub(super) async fn pull(account: &Account) -> Result<Vec<String>> {
    let local_index = bookkeeping::local_index(account.store()).await?;
    let call = Call::get(paths::DATAWALLET_MODIFICATIONS).query(LOCAL_INDEX, local_index).synchronisation();
    let mut modifications: Vec<DatawalletModification> = account.http().pages(call).await.map_err(understood)?;
    let Some(highest) = modifications.iter().map(|modification| modification.index).max() else {
        return Ok(Vec::new());
    };
    let push = bookkeeping::push(account.store()).await?;
    let arrived = take_own(account, push.as_ref(), &mut modifications).await?;
    let objects = fold(account, modifications);
    let mut unit = account.unit_of_work().await?;
    let mut applied = Vec::with_capacity(objects.len());
    for object in objects {
        if object.apply(unit.transaction()).await? {
            applied.push(object.id);
        }
    }
    if let Some(push) = push.filter(|_| arrived) {
        for id in &push.records {
            unit.delete::<UnpushedDatawalletModification>(id.as_str()).await?;
        }
    }
    bookkeeping::clear_push(unit.transaction()).await?;
    bookkeeping::set_local_index(unit.transaction(), highest).await?;
    unit.commit().await?;
    Ok(applied)
}

/// Takes out what this device pushed without getting an answer, and tells whether there was anything: a push arrives as a
/// whole or not at all. The documents are as they were pushed or newer; the modifications would undo what came after.
async fn take_own(
    account: &Account,
    push: Option<&Push>,
    modifications: &mut Vec<DatawalletModification>,
) -> Result<bool> {
    let Some(push) = push else { return Ok(false) };
    let own = account.device().await?.id;
    let behind = i64::try_from(push.records.len()).unwrap_or(i64::MAX).saturating_add(push.after);
    let before = modifications.len();
    modifications.retain(|each| each.created_by_device != own || each.index <= push.after || each.index > behind);
    Ok(modifications.len() < before)
}

/// The Backbone's word for a datawallet that is too new, in the words of this program.
fn understood(error: TransportError) -> TransportError {
    if has_code(&error, codes::DATAWALLET_INSUFFICIENT_SUPPORTED_VERSION) {
        insufficient_version(SUPPORTED_DATAWALLET_VERSION + 1)
    } else {
        error
    }
}

fn has_code(error: &TransportError, code: &str) -> bool {
    error.as_request_error().is_some_and(|error| error.code == code)
}

fn insufficient_version(required: u16) -> TransportError {
    TransportError::InsufficientSupportedDatawalletVersion {
        supported: SUPPORTED_DATAWALLET_VERSION.into(),
        required: required.into(),
    }
}

/// What the modifications of one document amount to.
struct ChangedObject {
    id: String,
    collection: String,
    /// The members to write; `None` deletes the document.
    members: Option<Map<String, Value>>,
}

/// Brings the modifications together by document, in the order of first appearance. One that nobody can read is left out:
/// it would be in the way of all others, for ever.
fn fold(account: &Account, modifications: Vec<DatawalletModification>) -> Vec<ChangedObject> {
    let mut objects: Vec<ChangedObject> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for modification in modifications {
        let change = match modification.r#type {
            DatawalletModificationType::Create | DatawalletModificationType::Update => {
                match account.keys().open_modification(&modification) {
                    Ok(payload) => Some(payload),
                    Err(error) => {
                        let DatawalletModification { index, collection, .. } = &modification;
                        tracing::warn!(index, collection, %error, "a modification of the datawallet cannot be read");
                        continue;
                    }
                }
            }
            DatawalletModificationType::Delete => None,
            // Told older programs to load a document again; today everything is in the modifications themselves.
            DatawalletModificationType::CacheChanged => continue,
        };
        let next = objects.len();
        let position = *positions.entry(modification.object_identifier.clone()).or_insert(next);
        if position == next {
            let DatawalletModification { object_identifier: id, collection, .. } = modification;
            objects.push(ChangedObject { id, collection, members: None });
        }
        if let Some(object) = objects.get_mut(position) {
            match change {
                Some(payload) => object.members.get_or_insert_default().extend(payload),
                None => object.members = None,
            }
        }
    }
    objects
}

impl ChangedObject {
    /// Writes or deletes the document, unless that cannot be; tells which.
    async fn apply(&self, transaction: &mut Transaction) -> Result<bool> {
        let Some(collection) = synchronised(&self.collection) else {
            tracing::warn!(collection = self.collection, "a modification of an unknown collection is ignored");
            return Ok(false);
        };
        let spec = &collection.spec;
        let Some(members) = &self.members else {
            transaction.delete_raw(spec, &self.id).await?;
            return Ok(true);
        };
        let mut document = match transaction.get_raw(spec, &self.id).await? {
            Some(Value::Object(document)) => document,
            _ => Map::from_iter([(spec.key.to_owned(), Value::from(self.id.as_str()))]),
        };
        document.extend(
            members.iter().filter(|(name, _)| *name != spec.key).map(|(name, value)| (name.clone(), value.clone())),
        );
        let document = Value::Object(document);
        if !(collection.is_readable)(&document) {
            tracing::warn!(collection = self.collection, id = self.id, "modifications make no readable document");
            return Ok(false);
        }
        match transaction.put_raw(spec, &document).await {
            Err(StoreError::InvalidDocument { .. }) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }
}
