//! Recording entries in the inbox.

use std::collections::HashSet;

use backbone_api::paths;
use core_types::{MessageId, Reference, RelationshipId};
use serde_json::{Value, json};
use store::{Filter, Query};

use crate::{
    context::Context,
    documents::{InboxEntry, InboxFailure, InboxState, InboxSubject},
    error::{Result, TransportError},
    unit_of_work::UnitOfWork,
};

/// The number of entries that are searched for waiting objects. If more are waiting, every new one waits behind them.
const MANY: u64 = 10_000;

/// The entries that are already waiting.
#[derive(Debug)]
pub(crate) enum Waiting {
    These { entries: HashSet<String>, objects: HashSet<String> },
    TooMany,
}

impl Waiting {
    /// Returns true if the external event may already be in the inbox.
    pub(crate) fn has_entry(&self, id: &str) -> bool {
        match self {
            Self::These { entries, .. } => entries.contains(id),
            Self::TooMany => false,
        }
    }

    /// Returns true if an entry about the object is waiting.
    pub(crate) fn has_object(&self, object_id: &str) -> bool {
        match self {
            Self::These { objects, .. } => objects.contains(object_id),
            Self::TooMany => true,
        }
    }

    pub(crate) fn add_object(&mut self, object_id: &str) {
        if let Self::These { objects, .. } = self {
            objects.insert(object_id.to_owned());
        }
    }
}

/// An object that the Backbone has and this database lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Message(MessageId),
    Relationship(RelationshipId),
}

impl Found {
    /// The external event that would have reported it.
    fn event(&self) -> Value {
        let (kind, payload) = match self {
            Self::Message(id) => ("MessageReceived", json!({ "id": id })),
            Self::Relationship(id) => ("RelationshipStatusChanged", json!({ "relationshipId": id })),
        };
        json!({
            "id": self.entry_id(), "type": kind, "index": 0, "createdAt": "1970-01-01T00:00:00.000Z",
            "syncErrorCount": 0, "payload": payload,
        })
    }

    fn entry_id(&self) -> String {
        format!("found:{}", self.object_id())
    }

    fn object_id(&self) -> &str {
        match self {
            Self::Message(id) => id.as_str(),
            Self::Relationship(id) => id.as_str(),
        }
    }
}

/// Members of payloads that name the object of an event.
const OBJECT_MEMBERS: [&str; 7] =
    ["id", "relationshipId", "fileId", "relationshipTemplateId", "deletionProcessId", "tokenId", "peerAddress"];

/// The object of an external event; the event itself if that cannot be determined.
pub(crate) fn object_of(event: &Value) -> &str {
    let payload = event.get("payload");
    let named = OBJECT_MEMBERS.iter().find_map(|member| payload?.get(member)?.as_str());
    named.or_else(|| event.get("id")?.as_str()).unwrap_or_default()
}

/// The path of an external event's object at the Backbone.
pub(super) fn path_of_object(event: &Value) -> Option<String> {
    let payload = event.get("payload")?;
    let id = |member: &str| payload.get(member).and_then(Value::as_str);
    match event.get("type")?.as_str()? {
        "MessageReceived" => Some(paths::with_id(paths::MESSAGE, id("id")?)),
        kind if kind.starts_with("Relationship") => Some(paths::with_id(paths::RELATIONSHIP, id("relationshipId")?)),
        _ => None,
    }
}

/// Records entries in the inbox, to be tried later.
#[derive(Debug, Clone)]
pub(crate) struct InboxNotes {
    context: Context,
}

impl InboxNotes {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Records an event whose attempt failed, or that was not tried at all. When this returns, the Backbone need not
    /// offer it again.
    pub(crate) async fn note_event(&self, event: &Value, error: Option<&TransportError>) -> Result<()> {
        let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
        let subject = InboxSubject::ExternalEvent { event: event.clone() };
        let mut entry = InboxEntry::new(id, object_of(event), subject, self.context.clock().now());
        if let Some(error) = error {
            entry = entry.failed(failure(&self.context, error)).not_before(error.retry_after());
        }
        self.note(vec![entry]).await.map(drop)
    }

    /// Records objects that the Backbone has and this database lacks, to be fetched; returns the number of new ones.
    pub(crate) async fn note_found(&self, found: &[Found]) -> Result<usize> {
        let now = self.context.clock().now();
        let entry = |found: &Found| {
            let subject = InboxSubject::ExternalEvent { event: found.event() };
            InboxEntry::new(found.entry_id(), found.object_id(), subject, now)
        };
        self.note(found.iter().map(entry).collect()).await
    }

    /// Records, with the document of a Message, a File attached to it that could not be loaded.
    pub(crate) async fn note_attachment(
        &self,
        unit: &mut UnitOfWork,
        message: &MessageId,
        reference: &Reference,
        error: Option<&TransportError>,
    ) -> Result<()> {
        let subject = InboxSubject::Attachment { message: message.clone(), reference: reference.to_truncated() };
        let id = format!("attachment:{}", reference.id);
        let mut entry = InboxEntry::new(id, reference.id.as_str(), subject, self.context.clock().now());
        if let Some(error) = error {
            entry = entry.failed(failure(&self.context, error));
        }
        // One that was given up is tried again: another Message refers to it.
        if unit.get::<InboxEntry>(&entry.id).await?.is_none_or(|noted| noted.state == InboxState::GivenUp) {
            unit.put(&entry).await?;
        }
        Ok(())
    }

    /// The waiting entries: new ones about the same objects wait behind them.
    pub(crate) async fn waiting(&self) -> Result<Waiting> {
        let query = Query::new(in_state(InboxState::Waiting)).limit(MANY);
        let waiting: Vec<InboxEntry> = self.context.store().find(&query).await?;
        if waiting.len() as u64 == MANY {
            return Ok(Waiting::TooMany);
        }
        let (entries, objects) = waiting.into_iter().map(|entry| (entry.id, entry.object_id)).unzip();
        Ok(Waiting::These { entries, objects })
    }

    async fn note(&self, entries: Vec<InboxEntry>) -> Result<usize> {
        let mut unit = self.context.unit_of_work().await?;
        let mut noted = 0;
        for entry in entries {
            // An existing entry keeps its place and its history.
            if unit.get::<InboxEntry>(&entry.id).await?.is_none() {
                unit.insert(&entry).await?;
                noted += 1;
            }
        }
        unit.commit().await?;
        self.wake();
        Ok(noted)
    }

    /// Wakes the worker for new entries.
    pub(crate) fn wake(&self) {
        self.context.inbox_signal().wake();
    }
}

pub(super) fn failure(context: &Context, error: &TransportError) -> InboxFailure {
    InboxFailure {
        at: context.clock().now(),
        code: error.code().to_owned(),
        message: error.to_string(),
        may_pass: error.may_pass(),
    }
}

pub(super) fn in_state(state: InboxState) -> Filter {
    let name = match state {
        InboxState::Waiting => "waiting",
        InboxState::GivenUp => "givenUp",
    };
    Filter::eq("state", name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_about_the_object_its_payload_names() {
        for (event, object) in [
            (json!({ "id": "SYI1", "payload": { "id": "MSG1" } }), "MSG1"),
            (json!({ "id": "SYI1", "payload": { "relationshipId": "REL1", "deletionDate": "2030" } }), "REL1"),
            (json!({ "id": "SYI1", "payload": { "fileId": "FIL1", "newOwnerAddress": "did:e:x" } }), "FIL1"),
            (json!({ "id": "SYI1", "payload": { "relationshipId": 5 } }), "SYI1"),
            (json!({ "id": "SYI1" }), "SYI1"),
        ] {
            assert_eq!(object_of(&event), object);
        }
    }

    #[test]
    fn what_was_found_looks_like_what_the_backbone_would_have_told() {
        let found = Found::Message(MessageId::new("MSG1"));
        let event = found.event();
        assert_eq!((object_of(&event), found.entry_id().as_str()), ("MSG1", "found:MSG1"));
        let event: backbone_api::external_events::ExternalEvent = serde_json::from_value(event).unwrap();
        assert!(event.parse_payload().is_ok());
        let event = Found::Relationship(RelationshipId::new("REL1")).event();
        assert_eq!(path_of_object(&event).unwrap(), paths::with_id(paths::RELATIONSHIP, "REL1"));
    }
}
