//! All events: their names, payloads and occasions. The recorded events and `docs/events.md` are derived from it.

use serde_json::Value;
use store::NewEvent;

/// The payload of an event: the DTO that the REST API shows of its object at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventData {
    /// Nothing.
    None,
    /// A File.
    File,
    /// A deletion process of the own Identity; nothing when it is over.
    IdentityDeletionProcess,
    /// A Message, without the attached Files.
    Message,
    /// A Relationship.
    Relationship,
    /// The id of a Relationship that no longer exists.
    RelationshipId,
    /// A RelationshipTemplate.
    RelationshipTemplate,
}

impl EventData {
    /// The text in the documentation.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::File => "File",
            Self::IdentityDeletionProcess => "IdentityDeletionProcess, none when it is over",
            Self::Message => "Message",
            Self::Relationship => "Relationship",
            Self::RelationshipId => "`{\"relationshipId\"}`",
            Self::RelationshipTemplate => "RelationshipTemplate",
        }
    }
}

impl EventKind {
    /// An entry of the event log, about the object with this id.
    #[must_use]
    pub fn entry(self, object_id: Option<&str>, data: Option<Value>) -> NewEvent {
        NewEvent {
            namespace: self.name().to_owned(),
            object_id: object_id.map(str::to_owned),
            data,
            correlation_id: None,
        }
    }
}

macro_rules! catalogue {
    ($($event:ident = $name:literal, $data:ident, $when:literal;)*) => {
        /// The kinds of events.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $(#[doc = concat!("`", $name, "`: ", $when, ".")] $event,)*
        }

        impl EventKind {
            /// All kinds, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$event),*];

            /// Their names, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name for subscribers (`docs/protocol/06-rest-api.md` §7.2).
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$event => $name,)* }
            }

            /// The payload.
            #[must_use]
            pub const fn data(self) -> EventData {
                match self { $(Self::$event => EventData::$data,)* }
            }

            /// The occasion.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$event => $when,)* }
            }
        }
    };
}

catalogue! {
    MessageReceived = "transport.messageReceived", Message, "a Message of a peer has come";
    MessageSent = "transport.messageSent", Message, "a Message was sent";
    MessageDelivered = "transport.messageDelivered", Message, "a recipient has fetched a Message; Backbones do not tell it at present";
    MessageWasReadAtChanged = "transport.messageWasReadAtChanged", Message, "a Message was marked as read or unread";
    RelationshipChanged = "transport.relationshipChanged", Relationship, "a Relationship was created or changed, by either side";
    RelationshipReactivationRequested = "transport.relationshipReactivationRequested", Relationship, "either side asks to reactivate a terminated Relationship";
    RelationshipReactivationCompleted = "transport.relationshipReactivationCompleted", Relationship, "that was accepted, rejected or taken back";
    RelationshipDecomposedBySelf = "transport.relationshipDecomposedBySelf", RelationshipId, "a Relationship was given up here, with all that belonged to it";
    RelationshipTemplateAllocationsExhausted = "transport.relationshipTemplateAllocationsExhausted", RelationshipTemplate, "an own template was loaded as often as it may be";
    PeerRelationshipTemplateLoaded = "transport.peerRelationshipTemplateLoaded", RelationshipTemplate, "a template of a peer was loaded, each time";
    PeerToBeDeleted = "transport.peerToBeDeleted", Relationship, "a peer has started the deletion of its Identity";
    PeerDeletionCancelled = "transport.peerDeletionCancelled", Relationship, "it has changed its mind";
    PeerDeleted = "transport.peerDeleted", Relationship, "the Identity of a peer is gone";
    IdentityDeletionProcessStatusChanged = "transport.identityDeletionProcessStatusChanged", IdentityDeletionProcess, "the deletion of the own Identity was started, cancelled or carried out";
    FileOwnershipClaimed = "transport.fileOwnershipClaimed", File, "somebody has taken over an own File";
    FileOwnershipLocked = "transport.fileOwnershipLocked", File, "the ownership of a File was locked";
    DatawalletSynchronized = "transport.datawalletSynchronized", None, "the datawallet was synchronised";
    ModulesStarted = "runtime.modulesStarted", None, "the Connector has started";
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use super::*;

    const BEGIN: &str = "<!-- begin: events -->\n";
    const END: &str = "<!-- end: events -->\n";

    fn table() -> String {
        let mut table = "| Name | `data` | Happens when |\n|---|---|---|\n".to_owned();
        for event in EventKind::ALL {
            let (data, when) = (event.data().description(), event.description());
            writeln!(table, "| `{}` | {data} | {when} |", event.name()).unwrap();
        }
        table
    }

    #[test]
    fn the_documentation_has_every_event() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        let current = format!("{before}{BEGIN}{}{END}{after}", table());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, current).unwrap();
        } else if page != current {
            panic!(
                "docs/events.md is not up to date: run `UPDATE_DOCS=1 cargo nextest run --workspace -E 'test(documentation)'`"
            );
        }
    }

    #[test]
    fn no_name_is_used_twice() {
        let names: BTreeSet<_> = EventKind::ALL.iter().map(|event| event.name()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
    }
}
