use std::time::Duration;

use core_types::{ExternalEventId, MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

/// Something that was received and could not be applied yet.
///
/// The Backbone offers an external event three times and then never again (`docs/protocol/03 §12`), so anything that
/// cannot be applied at once is kept here and retried for as long as it takes. The existing Connector has no such
/// collection.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxEntry {
    /// Id of the external event, or one derived from the id of the object.
    pub id: String,
    /// The object it is about. Entries about one object are applied in the order in which they were received.
    pub object_id: String,
    /// The subject to be applied.
    pub subject: InboxSubject,
    /// The time at which it was recorded.
    pub received_at: Timestamp,
    /// Waiting for another attempt, or given up.
    pub state: InboxState,
    /// The number of attempts.
    pub attempts: u32,
    /// The number of attempts that failed for a permanent reason.
    #[serde(default)]
    pub refusals: u32,
    /// The time of the next attempt.
    pub next_attempt_at: Timestamp,
    /// The last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<InboxFailure>,
    /// The object as the Backbone had it when the entry was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Value>,
}

/// The subject of an inbox entry.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum InboxSubject {
    /// An external event, as the Backbone sent it.
    ExternalEvent {
        /// The event.
        event: Value,
    },
    /// A File attached to a received Message.
    Attachment {
        /// The Message.
        message: MessageId,
        /// Id and key of the File, as a truncated reference.
        reference: String,
    },
}

/// References hold keys, and events addresses: only the kind is printed.
impl std::fmt::Debug for InboxSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ExternalEvent { .. } => "ExternalEvent",
            Self::Attachment { .. } => "Attachment",
        })
    }
}

/// The state of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InboxState {
    /// It will be retried.
    Waiting,
    /// An operator gave it up, or it is an attachment that is permanently lost.
    GivenUp,
}

/// The failure of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxFailure {
    /// The time of the failure.
    pub at: Timestamp,
    /// The stable code of the error.
    pub code: String,
    /// The text of the error.
    pub message: String,
    /// True if it may pass by itself, as an outage does; a fault of the object itself stays.
    pub may_pass: bool,
}

/// The first pause; each failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after a failure that may pass.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// The longest pause after a failure that lies in the object itself. It can be resolved by another object that arrives
/// later, or by a newer version of this program.
const LONGEST_PAUSE_OF_REFUSED: Duration = Duration::from_hours(6);

/// The longest pause that the Backbone can ask for.
pub(crate) const LONGEST_PAUSE_ASKED_FOR: Duration = Duration::from_mins(15);

impl InboxEntry {
    /// An entry that has not been tried yet.
    #[must_use]
    pub fn new(id: impl Into<String>, object_id: impl Into<String>, subject: InboxSubject, now: Timestamp) -> Self {
        Self {
            id: id.into(),
            object_id: object_id.into(),
            subject,
            received_at: now,
            state: InboxState::Waiting,
            attempts: 0,
            refusals: 0,
            next_attempt_at: now,
            last_failure: None,
            raw: None,
        }
    }

    /// The entry after a failed attempt.
    #[must_use]
    pub fn failed(mut self, failure: InboxFailure) -> Self {
        self.attempts = self.attempts.saturating_add(1);
        self.refusals = self.refusals.saturating_add(u32::from(!failure.may_pass));
        let longest = if failure.may_pass { LONGEST_PAUSE } else { LONGEST_PAUSE_OF_REFUSED };
        let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(self.attempts - 1).unwrap_or(u32::MAX));
        self.next_attempt_at = failure.at.saturating_add(doubled.min(longest));
        self.last_failure = Some(failure);
        self
    }

    /// The entry with its next attempt no earlier than `pause` after its failure, as the Backbone has asked.
    #[must_use]
    pub(crate) fn not_before(mut self, pause: Option<Duration>) -> Self {
        if let (Some(pause), Some(failure)) = (pause, &self.last_failure) {
            let asked = failure.at.saturating_add(pause.min(LONGEST_PAUSE_ASKED_FOR));
            self.next_attempt_at = self.next_attempt_at.max(asked);
        }
        self
    }

    /// Returns true if an attempt is due. A time that no pause explains was written by a clock that has since been
    /// corrected.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_attempt_at <= now || self.next_attempt_at > Self::latest_next_attempt(now)
    }

    /// The latest time of a next attempt that a pause explains.
    pub(crate) fn latest_next_attempt(now: Timestamp) -> Timestamp {
        now.saturating_add(LONGEST_PAUSE_OF_REFUSED)
    }

    /// The id of the external event, by which it is marked as processed.
    pub(crate) fn event_id(&self) -> ExternalEventId {
        ExternalEventId::new(self.id.as_str())
    }
}

impl Document for InboxEntry {
    const COLLECTION: CollectionSpec =
        CollectionSpec { name: "Inbox", key: "id", indexes: &["objectId", "state", "nextAttemptAt"] };

    fn key(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> InboxEntry {
        let subject = InboxSubject::ExternalEvent { event: Value::Null };
        InboxEntry::new("SYI1", "MSG1", subject, Timestamp::from_millis(1_000_000))
    }

    fn failure(at: Timestamp, may_pass: bool) -> InboxFailure {
        InboxFailure { at, code: "c".to_owned(), message: "m".to_owned(), may_pass }
    }

    #[test]
    fn pauses_double_up_to_a_longest_one_and_never_end() {
        for (may_pass, longest) in [(true, LONGEST_PAUSE), (false, LONGEST_PAUSE_OF_REFUSED)] {
            let mut entry = entry();
            let mut expected = FIRST_PAUSE;
            for _ in 0..200 {
                let now = entry.next_attempt_at;
                assert!(entry.is_due(now));
                entry = entry.failed(failure(now, may_pass)).not_before(None);
                assert_eq!(entry.next_attempt_at, now.saturating_add(expected));
                assert!(!entry.is_due(now));
                expected = (expected * 2).min(longest);
            }
            assert_eq!(entry.attempts, 200);
            assert_eq!(entry.refusals, if may_pass { 0 } else { 200 });
        }
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept_to_within_reason() {
        let now = Timestamp::from_millis(1_000_000);
        let after = |pause: u64| {
            let entry = entry().failed(failure(now, true)).not_before(Some(Duration::from_secs(pause)));
            entry.next_attempt_at.duration_since(now).as_secs()
        };
        assert_eq!((after(0), after(60), after(99_999_999)), (1, 60, 900));
    }

    #[test]
    fn a_clock_that_was_put_back_holds_nothing_up() {
        let entry = entry().failed(failure(Timestamp::from_millis(95 * 24 * 3_600_000), true));
        assert!(entry.is_due(Timestamp::from_millis(1_000)));
    }
}
