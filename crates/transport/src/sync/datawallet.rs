//! The datawallet: its creation for a new Identity and its versions, and changes made by other devices
//! (`docs/protocol/02 §10.3, §10.4, §10.7`).

use std::{collections::HashMap, time::Duration};

use backbone_api::{
    codes,
    datawallet::{DatawalletModification, DatawalletModificationType, LOCAL_INDEX},
    paths,
    sync_runs::SyncRunType,
};
use backon::{ExponentialBuilder, Retryable};
use serde_json::{Map, Value};
use store::{StoreError, Transaction};

use super::{
    bookkeeping::{self, Push},
    changes::ChangedItems,
    push, runs,
};
use crate::{
    backbone::Call,
    config::SUPPORTED_DATAWALLET_VERSION,
    context::Context,
    counters::{self, Moment},
    datawallet::SynchronisedCollections,
    documents::UnpushedDatawalletModification,
    error::{Result, TransportError},
    events::TransportEvent,
};

/// The number of attempts at a push while other devices push at the same time.
const MAX_PUSH_ATTEMPTS: u32 = 5;

/// Gives a new Identity its datawallet; without one the Backbone refuses to synchronise external events. Does nothing
/// once that is known to be done. May be repeated at any point: an upgrade to the current version is accepted.
pub(crate) async fn bootstrap(context: &Context) -> Result<()> {
    if bookkeeping::local_index(context.store()).await?.is_some() {
        return Ok(());
    }
    // After a crash in the middle the earlier sync run has to expire first, which takes 10 s.
    let patience = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(3))
        .with_max_times(6);
    (|| upgrade(context, 0, SUPPORTED_DATAWALLET_VERSION)).retry(patience).when(runs::is_occupied).await?;
    let mut unit = context.unit_of_work().await?;
    bookkeeping::set_local_index(unit.transaction(), -1).await?;
    unit.commit().await
}

/// Raises the version of the Identity's datawallet step by step. So far, no step requires a conversion.
async fn upgrade(context: &Context, current: u16, target: u16) -> Result<()> {
    for version in current..target {
        upgrade_to(context, version + 1).await?;
    }
    Ok(())
}

async fn upgrade_to(context: &Context, version: u16) -> Result<()> {
    let _turn = runs::turn(context).await;
    let started = runs::start(context, SyncRunType::DatawalletVersionUpgrade, None).await?;
    let (run, own) = started.ok_or_else(|| TransportError::invariant("the Backbone started no sync run"))?;
    let mut unit = context.unit_of_work().await?;
    let noted = counters::note(context, &mut unit, own).await?;
    unit.commit().await?;
    context.counters().grant(noted.as_ref(), Moment::now(&**context.clock()));
    match runs::finalise_upgrade_to(context, &run.id, version).await {
        // Another device has upgraded beyond what this one supports, and this one has not been notified yet.
        Err(error) if error.has_code(codes::DATAWALLET_CANNOT_DOWNGRADE) => {
            let current = runs::version_of(context).await?.into();
            Err(TransportError::DatawalletCurrentBiggerThanTarget { current, target: version.into() })
        }
        other => other,
    }
}

/// Applies changes of other devices, checks that this program understands them, and pushes local changes.
pub(super) async fn synchronise(context: &Context, changed: &mut ChangedItems) -> Result<()> {
    let version = runs::version_of(context).await?;
    if version > SUPPORTED_DATAWALLET_VERSION {
        return Err(insufficient_version(version));
    }
    upgrade(context, version, SUPPORTED_DATAWALLET_VERSION).await?;
    let mut identifiers = pull(context).await?;
    upgrade_device(context).await?;
    // A faster device pushes first; then there is more to pull.
    let mut attempts = 0;
    while let Err(error) = push::everything(context).await {
        attempts += 1;
        if attempts == MAX_PUSH_ATTEMPTS || !error.has_code(codes::DATAWALLET_NOT_UP_TO_DATE) {
            return Err(understood(error));
        }
        identifiers.extend(pull(context).await?);
    }
    let mut unit = context.unit_of_work().await?;
    // External events notify only the devices that did not start or cancel it themselves.
    if identifiers.iter().any(|id| id.starts_with("IDP")) {
        unit.publish(&TransportEvent::IdentityDeletionProcessStatusChanged(None)).await?;
    }
    changed.changed_object_identifiers_during_datawallet_sync.extend(identifiers);
    bookkeeping::set_datawallet_time(unit.transaction(), context.clock().now()).await?;
    unit.commit().await
}

/// Records the supported version in this device's document. Databases of earlier programs can lack it.
async fn upgrade_device(context: &Context) -> Result<()> {
    let mut device = context.device().await?;
    let supported = u32::from(SUPPORTED_DATAWALLET_VERSION);
    if device.datawallet_version.unwrap_or_default() < supported {
        device.datawallet_version = Some(supported);
        context.store_device(&device).await?;
    }
    Ok(())
}

/// Fetches and applies the modifications after the local index; returns the ids of the changed documents.
pub(super) async fn pull(context: &Context) -> Result<Vec<String>> {
    let local_index = bookkeeping::local_index(context.store()).await?;
    let call = Call::get(paths::DATAWALLET_MODIFICATIONS).query(LOCAL_INDEX, local_index).synchronisation();
    let mut modifications: Vec<DatawalletModification> = context.backbone().pages(call).await.map_err(understood)?;
    let Some(highest) = modifications.iter().map(|modification| modification.index).max() else {
        return Ok(Vec::new());
    };
    let push = bookkeeping::push(context.store()).await?;
    let arrived = take_own(context, push.as_ref(), &mut modifications).await?;
    let objects = fold(context, modifications);
    let mut unit = context.unit_of_work().await?;
    let mut applied = Vec::with_capacity(objects.len());
    for object in objects {
        if object.apply(context.collections(), unit.transaction()).await? {
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

/// Removes the modifications that this device pushed without getting an answer, and returns true if there were any: a
/// push arrives as a whole or not at all. The documents are as they were pushed or newer; the modifications would undo
/// later changes.
async fn take_own(
    context: &Context,
    push: Option<&Push>,
    modifications: &mut Vec<DatawalletModification>,
) -> Result<bool> {
    let Some(push) = push else { return Ok(false) };
    let own = context.device().await?.id;
    let behind = i64::try_from(push.records.len()).unwrap_or(i64::MAX).saturating_add(push.after);
    let before = modifications.len();
    modifications.retain(|each| each.created_by_device != own || each.index <= push.after || each.index > behind);
    Ok(modifications.len() < before)
}

/// Translates the Backbone's error for a datawallet that is too new into this program's.
fn understood(error: TransportError) -> TransportError {
    if error.has_code(codes::DATAWALLET_INSUFFICIENT_SUPPORTED_VERSION) {
        insufficient_version(SUPPORTED_DATAWALLET_VERSION + 1)
    } else {
        error
    }
}

fn insufficient_version(required: u16) -> TransportError {
    TransportError::InsufficientSupportedDatawalletVersion {
        supported: SUPPORTED_DATAWALLET_VERSION.into(),
        required: required.into(),
    }
}

/// The combined modifications of one document.
struct ChangedObject {
    id: String,
    collection: String,
    /// The members to write; `None` deletes the document.
    members: Option<Map<String, Value>>,
}

/// Combines the modifications by document, in the order of first appearance. An unreadable one is left out: it would
/// block all others indefinitely.
fn fold(context: &Context, modifications: Vec<DatawalletModification>) -> Vec<ChangedObject> {
    let mut objects: Vec<ChangedObject> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for modification in modifications {
        let change = match modification.r#type {
            DatawalletModificationType::Create | DatawalletModificationType::Update => {
                match context.keys().open_modification(&modification) {
                    Ok(payload) => Some(payload),
                    Err(error) => {
                        let DatawalletModification { index, collection, .. } = &modification;
                        tracing::warn!(index, collection, %error, "a modification of the datawallet cannot be read");
                        continue;
                    }
                }
            }
            DatawalletModificationType::Delete => None,
            // It made older programs reload a document; today everything is in the modifications themselves.
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
    /// Writes or deletes the document if possible; returns true if it did.
    async fn apply(&self, collections: &SynchronisedCollections, transaction: &mut Transaction) -> Result<bool> {
        let Some(collection) = collections.get(&self.collection) else {
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
