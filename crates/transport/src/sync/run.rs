//! The course of a synchronisation (`docs/protocol/02 §10.2`).

use std::{collections::HashSet, time::Duration};

use backbone_api::{
    codes, paths,
    sync_runs::{
        ExternalEventResult, FinalizeExternalEventSyncRequest, FinalizeExternalEventSyncResponse, StartSyncRunRequest,
        StartSyncRunResponse, SyncRunType,
    },
};
use serde_json::Value;
use store::Query;
use tokio::time::Instant;

use super::{
    ChangedItems,
    bookkeeping::{self, RunningSyncRun},
    datawallet,
    event::{self, Outcome},
    push,
};
use crate::{
    account::Account,
    backbone::Call,
    documents::ProcessedExternalEvent,
    error::{Result, TransportError},
    events::TransportEvent,
};

/// A run lives for 10 s (`docs/protocol/03 §12`); after this time its life is prolonged.
const REFRESH_AFTER: Duration = Duration::from_secs(4);

/// How often a run is taken up again because of failures that may pass, before they are reported like all others. Keeps an
/// event that always fails in such a way from blocking the ones behind it.
const MAX_INTERRUPTIONS: u32 = 5;

/// How many runs one synchronisation makes at most; what is left comes with the next one. Each run can bring hundreds of
/// events, so that this ends only a synchronisation with a Backbone that always promises more.
const MAX_RUNS: u32 = 100;

pub(super) async fn everything(account: Account) -> Result<ChangedItems> {
    let mut changed = ChangedItems::default();
    let mut result = external_events(&account, &mut changed).await;
    if result.is_ok() {
        result = tell_other_devices(&account, &mut changed).await;
    }
    if account.config().datawallet_enabled {
        tell_synchronised(&account).await?;
    }
    result.map(|()| changed)
}

/// What the external events have changed here is told now. If that fails, the next synchronisation does it.
async fn tell_other_devices(account: &Account, changed: &mut ChangedItems) -> Result<()> {
    if push::is_due(account).await?
        && let Err(error) = datawallet::synchronise(account, changed).await
    {
        tracing::warn!(code = error.code(), %error, "the changes made here could not be told to other devices");
    }
    Ok(())
}

pub(super) async fn only_datawallet(account: Account) -> Result<ChangedItems> {
    let mut changed = ChangedItems::default();
    let result = match datawallet::bootstrap(&account).await {
        Ok(()) => datawallet::synchronise(&account, &mut changed).await,
        failed => failed,
    };
    tell_synchronised(&account).await?;
    result.map(|()| changed)
}

/// Tells the end of a synchronisation of the datawallet, be it a good one or not.
async fn tell_synchronised(account: &Account) -> Result<()> {
    let mut unit = account.unit_of_work().await?;
    unit.publish(&TransportEvent::DatawalletSynchronized).await?;
    unit.commit().await
}

async fn external_events(account: &Account, changed: &mut ChangedItems) -> Result<()> {
    datawallet::bootstrap(account).await?;
    account.messages().recover_in_passing().await;
    for _ in 0..MAX_RUNS {
        let Some((run, events)) = next_run(account).await? else {
            processed_events(account, &[]).await?;
            if account.config().datawallet_enabled {
                datawallet::synchronise(account, changed).await?;
            }
            break;
        };
        datawallet::pull(account).await?;
        let results = process(account, &run, events, changed).await?;
        if !finalize(account, &run, results).await?.new_unsynced_external_events_exist {
            break;
        }
    }
    let mut unit = account.unit_of_work().await?;
    bookkeeping::set_everything_time(unit.transaction(), account.clock().now()).await?;
    unit.commit().await
}

/// The run that was cut off before, or a new one, with its events; nothing if there is nothing new.
async fn next_run(account: &Account) -> Result<Option<(RunningSyncRun, Vec<Value>)>> {
    if let Some(run) = bookkeeping::running_sync_run(account.store()).await? {
        match external_events_of(account, &run).await {
            Ok(events) => return Ok(Some((run, events))),
            // A run whose events the Backbone refuses to tell for any other reason would stop every synchronisation.
            Err(error) if is_lost(&error) || is_refused(&error) => {
                tracing::debug!(sync_run = %run.id, code = error.code(), "the interrupted sync run is gone");
                forget(account).await?;
            }
            Err(error) => return Err(error),
        }
    }
    let request = StartSyncRunRequest { r#type: Some(SyncRunType::ExternalEventSync), duration: None };
    let call = Call::post(paths::SYNC_RUNS, &request)?.synchronisation();
    let started: StartSyncRunResponse = match account.http().result(call).await {
        Ok(started) => started,
        Err(error) => {
            if error.as_request_error().is_some_and(|error| error.code == codes::SYNC_RUN_IDENTITY_IS_TO_BE_DELETED) {
                account.identity_deletion().learn_of_active().await?;
            }
            return Err(error);
        }
    };
    let Some(started) = started.sync_run else { return Ok(None) };
    let run = RunningSyncRun { id: started.id, interruptions: 0 };
    remember(account, &run).await?;
    let events = external_events_of(account, &run).await?;
    Ok(Some((run, events)))
}

async fn external_events_of(account: &Account, run: &RunningSyncRun) -> Result<Vec<Value>> {
    let path = paths::with_id(paths::SYNC_RUN_EXTERNAL_EVENTS, run.id.as_str());
    account.http().pages(Call::get(path).synchronisation()).await
}

/// Whether the Backbone says that a run is over or belongs to somebody else.
fn is_lost(error: &TransportError) -> bool {
    error.as_request_error().is_some_and(|error| {
        error.code == codes::RECORD_NOT_FOUND || error.code.starts_with("error.platform.validation.syncRun.")
    })
}

/// Whether the Backbone says that there is something wrong with the question itself.
fn is_refused(error: &TransportError) -> bool {
    error.as_request_error().is_some_and(|error| matches!(error.status, 400 | 404 | 410))
}

/// Applies the events in their order. An event that fails does not stop the others, unless the failure may pass: then the
/// run is left as it is, to be taken up again.
async fn process(
    account: &Account,
    run: &RunningSyncRun,
    events: Vec<Value>,
    changed: &mut ChangedItems,
) -> Result<Vec<ExternalEventResult>> {
    let processed = processed_events(account, &events).await?;
    let mut results = Vec::with_capacity(events.len());
    let mut refreshed = Instant::now();
    for event in events {
        if refreshed.elapsed() > REFRESH_AFTER {
            refresh(account, run).await;
            refreshed = Instant::now();
        }
        match event::process(account, &event, &processed).await {
            Outcome::Applied { id, item } => {
                changed.add(item);
                results.push(ExternalEventResult { external_event_id: id, error_code: None });
            }
            Outcome::Failed { error, .. } if error.is_transient() && run.interruptions < MAX_INTERRUPTIONS => {
                let interrupted = RunningSyncRun { interruptions: run.interruptions + 1, ..run.clone() };
                remember(account, &interrupted).await?;
                return Err(error);
            }
            Outcome::Failed { id, error } => {
                let code = error.external_event_code().to_owned();
                tracing::warn!(external_event = %id, code = error.code(), %error, "an external event could not be applied");
                results.push(ExternalEventResult { external_event_id: id, error_code: Some(code) });
            }
            Outcome::Nameless => tracing::warn!("the Backbone sent an external event without id"),
        }
    }
    Ok(results)
}

/// The events among `events` that had their effects before. Marks of other events are no longer needed: what the Backbone
/// does not offer any more was finalised.
async fn processed_events(account: &Account, events: &[Value]) -> Result<HashSet<String>> {
    let offered: HashSet<&str> = events.iter().filter_map(event::id_of).collect();
    let marks: Vec<ProcessedExternalEvent> = account.store().find(&Query::default()).await?;
    let (repeated, done): (Vec<_>, Vec<_>) =
        marks.into_iter().map(|mark| mark.id.into_string()).partition(|id| offered.contains(id.as_str()));
    if !done.is_empty() {
        let mut unit = account.unit_of_work().await?;
        for id in done {
            unit.delete::<ProcessedExternalEvent>(&id).await?;
        }
        unit.commit().await?;
    }
    Ok(repeated.into_iter().collect())
}

async fn refresh(account: &Account, run: &RunningSyncRun) {
    let path = paths::with_id(paths::SYNC_RUN_REFRESH_EXPIRATION_TIME, run.id.as_str());
    let refreshed = match Call::put(path, &serde_json::json!({})) {
        Ok(call) => account.http().done(call.synchronisation()).await,
        Err(error) => Err(error),
    };
    // An expired run can still be finalised, as long as nobody else starts one.
    if let Err(error) = refreshed {
        tracing::debug!(sync_run = %run.id, code = error.code(), "the life of the sync run could not be prolonged");
    }
}

async fn finalize(
    account: &Account,
    run: &RunningSyncRun,
    results: Vec<ExternalEventResult>,
) -> Result<FinalizeExternalEventSyncResponse> {
    let path = paths::with_id(paths::SYNC_RUN_FINALIZE_EXTERNAL_EVENT_SYNC, run.id.as_str());
    let applied: Vec<String> = results
        .iter()
        .filter(|result| result.error_code.is_none())
        .map(|result| result.external_event_id.as_str().to_owned())
        .collect();
    // Together with the results: no other device gets these events, so it must not depend on this one to tell of them later.
    let request = FinalizeExternalEventSyncRequest {
        datawallet_modifications: push::next(account).await?,
        external_event_results: results,
    };
    let has_pushed = !request.datawallet_modifications.is_empty();
    let call = Call::put(path, &request)?.synchronisation();
    let response = match account.http().result::<FinalizeExternalEventSyncResponse>(call).await {
        Ok(response) => response,
        Err(error) => {
            if is_lost(&error) {
                forget(account).await?;
            }
            return Err(error);
        }
    };
    let push = bookkeeping::push(account.store()).await?;
    let mut unit = account.unit_of_work().await?;
    if let Some(index) = response.new_datawallet_modification_index.filter(|_| has_pushed) {
        push::confirm(unit.transaction(), push.as_ref(), index).await?;
    }
    for id in applied {
        unit.delete::<ProcessedExternalEvent>(&id).await?;
    }
    bookkeeping::clear_running_sync_run(unit.transaction()).await?;
    unit.commit().await?;
    Ok(response)
}

async fn remember(account: &Account, run: &RunningSyncRun) -> Result<()> {
    let mut unit = account.unit_of_work().await?;
    bookkeeping::set_running_sync_run(unit.transaction(), run).await?;
    unit.commit().await
}

async fn forget(account: &Account) -> Result<()> {
    let mut unit = account.unit_of_work().await?;
    bookkeeping::clear_running_sync_run(unit.transaction()).await?;
    unit.commit().await
}
