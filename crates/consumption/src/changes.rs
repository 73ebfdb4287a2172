//! The changes a rule asks for, as data.

use std::collections::HashMap;
use std::fmt;

use content::Object;
use core_types::{IdentityAddress, NotificationId, RelationshipTemplateId, RequestId};

use crate::ConsumptionEvent;
use crate::documents::{
    Document, Draft, ForwardingDetails, IdentityMetadata, LocalAttribute, LocalNotification, LocalRequest, Setting,
};

/// Documents to write, events to publish and what to send, to become visible together. There is at most one write of a document:
/// one that is inserted and then replaced is inserted as it is at last, one that is inserted and then deleted is not written.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Empty where a write was taken back.
    writes: Vec<Option<Write>>,
    places: HashMap<DocumentRef, usize>,
    events: Vec<ConsumptionEvent>,
    outgoing: Vec<Outgoing>,
}

/// A write of one document.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// It is new. There being one with its key is an error.
    Insert(AnyDocument),
    /// It takes the place of the one with its key.
    Replace(AnyDocument),
    /// It goes.
    Delete(DocumentRef),
}

/// The place of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentRef {
    /// Name of the collection.
    pub collection: &'static str,
    /// Value of `id`.
    pub key: String,
}

impl DocumentRef {
    fn of<T: Document>(key: &str) -> Self {
        Self { collection: T::COLLECTION, key: key.to_owned() }
    }
}

macro_rules! any_document {
    ($($name:ident,)+) => {
        /// A document of any collection.
        #[derive(Debug, Clone, PartialEq)]
        pub enum AnyDocument {
            $(#[doc = concat!("A [`", stringify!($name), "`].")] $name(Box<$name>),)+
        }

        impl AnyDocument {
            /// Its place.
            #[must_use]
            pub fn place(&self) -> DocumentRef {
                match self { $(Self::$name(document) => DocumentRef::of::<$name>(document.key()),)+ }
            }
        }

        $(impl From<$name> for AnyDocument {
            fn from(document: $name) -> Self {
                Self::$name(Box::new(document))
            }
        })+
    };
}

any_document! {
    LocalAttribute,
    ForwardingDetails,
    LocalRequest,
    LocalNotification,
    Setting,
    Draft,
    IdentityMetadata,
}

/// Something to be sent once, after the documents are written, in the order in which it is listed.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// A Message.
    Message {
        /// A second send for it has no effect.
        cause: Cause,
        /// The recipient.
        recipient: IdentityAddress,
        /// Its content.
        content: Object,
    },
    /// The request for a Relationship.
    Relationship {
        /// A second send for it has no effect.
        cause: Cause,
        /// The template.
        template_id: RelationshipTemplateId,
        /// The content sent along.
        creation_content: Object,
    },
    /// The ownership of a File, claimed from the Backbone.
    FileOwnership {
        /// A second claim for it has no effect.
        cause: Cause,
        /// The truncated reference of the File.
        reference: String,
        /// The token the Backbone requires.
        ownership_token: String,
    },
}

/// The one reason for which something is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cause(String);

impl Cause {
    /// That the peer hears of this Notification.
    #[must_use]
    pub fn notification(id: &NotificationId) -> Self {
        Self(format!("notification:{id}"))
    }

    /// That the peer gets this Request.
    #[must_use]
    pub fn request(id: &RequestId) -> Self {
        Self(format!("request:{id}"))
    }

    /// That this incoming Request is answered.
    #[must_use]
    pub fn response(id: &RequestId) -> Self {
        Self(format!("response:{id}"))
    }

    /// That the File belongs to this Identity from this incoming Request on.
    #[must_use]
    pub fn file_ownership(id: &RequestId, reference: &str) -> Self {
        Self(format!("fileOwnership:{id}:{reference}"))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Changes {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a new document.
    pub fn insert(&mut self, document: impl Into<AnyDocument>) {
        let document = document.into();
        let write = match self.earlier(&document.place()) {
            Some(Write::Delete(_) | Write::Replace(_)) => Write::Replace(document),
            Some(Write::Insert(_)) | None => Write::Insert(document),
        };
        self.write(write);
    }

    /// Changes a document.
    pub fn replace(&mut self, document: impl Into<AnyDocument>) {
        let document = document.into();
        let write = match self.earlier(&document.place()) {
            Some(Write::Insert(_)) => Write::Insert(document),
            _ => Write::Replace(document),
        };
        self.write(write);
    }

    /// Deletes a document.
    pub fn delete<T: Document>(&mut self, key: &str) {
        self.delete_at(DocumentRef::of::<T>(key));
    }

    fn delete_at(&mut self, place: DocumentRef) {
        if let Some(Write::Insert(_)) = self.earlier(&place) {
            if let Some(slot) = self.places.remove(&place).and_then(|index| self.writes.get_mut(index)) {
                *slot = None;
            }
        } else {
            self.write(Write::Delete(place));
        }
    }

    /// Publishes an event.
    pub fn publish(&mut self, event: ConsumptionEvent) {
        self.events.push(event);
    }

    /// Sends something.
    pub fn send(&mut self, outgoing: Outgoing) {
        self.outgoing.push(outgoing);
    }

    /// Appends the later changes to these.
    pub fn append(&mut self, later: Self) {
        for write in later.writes.into_iter().flatten() {
            match write {
                Write::Insert(document) => self.insert(document),
                Write::Replace(document) => self.replace(document),
                Write::Delete(place) => self.delete_at(place),
            }
        }
        self.events.extend(later.events);
        self.outgoing.extend(later.outgoing);
    }

    fn earlier(&self, place: &DocumentRef) -> Option<&Write> {
        self.places.get(place).and_then(|index| self.writes.get(*index)?.as_ref())
    }

    fn write(&mut self, write: Write) {
        let place = match &write {
            Write::Insert(document) | Write::Replace(document) => document.place(),
            Write::Delete(place) => place.clone(),
        };
        let next = self.writes.len();
        let index = *self.places.entry(place).or_insert(next);
        match self.writes.get_mut(index) {
            Some(slot) => *slot = Some(write),
            None => self.writes.push(Some(write)),
        }
    }

    /// The writes, in the order in which their documents were first touched.
    pub fn writes(&self) -> impl Iterator<Item = &Write> {
        self.writes.iter().flatten()
    }

    /// The events, in the order in which they happen.
    #[must_use]
    pub fn events(&self) -> &[ConsumptionEvent] {
        &self.events
    }

    /// Everything to be sent, in order.
    #[must_use]
    pub fn outgoing(&self) -> &[Outgoing] {
        &self.outgoing
    }

    /// Returns whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes().next().is_none() && self.events.is_empty() && self.outgoing.is_empty()
    }

    /// Everything, to be done.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Write>, Vec<ConsumptionEvent>, Vec<Outgoing>) {
        (self.writes.into_iter().flatten().collect(), self.events, self.outgoing)
    }
}

impl PartialEq for Changes {
    fn eq(&self, other: &Self) -> bool {
        self.writes().eq(other.writes()) && self.events == other.events && self.outgoing == other.outgoing
    }
}

#[cfg(test)]
mod tests {
    use core_types::{SettingId, Timestamp};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn setting(key: &str, value: u8) -> Setting {
        Setting::new(SettingId::new(key), "k", json!(value), Timestamp::from_millis(0))
    }

    #[derive(Debug, Clone)]
    enum Step {
        Put(u8, u8),
        Delete(u8),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..4u8, any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
            (0..4u8).prop_map(Step::Delete)
        ];
        prop::collection::vec(step, 0..20)
    }

    /// Writes as a store does that takes no second insertion and no change of what is not there.
    fn apply(changes: &Changes, stored: &mut HashMap<String, Setting>) -> bool {
        changes.writes().all(|write| match write {
            Write::Insert(AnyDocument::Setting(setting)) => {
                stored.insert(setting.key().to_owned(), (**setting).clone()).is_none()
            }
            Write::Replace(AnyDocument::Setting(setting)) => {
                stored.insert(setting.key().to_owned(), (**setting).clone()).is_some()
            }
            Write::Delete(place) => stored.remove(&place.key).is_some(),
            _ => false,
        })
    }

    proptest! {
        #[test]
        fn one_write_a_document_does_what_all_steps_do(steps in steps(), existing in any::<[bool; 4]>(), cut in 0..20usize) {
            let before: HashMap<String, Setting> = (0..4u8)
                .filter(|key| existing.get(usize::from(*key)) == Some(&true))
                .map(|key| (key.to_string(), setting(&key.to_string(), 0)))
                .collect();
            let mut now = before.clone();
            let (mut changes, mut later) = (Changes::none(), Changes::none());
            for (index, step) in steps.iter().enumerate() {
                let part = if index < cut { &mut changes } else { &mut later };
                match step {
                    Step::Put(key, value) => {
                        let new = setting(&key.to_string(), *value);
                        if now.insert(key.to_string(), new.clone()).is_some() { part.replace(new) } else { part.insert(new) }
                    }
                    Step::Delete(key) => {
                        if now.remove(&key.to_string()).is_some() { part.delete::<Setting>(&key.to_string()) }
                    }
                }
            }
            changes.append(later);
            let mut stored = before;
            prop_assert!(apply(&changes, &mut stored));
            prop_assert_eq!(stored, now);
        }
    }

    #[test]
    fn causes_name_what_is_sent() {
        assert_eq!(Cause::response(&RequestId::new("REQ1")).as_str(), "response:REQ1");
        assert_eq!(Cause::request(&RequestId::new("REQ1")).to_string(), "request:REQ1");
        assert_eq!(Cause::notification(&NotificationId::new("NOT1")).as_str(), "notification:NOT1");
    }
}
