//! Handling of the external events that a sync run offers.

use std::collections::HashSet;

use core_types::ExternalEventId;
use serde_json::Value;
use store::Query;

use super::{changes::ChangedItems, event};
use crate::{
    context::Context,
    documents::ProcessedExternalEvent,
    error::{Result, TransportError, UNKNOWN_ERROR_CODE},
    inbox::{Inbox, InboxNotes, OfferedAgain, Waiting, object_of},
};

/// After this many transient failures in a row, the rest of a run goes into the inbox without an attempt: the fault is
/// not in the events.
const FAILURES_IN_A_ROW: u32 = 3;

/// The offers of one sync run.
pub(super) struct Offered<'a> {
    context: &'a Context,
    /// Events that took effect before.
    processed: HashSet<String>,
    waiting: Waiting,
    failures_in_a_row: u32,
}

impl<'a> Offered<'a> {
    pub(super) async fn new(context: &'a Context, events: &[Value]) -> Result<Self> {
        let processed = processed_events(context, events).await?;
        let waiting = InboxNotes::new(context).waiting().await?;
        Ok(Self { context, processed, waiting, failures_in_a_row: 0 })
    }

    /// Applies an event or records it; returns the code under which it is reported to the Backbone as failed, if it is.
    ///
    /// Only faults of the event itself are reported, as the existing programs do: the Backbone then offers it a few
    /// more times, which helps if its answer was faulty. Failures that may pass are recorded only here, because the
    /// Backbone gives up.
    pub(super) async fn take(
        &mut self,
        id: &ExternalEventId,
        event: &Value,
        changed: &mut ChangedItems,
    ) -> Result<Option<String>> {
        if !event::is_processed(event) {
            tracing::debug!(external_event = %id, "external events of this type are not processed");
            return Ok(Some(UNKNOWN_ERROR_CODE.to_owned()));
        }
        if self.processed.contains(id.as_str()) {
            return Ok(None);
        }
        if self.waiting.has_entry(id.as_str()) {
            return Ok(match Inbox::new(self.context).offered_again(id.as_str(), event).await? {
                OfferedAgain::Applied(item) => {
                    changed.add(item);
                    None
                }
                OfferedAgain::Refused(failure) if failure.code.starts_with("error.transport.") => Some(failure.code),
                OfferedAgain::Refused(_) => Some(UNKNOWN_ERROR_CODE.to_owned()),
                OfferedAgain::Waits => None,
            });
        }
        let notes = InboxNotes::new(self.context);
        let object = object_of(event);
        if self.waiting.has_object(object) || self.failures_in_a_row >= FAILURES_IN_A_ROW {
            notes.note_event(event, None).await?;
            self.waiting.add_object(object);
            return Ok(None);
        }
        match event::apply_event(self.context, event, &ProcessedExternalEvent { id: id.clone() }).await {
            Ok(item) => {
                changed.add(item);
                self.failures_in_a_row = 0;
                Ok(None)
            }
            Err(error) => {
                tracing::warn!(
                    external_event = %id, object, error.code = error.code(), %error, "an external event could not be applied"
                );
                notes.note_event(event, Some(&error)).await?;
                self.waiting.add_object(object);
                self.failures_in_a_row = if error.may_pass() { self.failures_in_a_row + 1 } else { 0 };
                Ok(reported_code(&error))
            }
        }
    }
}

/// The code under which a failure is reported to the Backbone, if it is.
fn reported_code(error: &TransportError) -> Option<String> {
    (!error.may_pass()).then(|| error.external_event_code().to_owned())
}

/// The events among `events` that took effect before. Marks of other events are no longer needed: events that the
/// Backbone no longer offers were finalised.
async fn processed_events(context: &Context, events: &[Value]) -> Result<HashSet<String>> {
    let offered: HashSet<&str> = events.iter().filter_map(event::id_of).collect();
    let marks: Vec<ProcessedExternalEvent> = context.store().find(&Query::default()).await?;
    let (repeated, done): (Vec<_>, Vec<_>) =
        marks.into_iter().map(|mark| mark.id.into_string()).partition(|id| offered.contains(id.as_str()));
    if !done.is_empty() {
        let mut unit = context.unit_of_work().await?;
        for id in done {
            unit.delete::<ProcessedExternalEvent>(&id).await?;
        }
        unit.commit().await?;
    }
    Ok(repeated.into_iter().collect())
}

/// Deletes the marks of events that took effect: the Backbone no longer offers any of them.
pub(super) async fn forget_marks(context: &Context) -> Result<()> {
    processed_events(context, &[]).await.map(drop)
}
