//! Pushing local changes to the other devices (`docs/protocol/02 §10.2` step 5, `§10.3`, `§10.6`).

use backbone_api::{
    Bytes,
    datawallet::{
        DatawalletModificationType, NewDatawalletModification, PushModificationsRequest, PushModificationsResponse,
    },
    paths,
};
use serde_json::Value;
use store::{Filter, Query, Transaction};

use super::{
    bookkeeping::{self, Push},
    runs,
};
use crate::{
    backbone::Call,
    config::SUPPORTED_DATAWALLET_VERSION,
    context::Context,
    documents::UnpushedDatawalletModification,
    error::{Result, TransportError},
};

/// The number of modifications per request; contents can be large.
const MAX_MODIFICATIONS: u64 = 200;

/// The first waiting modifications, encrypted for the indexes they will get; records them as being sent. Empty
/// while the datawallet is disabled.
pub(super) async fn next(context: &Context) -> Result<Vec<NewDatawalletModification>> {
    if !context.config().datawallet_enabled {
        return Ok(Vec::new());
    }
    let first = Query { limit: Some(MAX_MODIFICATIONS), ..Query::default() };
    let records: Vec<UnpushedDatawalletModification> = context.store().find(&first).await?;
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let after = bookkeeping::local_index(context.store()).await?.unwrap_or(-1);
    let modifications =
        (after + 1..).zip(&records).map(|(index, record)| seal(context, index, record)).collect::<Result<_>>()?;
    let push = Push { after, records: records.into_iter().map(|record| record.local_id).collect() };
    let mut unit = context.unit_of_work().await?;
    bookkeeping::set_push(unit.transaction(), &push).await?;
    unit.commit().await?;
    Ok(modifications)
}

/// The Backbone has accepted what [`next`] returned last.
pub(super) async fn confirm(transaction: &mut Transaction, push: Option<&Push>, new_index: i64) -> Result<()> {
    let Some(push) = push else { return Ok(()) };
    for id in &push.records {
        transaction.delete::<UnpushedDatawalletModification>(id.as_str()).await?;
    }
    bookkeeping::clear_push(transaction).await?;
    bookkeeping::set_local_index(transaction, new_index).await
}

/// Pushes until nothing is waiting. Changes of other devices must have been pulled.
pub(super) async fn everything(context: &Context) -> Result<()> {
    let _turn = runs::turn(context).await;
    loop {
        let modifications = next(context).await?;
        if modifications.is_empty() {
            return Ok(());
        }
        let local_index = bookkeeping::local_index(context.store()).await?.unwrap_or(-1);
        let request = PushModificationsRequest { local_index: Some(local_index), modifications };
        let call = Call::post(paths::DATAWALLET_MODIFICATIONS, &request)?.synchronisation();
        let pushed: PushModificationsResponse = context.backbone().result(call).await?;
        let push = bookkeeping::push(context.store()).await?;
        let mut unit = context.unit_of_work().await?;
        confirm(unit.transaction(), push.as_ref(), pushed.new_index).await?;
        unit.commit().await?;
    }
}

/// Returns true if changes are waiting to be pushed to other devices.
pub(super) async fn is_due(context: &Context) -> Result<bool> {
    Ok(context.config().datawallet_enabled
        && context.store().count::<UnpushedDatawalletModification>(&Filter::All).await? > 0)
}

fn seal(context: &Context, index: i64, record: &UnpushedDatawalletModification) -> Result<NewDatawalletModification> {
    let payload =
        record.payload.as_ref().map(|payload| context.keys().seal_modification(context.randomness(), index, payload));
    let modification_type = serde_json::from_value(Value::from(record.modification_type.as_str()));
    let modification_type: DatawalletModificationType = modification_type
        .map_err(|_| TransportError::invariant(format!("the change '{}' is of an unknown type", record.local_id)))?;
    Ok(NewDatawalletModification {
        object_identifier: record.object_identifier.clone(),
        payload_category: record.payload_category.clone(),
        collection: record.collection.clone(),
        r#type: modification_type,
        encrypted_payload: payload.transpose()?.map(Bytes),
        datawallet_version: SUPPORTED_DATAWALLET_VERSION,
    })
}
