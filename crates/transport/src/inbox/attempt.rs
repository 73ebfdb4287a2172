//! Attempts to apply waiting entries.

use std::{collections::VecDeque, time::Duration};

use core_types::{Reference, Timestamp};
use metrics::counter;
use serde_json::Value;
use store::{Filter, Query, Sort};
use tokio::time::Instant;

use super::{
    Inbox,
    noting::{failure, in_state, object_of},
};
use crate::{
    documents::{InboxEntry, InboxFailure, InboxState, InboxSubject, ProcessedExternalEvent},
    error::{Result, TransportError},
    files::Files,
    sync::{ChangedItem, ChangedItems, apply_event},
};

/// The number of entries that one pass tries.
const ENTRIES_PER_PASS: u64 = 1_000;
/// After this many transient failures in a row, and one more, a pass ends: the fault is not in the objects.
const FAILURES_IN_A_ROW: u32 = 3;
/// The time that a synchronisation spends on waiting entries before it goes on; the worker does the rest.
const PASS_TIME: Duration = Duration::from_secs(5);
/// An attached File that the Backbone did not have this often, and for this long, is lost: a delay between its servers
/// is over by then.
const ATTEMPTS_AT_A_LOST_FILE: u32 = 8;
const LOST_AFTER: Duration = Duration::from_secs(60);

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum InboxAttempt {
    /// The entry took effect.
    Applied,
    /// It failed.
    Failed(InboxFailure),
    /// An earlier entry about the same object, with this id, comes first.
    Held(String),
    /// Another caller has dealt with it.
    Gone,
}

/// The outcome of an event that was offered again.
#[derive(Debug)]
pub(crate) enum OfferedAgain {
    Applied(ChangedItem),
    /// It failed again.
    Refused(InboxFailure),
    /// The inbox will handle it.
    Waits,
}

/// The entries that a pass tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Those that are due.
    Due,
    /// All that are waiting.
    All,
    /// Those that lacked another object that was not stored, above all a Relationship.
    Orphans,
}

/// An attempt with its changes.
enum Outcome {
    Applied(ChangedItem),
    /// With the pause that the Backbone asks for.
    Failed(InboxFailure, Option<Duration>),
    Held(String),
    Gone,
}

/// Entries, with the number of attempts at each when they were selected: those that somebody else tries in the meantime
/// are skipped.
pub(crate) struct Selected(Vec<SelectedEntry>);

struct SelectedEntry {
    id: String,
    attempts: u32,
    next_attempt_at: Timestamp,
}

/// The end of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassEnd {
    Done,
    /// The Backbone seems to be failing; it may have asked for a pause.
    BrokenOff(Option<Duration>),
}

impl Inbox {
    /// Tries waiting entries; returns what they changed. Ends early if the failures look like those of the Backbone.
    pub(crate) async fn try_waiting(&self, selection: Selection) -> Result<ChangedItems> {
        let mut changed = ChangedItems::default();
        self.pass(&self.select(selection).await?, &mut changed).await?;
        Ok(changed)
    }

    /// Selects the entries to try.
    pub(crate) async fn select(&self, selection: Selection) -> Result<Selected> {
        let query = self.selected(selection, self.context.clock().now());
        let entries: Vec<InboxEntry> = self.context.store().find(&query).await?;
        let selected =
            |InboxEntry { id, attempts, next_attempt_at, .. }| SelectedEntry { id, attempts, next_attempt_at };
        Ok(Selected(entries.into_iter().map(selected).collect()))
    }

    /// Tries the selected entries, and then those that may have lacked a Relationship that this brought.
    pub(crate) async fn pass(&self, selected: &Selected, changed: &mut ChangedItems) -> Result<PassEnd> {
        let relationships = changed.relationships.len();
        let end = self.pass_once(selected, changed).await?;
        if changed.relationships.len() > relationships {
            self.pass_once(&self.select(Selection::Orphans).await?, changed).await?;
        }
        Ok(end)
    }

    async fn pass_once(&self, selected: &Selected, changed: &mut ChangedItems) -> Result<PassEnd> {
        let mut in_a_row = 0;
        let end = Instant::now() + PASS_TIME;
        let mut left: VecDeque<&SelectedEntry> = selected.0.iter().collect();
        loop {
            // Another entry, tried less recently, shows if the fault is in the objects or in the Backbone.
            let next = if in_a_row < FAILURES_IN_A_ROW { left.pop_front() } else { take_rested(&mut left) };
            let Some(entry) = next else { break };
            // An attempt that takes long continues by itself.
            let attempt = self.try_entry(&entry.id, Some(entry.attempts));
            let Ok(outcome) = tokio::time::timeout_at(end, attempt).await else { break };
            match outcome? {
                Outcome::Applied(item) => {
                    changed.add(item);
                    in_a_row = 0;
                }
                Outcome::Failed(failure, asked) if failure.may_pass => {
                    in_a_row += 1;
                    if in_a_row > FAILURES_IN_A_ROW || asked.is_some() {
                        return Ok(PassEnd::BrokenOff(asked));
                    }
                }
                Outcome::Failed(..) | Outcome::Held(_) | Outcome::Gone => in_a_row = 0,
            }
        }
        Ok(PassEnd::Done)
    }

    fn selected(&self, selection: Selection, now: Timestamp) -> Query {
        let waiting = in_state(InboxState::Waiting);
        let query = match selection {
            Selection::All => Query::new(waiting),
            Selection::Orphans => {
                let lacks = [
                    TransportError::record_not_found("", ""),
                    // The Relationship is there, but not the peer's answer with the other half of its keys.
                    TransportError::WrongSecretType(String::new()),
                ];
                let codes = lacks.map(|error| error.code().to_owned());
                Query::new(Filter::And(vec![waiting, Filter::any_of("lastFailure.code", codes)]))
            }
            Selection::Due => {
                let at = |time: Timestamp| Value::from(time.to_string());
                let due = Filter::Or(vec![
                    Filter::Lte("nextAttemptAt".to_owned(), at(now)),
                    Filter::Gt("nextAttemptAt".to_owned(), at(InboxEntry::latest_next_attempt(now))),
                ]);
                Query::new(Filter::And(vec![waiting, due])).sort_by(Sort::ascending("nextAttemptAt"))
            }
        };
        query.limit(ENTRIES_PER_PASS)
    }

    pub(super) async fn attempt(&self, id: &str) -> Result<InboxAttempt> {
        Ok(match self.try_entry(id, None).await? {
            Outcome::Applied(ChangedItem::Relationship(_)) => {
                self.try_waiting(Selection::Orphans).await?;
                InboxAttempt::Applied
            }
            Outcome::Applied(_) => InboxAttempt::Applied,
            Outcome::Failed(failure, _) => InboxAttempt::Failed(failure),
            Outcome::Held(id) => InboxAttempt::Held(id),
            Outcome::Gone => InboxAttempt::Gone,
        })
    }

    /// The Backbone offers an event again that was reported as failed. Its new form replaces the recorded one, and is
    /// tried if it differs.
    pub(crate) async fn offered_again(&self, id: &str, event: &Value) -> Result<OfferedAgain> {
        let subject = InboxSubject::ExternalEvent { event: event.clone() };
        let mut unit = self.context.unit_of_work().await?;
        let Some(mut entry) = unit.get::<InboxEntry>(id).await? else { return Ok(OfferedAgain::Waits) };
        if says_the_same(&entry.subject, event) {
            let refusal = entry.last_failure.filter(|failure| !failure.may_pass);
            return Ok(refusal.map_or(OfferedAgain::Waits, OfferedAgain::Refused));
        }
        entry.object_id = object_of(event).to_owned();
        entry.subject = subject;
        unit.replace(&entry).await?;
        unit.commit().await?;
        self.attempt_offered(id).await
    }

    /// Tries an event that the Backbone offers again.
    async fn attempt_offered(&self, id: &str) -> Result<OfferedAgain> {
        Ok(match self.try_entry(id, None).await? {
            Outcome::Applied(item) => OfferedAgain::Applied(item),
            Outcome::Failed(failure, _) if !failure.may_pass => OfferedAgain::Refused(failure),
            Outcome::Failed(..) | Outcome::Held(_) | Outcome::Gone => OfferedAgain::Waits,
        })
    }

    /// Tries an entry, unless its number of attempts exceeds `attempts`: then somebody else has tried it in the
    /// meantime.
    async fn try_entry(&self, id: &str, attempts: Option<u32>) -> Result<Outcome> {
        let (inbox, id) = (self.clone(), id.to_owned());
        self.context.finish(async move { inbox.try_entry_now(&id, attempts).await }).await
    }

    async fn try_entry_now(&self, id: &str, attempts: Option<u32>) -> Result<Outcome> {
        let Some(entry) = self.get(id).await? else { return Ok(Outcome::Gone) };
        let _order = self.context.lock(&format!("inbox {}", entry.object_id)).await;
        let entry = self.get(id).await?.filter(|entry| attempts.is_none_or(|attempts| attempts == entry.attempts));
        let Some(entry) = entry else { return Ok(Outcome::Gone) };
        if let Some(first) = self.first_of(&entry.object_id).await?
            && first.id != entry.id
            && entry.state == InboxState::Waiting
        {
            self.wait_for(&entry.id, &first).await?;
            return Ok(Outcome::Held(first.id));
        }
        let outcome = match self.apply(&entry).await {
            Ok(item) => {
                self.settle(&entry).await?;
                self.release(&entry.object_id).await?;
                tracing::info!(entry = %entry.id, attempts = entry.attempts + 1, "what waited in the inbox was applied");
                Outcome::Applied(item)
            }
            Err(error) => Outcome::Failed(self.note_failure(&entry, &error).await?, error.retry_after()),
        };
        let name = if matches!(outcome, Outcome::Applied(_)) { "applied" } else { "failed" };
        counter!("connector_inbox_attempts_total", "outcome" => name).increment(1);
        Ok(outcome)
    }

    async fn apply(&self, entry: &InboxEntry) -> Result<ChangedItem> {
        match &entry.subject {
            InboxSubject::ExternalEvent { event } => {
                apply_event(&self.context, event, &ProcessedExternalEvent { id: entry.event_id() }).await
            }
            InboxSubject::Attachment { reference, .. } => {
                let file = Files::new(&self.context).load_by_reference(&Reference::parse(reference)?).await?;
                Ok(ChangedItem::File(Box::new(file)))
            }
        }
    }

    /// The waiting entry about the object that was received first.
    async fn first_of(&self, object_id: &str) -> Result<Option<InboxEntry>> {
        let waiting = Filter::And(vec![in_state(InboxState::Waiting), Filter::eq("objectId", object_id)]);
        Ok(self.context.store().find_one(&Query::new(waiting)).await?)
    }

    /// Schedules an entry no earlier than the one before it, whose failure is the reason for its wait.
    async fn wait_for(&self, id: &str, first: &InboxEntry) -> Result<()> {
        let mut unit = self.context.unit_of_work().await?;
        if let Some(mut entry) = unit.get::<InboxEntry>(id).await? {
            entry.next_attempt_at = first.next_attempt_at;
            entry.last_failure.clone_from(&first.last_failure);
            unit.replace(&entry).await?;
            unit.commit().await?;
        }
        Ok(())
    }

    /// Makes the next entry about an object due at once when the one before it is out of the way.
    pub(super) async fn release(&self, object_id: &str) -> Result<()> {
        if self.first_of(object_id).await?.is_none() {
            return Ok(());
        }
        let waiting = Filter::And(vec![in_state(InboxState::Waiting), Filter::eq("objectId", object_id)]);
        let mut unit = self.context.unit_of_work().await?;
        for mut entry in unit.transaction().find::<InboxEntry>(&Query::new(waiting)).await? {
            entry.next_attempt_at = self.context.clock().now();
            unit.replace(&entry).await?;
        }
        unit.commit().await?;
        self.context.inbox_signal().wake();
        Ok(())
    }

    /// Removes an entry whose effects are stored, or that had none.
    async fn settle(&self, entry: &InboxEntry) -> Result<()> {
        let mut unit = self.context.unit_of_work().await?;
        if unit.get::<InboxEntry>(&entry.id).await?.is_some() {
            unit.delete::<InboxEntry>(&entry.id).await?;
            unit.commit().await?;
        }
        Ok(())
    }

    async fn note_failure(&self, entry: &InboxEntry, error: &TransportError) -> Result<InboxFailure> {
        let failure = failure(&self.context, error);
        tracing::warn!(
            entry = %entry.id, object = %entry.object_id, attempts = entry.attempts + 1, error.code = error.code(), %error,
            "an entry of the inbox could not be applied"
        );
        let mut unit = self.context.unit_of_work().await?;
        // In the meantime its effects may have been stored, or an operator may have given it up.
        if let Some(entry) = unit.get::<InboxEntry>(&entry.id).await? {
            let mut entry = entry.failed(failure.clone()).not_before(error.retry_after());
            if is_lost_file(&entry, &failure) {
                entry.state = InboxState::GivenUp;
            }
            unit.replace(&entry).await?;
            unit.commit().await?;
        }
        Ok(failure)
    }
}

/// Returns true if an event equals the recorded one; the number of offers does not matter.
fn says_the_same(noted: &InboxSubject, event: &Value) -> bool {
    let InboxSubject::ExternalEvent { event: noted } = noted else { return false };
    ["type", "payload"].iter().all(|member| noted.get(member) == event.get(member))
}

/// Takes the entry whose last attempt was longest ago.
fn take_rested<'a>(left: &mut VecDeque<&'a SelectedEntry>) -> Option<&'a SelectedEntry> {
    let (position, _) = left.iter().enumerate().min_by_key(|(_, entry)| entry.next_attempt_at)?;
    left.remove(position)
}

fn is_lost_file(entry: &InboxEntry, failure: &InboxFailure) -> bool {
    matches!(entry.subject, InboxSubject::Attachment { .. })
        && !failure.may_pass
        && entry.refusals >= ATTEMPTS_AT_A_LOST_FILE
        && failure.at.duration_since(entry.received_at) >= LOST_AFTER
}
