//! Helpers for the tests of rules. Every rule is tested twice: with everything loaded, and with only the needs it
//! names. Both must give the same result.

use std::collections::BTreeSet;

use core_types::{AttributeId, IdentityAddress, RequestId, Timestamp};
use serde_json::{Value, json};

use crate::attributes::query::holds;
use crate::documents::*;
use crate::{
    AnyDocument, Changes, ConsumptionError, ConsumptionEvent, ConsumptionSettings, Facts, Need, PeerDeletion,
    PeerRelationship, ReferencedFile, RelationshipStatus, Write,
};

pub(crate) const ME: &str = "did:e:a.example:dids:me";
pub(crate) const PEER: &str = "did:e:a.example:dids:peer";
pub(crate) const OTHER: &str = "did:e:a.example:dids:other";
pub(crate) const THIRD: &str = "did:e:a.example:dids:third";
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// All that is stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) attributes: Vec<LocalAttribute>,
    pub(crate) forwardings: Vec<ForwardingDetails>,
    pub(crate) relationships: Vec<PeerRelationship>,
    pub(crate) requests: Vec<LocalRequest>,
    pub(crate) notifications: Vec<LocalNotification>,
    pub(crate) files: Vec<ReferencedFile>,
    pub(crate) settings: ConsumptionSettings,
    pub(crate) tags: Value,
}

impl World {
    pub(crate) fn of(attributes: impl IntoIterator<Item = LocalAttribute>) -> Self {
        Self { attributes: attributes.into_iter().collect(), ..Self::default() }
    }

    pub(crate) fn with_defaults(mut self) -> Self {
        self.settings.sets_default_own_identity_attributes = true;
        self
    }

    pub(crate) fn with_forwardings(mut self, forwardings: impl IntoIterator<Item = ForwardingDetails>) -> Self {
        self.forwardings.extend(forwardings);
        self
    }

    pub(crate) fn with_relationship(
        mut self,
        peer: &str,
        status: RelationshipStatus,
        deletion: Option<PeerDeletion>,
    ) -> Self {
        self.relationships.push(relationship(peer, status, deletion));
        self
    }

    pub(crate) fn get(&self, id: &str) -> &LocalAttribute {
        self.attributes.iter().find(|attribute| attribute.id.as_str() == id).unwrap()
    }

    pub(crate) fn nothing(&self) -> Facts {
        Facts::new(ME.into(), NOW).with_settings(self.settings)
    }

    pub(crate) fn tags(&self) -> content::tags::TagCollection {
        serde_json::from_value(if self.tags.is_null() { json!({}) } else { self.tags.clone() }).unwrap()
    }

    pub(crate) fn everything(&self) -> Facts {
        self.nothing()
            .with_attributes(self.attributes.clone())
            .with_forwarding_details(self.forwardings.clone())
            .with_relationships(self.relationships.clone())
            .with_requests(self.requests.clone())
            .with_notifications(self.notifications.clone())
            .with_files(self.files.clone())
            .with_tag_collection(self.tags())
    }

    /// The facts for these needs, and nothing else.
    pub(crate) fn load(&self, needs: &[Need]) -> Facts {
        needs.iter().fold(self.nothing(), |facts, need| self.load_one(need, facts))
    }

    pub(crate) fn load_one(&self, need: &Need, facts: Facts) -> Facts {
        match need {
            Need::Versions(id) => facts.with_attributes(self.attributes_with(&self.versions(id))),
            Need::Attributes(condition) => {
                facts.with_attributes(self.attributes.iter().filter(|attribute| holds(condition, attribute)).cloned())
            }
            Need::Forwardings { attribute_id, peer } => {
                let versions = self.versions(attribute_id);
                facts.with_forwarding_details(
                    self.forwardings
                        .iter()
                        .filter(|details| {
                            versions.contains(&details.attribute_id)
                                && peer.as_ref().is_none_or(|peer| details.peer == *peer)
                        })
                        .cloned(),
                )
            }
            Need::ForwardedTo(peer) => {
                let details: Vec<_> =
                    self.forwardings.iter().filter(|details| details.peer == *peer).cloned().collect();
                let ids = details.iter().flat_map(|details| self.versions(&details.attribute_id)).collect();
                facts.with_attributes(self.attributes_with(&ids)).with_forwarding_details(details)
            }
            Need::OfPeer(peer) => {
                let is_of_peer = |attribute: &&LocalAttribute| attribute.details.peer() == Some(peer);
                let ids: BTreeSet<_> =
                    self.attributes.iter().filter(is_of_peer).map(|attribute| attribute.id.clone()).collect();
                let details = self.forwardings.iter().filter(|details| ids.contains(&details.attribute_id)).cloned();
                facts.with_attributes(self.attributes_with(&ids)).with_forwarding_details(details)
            }
            Need::Relationship(peer) => facts.with_relationships(self.relationship_with(peer)),
            Need::RelationshipsOf(id) => {
                let versions = self.versions(id);
                let peers = self.attributes_with(&versions).filter_map(|attribute| attribute.details.peer().cloned());
                let holders = self.forwardings.iter().filter(|details| versions.contains(&details.attribute_id));
                let peers = peers.chain(holders.map(|details| details.peer.clone()));
                facts.with_relationships(peers.filter_map(|peer| self.relationship_with(&peer)))
            }
            Need::TagCollection => facts.with_tag_collection(self.tags()),
            Need::SharedVersions { condition, peer } => {
                let fulfils = |attribute: &&LocalAttribute| holds(condition, attribute);
                let found = self.attributes.iter().filter(fulfils).map(|attribute| attribute.id.clone());
                found.fold(facts, |facts, attribute_id| {
                    let facts = self.load_one(&Need::Versions(attribute_id.clone()), facts);
                    self.load_one(&Need::Forwardings { attribute_id, peer: Some(peer.clone()) }, facts)
                })
            }
            _ => self.load_other(need, facts),
        }
    }

    fn load_other(&self, need: &Need, facts: Facts) -> Facts {
        match need {
            Need::File { reference, .. } => {
                facts.with_files(self.files.iter().filter(|file| file.reference == *reference).cloned())
            }
            Need::Request(_) | Need::RequestsOfTemplates { .. } | Need::RequestsOfPeer(_) => {
                facts.with_requests(self.requests.iter().filter(|request| is_needed(need, request)).cloned())
            }
            Need::Notification(id) => facts
                .with_notifications(self.notifications.iter().filter(|notification| notification.id == *id).cloned()),
            Need::NotificationsOfPeer(peer) => facts.with_notifications(
                self.notifications.iter().filter(|notification| notification.peer == *peer).cloned(),
            ),
            _ => facts,
        }
    }

    pub(crate) fn relationship_with(&self, peer: &IdentityAddress) -> Option<PeerRelationship> {
        self.relationships.iter().find(|relationship| relationship.peer == *peer).cloned()
    }

    pub(crate) fn attributes_with(&self, ids: &BTreeSet<AttributeId>) -> impl Iterator<Item = LocalAttribute> {
        self.attributes.iter().filter(|attribute| ids.contains(&attribute.id)).cloned()
    }

    pub(crate) fn versions(&self, id: &AttributeId) -> BTreeSet<AttributeId> {
        let mut ids = BTreeSet::from([id.clone()]);
        loop {
            let before = ids.len();
            for attribute in self.attributes_with(&ids.clone()) {
                ids.extend(attribute.succeeds.into_iter().chain(attribute.succeeded_by));
            }
            if ids.len() == before {
                return ids;
            }
        }
    }

    /// Runs a rule with everything loaded and with what it needs.
    pub(crate) fn run<T: PartialEq + std::fmt::Debug>(&self, needs: &[Need], rule: impl Fn(&Facts) -> T) -> T {
        let result = rule(&self.everything());
        assert_eq!(rule(&self.load(needs)), result, "with what is said to be needed");
        result
    }
}

fn is_needed(need: &Need, request: &LocalRequest) -> bool {
    let source = request.source.as_ref();
    match need {
        Need::Request(id) => request.id == *id,
        Need::RequestsOfPeer(peer) => request.peer == *peer,
        Need::RequestsOfTemplates { template_id, creator } => {
            !request.is_own
                && source.is_some_and(|source| {
                    source.reference == template_id.as_str()
                        || request.peer == *creator && source.source_type == RequestSourceType::RelationshipTemplate
                })
        }
        _ => false,
    }
}

pub(crate) fn relationship(
    peer: &str,
    status: RelationshipStatus,
    peer_deletion: Option<PeerDeletion>,
) -> PeerRelationship {
    PeerRelationship { id: "REL1".into(), peer: peer.into(), status, changed_at: at(-5), peer_deletion }
}

/// So many seconds from now.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + 1000 * seconds)
}

pub(crate) fn given_name(owner: &str, value: &str) -> Value {
    json!({"@type": "IdentityAttribute", "owner": owner, "value": {"@type": "GivenName", "value": value}})
}

pub(crate) fn tagged(owner: &str, value: &str, tags: &[&str]) -> Value {
    let mut content = given_name(owner, value);
    content["tags"] = json!(tags);
    content
}

pub(crate) fn proprietary(owner: &str, key: &str, value: &str) -> Value {
    json!({"@type": "RelationshipAttribute", "confidentiality": "public", "isTechnical": false, "key": key, "owner": owner,
        "value": {"@type": "ProprietaryString", "title": "T", "value": value}})
}

pub(crate) fn request() -> SourceReference {
    RequestId::new("REQ00000000000000001").into()
}

pub(crate) fn attribute(id: &str, content: Value, details: AttributeDetails) -> LocalAttribute {
    LocalAttribute::new(id.into(), content, at(-100), details)
}

pub(crate) fn own_identity(id: &str, value: &str) -> LocalAttribute {
    attribute(id, given_name(ME, value), AttributeDetails::OwnIdentity { is_default: false })
}

pub(crate) fn received_from(peer: &str) -> ReceivedDetails {
    ReceivedDetails::new(peer.into(), request())
}

pub(crate) fn peer_identity(id: &str, value: &str) -> LocalAttribute {
    attribute(id, given_name(PEER, value), AttributeDetails::PeerIdentity(received_from(PEER)))
}

pub(crate) fn own_relationship(id: &str, value: &str) -> LocalAttribute {
    let details = AttributeDetails::OwnRelationship(EmittedDetails::new(PEER.into(), request()));
    attribute(id, proprietary(ME, "k", value), details)
}

pub(crate) fn peer_relationship(id: &str, value: &str) -> LocalAttribute {
    attribute(id, proprietary(PEER, "k", value), AttributeDetails::PeerRelationship(received_from(PEER)))
}

pub(crate) fn third_party(id: &str, value: &str) -> LocalAttribute {
    let (received, initial_attribute_peer) = (received_from(PEER), THIRD.into());
    let details = AttributeDetails::ThirdPartyRelationship { received, initial_attribute_peer };
    attribute(id, proprietary(THIRD, "k", value), details)
}

/// One of each kind, with that id.
pub(crate) fn each_kind(id: &str, value: &str) -> [LocalAttribute; 5] {
    [
        own_identity(id, value),
        peer_identity(id, value),
        own_relationship(id, value),
        peer_relationship(id, value),
        third_party(id, value),
    ]
}

/// Versions of one attribute, oldest first.
pub(crate) fn chain(mut versions: Vec<LocalAttribute>) -> Vec<LocalAttribute> {
    let ids: Vec<_> = versions.iter().map(|version| version.id.clone()).collect();
    for (index, version) in versions.iter_mut().enumerate() {
        version.succeeds = index.checked_sub(1).map(|before| ids[before].clone());
        version.succeeded_by = ids.get(index + 1).cloned();
        version.created_at = at(-100 + i64::try_from(index).unwrap());
    }
    versions
}

pub(crate) fn forwarded(
    id: &str,
    attribute: &str,
    peer: &str,
    status: Option<EmittedDeletionStatus>,
) -> ForwardingDetails {
    let shared_at = at(-50 + i64::from(id.bytes().last().unwrap_or_default()));
    let mut details = ForwardingDetails::new(id.into(), attribute.into(), peer.into(), request(), shared_at);
    details.deletion_info = status.map(|status| DeletionInfo::new(status, at(-20)));
    details
}

/// The code of the error, or what is changed.
pub(crate) fn code(result: &Result<Changes, ConsumptionError>) -> &str {
    result.as_ref().err().map_or("ok", |error| {
        let code = error.code();
        code.strip_prefix("error.consumption.attributes.")
            .or(code.strip_prefix("error.runtime.attributes."))
            .unwrap_or(code)
    })
}

/// The writes in short: `+` inserted, `=` replaced, `-` deleted, and the id.
pub(crate) fn writes(changes: &Changes) -> Vec<String> {
    let name = |write: &Write| match write {
        Write::Insert(document) => format!("+{}", document.place().key),
        Write::Replace(document) => format!("={}", document.place().key),
        Write::Delete(place) => format!("-{}", place.key),
    };
    changes.writes().map(name).collect()
}

/// The events in short: what they are about.
pub(crate) fn events(changes: &Changes) -> Vec<String> {
    let about = |event: &ConsumptionEvent| match event {
        ConsumptionEvent::AttributeSucceeded { predecessor, successor } => {
            format!("{} {}", predecessor.id, successor.id)
        }
        ConsumptionEvent::AttributeCreated(attribute)
        | ConsumptionEvent::AttributeDeleted(attribute)
        | ConsumptionEvent::AttributeForwardingDetailsChanged(attribute)
        | ConsumptionEvent::AttributeWasViewedAtChanged(attribute) => attribute.id.to_string(),
        _ => String::new(),
    };
    let short = |event: &ConsumptionEvent| event.namespace().trim_start_matches("consumption.attribute").to_owned();
    changes.events().iter().map(|event| format!("{} {}", short(event), about(event))).collect()
}

pub(crate) fn written_attribute<'c>(changes: &'c Changes, id: &str) -> &'c LocalAttribute {
    let found = changes.writes().find_map(|write| match write {
        Write::Insert(AnyDocument::LocalAttribute(attribute))
        | Write::Replace(AnyDocument::LocalAttribute(attribute)) => {
            (attribute.id.as_str() == id).then_some(&**attribute)
        }
        _ => None,
    });
    found.unwrap()
}

pub(crate) fn written_forwarding<'c>(changes: &'c Changes, id: &str) -> &'c ForwardingDetails {
    let found = changes.writes().find_map(|write| match write {
        Write::Insert(AnyDocument::ForwardingDetails(details))
        | Write::Replace(AnyDocument::ForwardingDetails(details)) => (details.id.as_str() == id).then_some(&**details),
        _ => None,
    });
    found.unwrap()
}
