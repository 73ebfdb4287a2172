use core_types::Timestamp;
use serde::Serialize;
use serde_json::Value;
use transport::InboxAttempt;
use transport::documents::{InboxEntry, InboxFailure, InboxState, InboxSubject};
use utoipa::ToSchema;

/// Something that was received and could not be applied yet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboxEntryDto {
    /// Id.
    pub id: String,
    /// `waiting` to be tried again, or `givenUp`.
    pub state: String,
    /// The type of the external event, such as `MessageReceived`; `Attachment` for a File attached to a Message.
    pub kind: String,
    /// The object it is about.
    pub object_id: String,
    /// The Message that an `Attachment` belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message_id: Option<String>,
    /// When it was noted.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Attempts that failed.
    pub attempts: u32,
    /// When it is tried again; absent once it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub next_attempt_at: Option<Timestamp>,
    /// The reason why the last attempt failed; absent where something else about the same object comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_failure: Option<InboxFailureDto>,
    /// The object as the Backbone had it when the entry was given up: encrypted contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    pub raw: Option<Value>,
}

/// The reason why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboxFailureDto {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The code of the error.
    pub code: String,
    /// Its text.
    pub message: String,
    /// True if it may pass by itself, as an outage does.
    pub may_pass: bool,
}

impl From<&InboxFailure> for InboxFailureDto {
    fn from(failure: &InboxFailure) -> Self {
        let InboxFailure { at, code, message, may_pass } = failure.clone();
        Self { at, code, message, may_pass }
    }
}

impl From<&InboxEntry> for InboxEntryDto {
    fn from(entry: &InboxEntry) -> Self {
        let (kind, message_id) = match &entry.subject {
            InboxSubject::ExternalEvent { event } => {
                (event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(), None)
            }
            InboxSubject::Attachment { message, .. } => ("Attachment".to_owned(), Some(message.as_str().to_owned())),
        };
        let is_waiting = entry.state == InboxState::Waiting;
        Self {
            id: entry.id.clone(),
            state: if is_waiting { "waiting" } else { "givenUp" }.to_owned(),
            kind,
            object_id: entry.object_id.clone(),
            message_id,
            received_at: entry.received_at,
            attempts: entry.attempts,
            next_attempt_at: is_waiting.then_some(entry.next_attempt_at),
            last_failure: entry.last_failure.as_ref().map(InboxFailureDto::from),
            raw: entry.raw.clone(),
        }
    }
}

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboxAttemptDto {
    /// `applied`; `failed`; `held`: another entry about the same object comes first.
    pub outcome: String,
    /// The reason why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<InboxFailureDto>,
    /// The entry that comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub held_by: Option<String>,
}

impl From<InboxAttempt> for InboxAttemptDto {
    fn from(attempt: InboxAttempt) -> Self {
        let (outcome, failure, held_by) = match attempt {
            // An entry that is gone has been applied in the meantime.
            InboxAttempt::Applied | InboxAttempt::Gone => ("applied", None, None),
            InboxAttempt::Failed(failure) => ("failed", Some(InboxFailureDto::from(&failure)), None),
            InboxAttempt::Held(id) => ("held", None, Some(id)),
        };
        Self { outcome: outcome.to_owned(), failure, held_by }
    }
}
