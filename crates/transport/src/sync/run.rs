//! The course of a synchronisation (`docs/protocol/02 §10.2`).

use std::time::Duration;

use backbone_api::{
    codes, paths,
    sync_runs::{
        ExternalEventResult, FinalizeExternalEventSyncRequest, FinalizeExternalEventSyncResponse, SyncRunType,
    },
};
use core_types::ExternalEventId;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    bookkeeping::{self, RunningSyncRun},
    changes::ChangedItems,
    datawallet, event, interrupted,
    offered::{Offered, forget_marks},
    push, runs,
};
use crate::{
    backbone::Call,
    context::Context,
    counters::Moment,
    documents::ProcessedExternalEvent,
    error::{Result, TransportError},
    events::TransportEvent,
    inbox::{Inbox, Selection},
    messages::Messages,
    reconciliation,
    relationships::Relationships,
};

/// A run lives for 10 s (`docs/protocol/03 §12`); after this time its lifetime is extended.
const REFRESH_AFTER: Duration = Duration::from_secs(4);

/// The maximum number of runs per synchronisation; the rest follows with the next one. Each run can bring hundreds of
/// events, so that this only ends a synchronisation with a Backbone that always announces more.
const MAX_RUNS: u32 = 100;

pub(super) async fn everything(context: Context) -> Result<ChangedItems> {
    let mut changed = ChangedItems::default();
    let mut result = async {
        let inbox = Inbox::new(&context);
        Relationships::new(&context).recover_changes().await?;
        let due = inbox.select(Selection::Due).await?;
        // New events do not wait for failing ones.
        external_events(&context, &mut changed).await?;
        // A Relationship that has just arrived may be what another entry lacked.
        if !changed.relationships.is_empty() {
            changed.extend(inbox.try_waiting(Selection::Orphans).await?);
        }
        inbox.pass(&due, &mut changed).await?;
        Ok(())
    }
    .await;
    if result.is_ok() {
        result = tell_other_devices(&context, &mut changed).await;
    }
    context.started_run().note_store(!matches!(result, Err(TransportError::Store(_))));
    if context.config().datawallet_enabled {
        tell_synchronised(&context).await?;
    }
    result.map(|()| changed)
}

/// Pushes changes made by the external events now. If that fails, the next synchronisation does it.
async fn tell_other_devices(context: &Context, changed: &mut ChangedItems) -> Result<()> {
    if push::is_due(context).await?
        && let Err(error) = datawallet::synchronise(context, changed).await
    {
        tracing::warn!(error.code = error.code(), %error, "the changes made here could not be told to other devices");
    }
    Ok(())
}

pub(super) async fn only_datawallet(context: Context) -> Result<ChangedItems> {
    let mut changed = ChangedItems::default();
    let result = match datawallet::bootstrap(&context).await {
        Ok(()) => datawallet::synchronise(&context, &mut changed).await,
        failed => failed,
    };
    tell_synchronised(&context).await?;
    result.map(|()| changed)
}

/// Publishes the end of a synchronisation of the datawallet, whether or not it succeeded.
async fn tell_synchronised(context: &Context) -> Result<()> {
    let mut unit = context.unit_of_work().await?;
    unit.publish(&TransportEvent::DatawalletSynchronized).await?;
    unit.commit().await
}

async fn external_events(context: &Context, changed: &mut ChangedItems) -> Result<()> {
    datawallet::bootstrap(context).await?;
    Messages::new(context).recover_in_passing().await;
    let begun = Messages::new(context).time_of_backbone();
    for _ in 0..MAX_RUNS {
        let turn = runs::turn(context).await;
        let Some((run, events)) = next_run(context).await? else {
            drop(turn);
            forget_marks(context).await?;
            if context.config().datawallet_enabled {
                datawallet::synchronise(context, changed).await?;
            }
            break;
        };
        datawallet::pull(context).await?;
        changed.external_events += events.len();
        let results = process(context, &run, events, changed).await?;
        if !finalize(context, &run, results).await?.new_unsynced_external_events_exist {
            break;
        }
    }
    let mut unit = context.unit_of_work().await?;
    bookkeeping::set_everything_time(unit.transaction(), context.clock().now()).await?;
    reconciliation::synchronisation_completed(context, &mut unit, begun).await?;
    unit.commit().await
}

/// The interrupted run, or a new one, with its events; `None` if there is nothing new.
async fn next_run(context: &Context) -> Result<Option<(RunningSyncRun, Vec<Value>)>> {
    if let Some(run) = interrupted::interrupted(context).await? {
        match external_events_of(context, &run).await {
            Ok(events) => return Ok(Some((run, events))),
            // A run whose events the Backbone itself refuses to return for any other reason would stop every
            // synchronisation.
            Err(error) if is_lost(&error) || is_refused(&error) => {
                tracing::debug!(sync_run = %run.id, error.code = error.code(), "the interrupted sync run is gone");
                interrupted::forget(context).await?;
            }
            Err(error) => return Err(error),
        }
    }
    interrupted::make_sure_that_store_works(context).await?;
    let Some((started, own)) = runs::start(context, SyncRunType::ExternalEventSync, None).await? else {
        return Ok(None);
    };
    let run = RunningSyncRun { id: started.id };
    let noted = interrupted::remember(context, &run, own).await?;
    context.counters().grant(noted.as_ref(), Moment::now(&**context.clock()));
    let events = external_events_of(context, &run).await?;
    Ok(Some((run, events)))
}

async fn external_events_of(context: &Context, run: &RunningSyncRun) -> Result<Vec<Value>> {
    let path = paths::with_id(paths::SYNC_RUN_EXTERNAL_EVENTS, run.id.as_str());
    context.backbone().pages(Call::get(path).synchronisation()).await
}

/// Returns true if the Backbone says that a run is over or belongs to somebody else.
fn is_lost(error: &TransportError) -> bool {
    error.as_request_error().is_some_and(|error| {
        error.code == codes::RECORD_NOT_FOUND || error.code.starts_with("error.platform.validation.syncRun.")
    })
}

/// Returns true if the Backbone itself, and not a gateway in front of it, says that the request is at fault.
fn is_refused(error: &TransportError) -> bool {
    error.as_request_error().is_some_and(|error| matches!(error.status, 400 | 404 | 410) && !error.may_pass())
}

/// Applies the events in their order, or records them in the inbox. Either way the Backbone need not offer them again.
async fn process(
    context: &Context,
    run: &RunningSyncRun,
    events: Vec<Value>,
    changed: &mut ChangedItems,
) -> Result<Vec<ExternalEventResult>> {
    let mut offered = Offered::new(context, &events).await?;
    let mut results = Vec::with_capacity(events.len());
    let mut refreshed = Instant::now();
    for event in events {
        if refreshed.elapsed() > REFRESH_AFTER {
            refresh(context, run).await;
            refreshed = Instant::now();
        }
        let Some(id) = event::id_of(&event) else {
            tracing::warn!("the Backbone sent an external event without id");
            continue;
        };
        let external_event_id = ExternalEventId::new(id);
        let error_code = offered.take(&external_event_id, &event, changed).await?;
        results.push(ExternalEventResult { external_event_id, error_code });
    }
    Ok(results)
}

async fn refresh(context: &Context, run: &RunningSyncRun) {
    let path = paths::with_id(paths::SYNC_RUN_REFRESH_EXPIRATION_TIME, run.id.as_str());
    let refreshed = match Call::put(path, &serde_json::json!({})) {
        Ok(call) => context.backbone().done(call.synchronisation()).await,
        Err(error) => Err(error),
    };
    // An expired run can still be finalised, as long as nobody else starts one.
    if let Err(error) = refreshed {
        tracing::debug!(sync_run = %run.id, error.code = error.code(), "the life of the sync run could not be prolonged");
    }
}

async fn finalize(
    context: &Context,
    run: &RunningSyncRun,
    results: Vec<ExternalEventResult>,
) -> Result<FinalizeExternalEventSyncResponse> {
    let path = paths::with_id(paths::SYNC_RUN_FINALIZE_EXTERNAL_EVENT_SYNC, run.id.as_str());
    let applied: Vec<String> = results
        .iter()
        .filter(|result| result.error_code.is_none())
        .map(|result| result.external_event_id.as_str().to_owned())
        .collect();
    // Together with the results: no other device gets these events, so this one must not have to push their effects
    // later.
    let request = FinalizeExternalEventSyncRequest {
        datawallet_modifications: push::next(context).await?,
        external_event_results: results,
    };
    let has_pushed = !request.datawallet_modifications.is_empty();
    let call = Call::put(path, &request)?.synchronisation();
    let response = match context.backbone().result::<FinalizeExternalEventSyncResponse>(call).await {
        Ok(response) => response,
        Err(error) => {
            // Everything is applied or in the inbox: a run that the Backbone does not allow to end must not come back
            // forever.
            if is_lost(&error) || is_refused(&error) {
                interrupted::forget(context).await?;
            }
            return Err(error);
        }
    };
    let push = bookkeeping::push(context.store()).await?;
    let mut unit = context.unit_of_work().await?;
    if let Some(index) = response.new_datawallet_modification_index.filter(|_| has_pushed) {
        push::confirm(unit.transaction(), push.as_ref(), index).await?;
    }
    for id in applied {
        unit.delete::<ProcessedExternalEvent>(&id).await?;
    }
    bookkeeping::clear_running_sync_run(unit.transaction()).await?;
    unit.commit().await?;
    interrupted::forgotten(context);
    Ok(response)
}
