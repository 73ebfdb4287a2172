//! Stored documents stay sound under any steps in any order.

use proptest::prelude::*;

use super::*;
use crate::attributes::create::{self, NewOwnIdentityAttribute, NewSharedAttribute};
use crate::attributes::deletion_info::{self, Emitted, EmittedTrigger, Received, ReceivedTrigger};
use crate::attributes::forward::{self, Forwarding};
use crate::attributes::succeed::{self, NewSharedVersion, NewVersion};
use crate::attributes::{decompose, defaults, delete};

const PEERS: [&str; 3] = [PEER, OTHER, THIRD];

/// Something that happens. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    CreateOwn(u8),
    CreateShared(AttributeKind, u8),
    Succeed(u8, u8),
    Forward(u8, u8),
    Emitted(u8, u8, EmittedTrigger),
    Received(u8, ReceivedTrigger),
    SetDefault(u8),
    Delete(u8),
    Decompose(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kinds = prop::sample::select(&AttributeKind::ALL[1..]);
    let step = prop_oneof![
        2 => (0..4u8).prop_map(Step::CreateOwn),
        3 => (kinds, 0..4u8).prop_map(|(kind, peer)| Step::CreateShared(kind, peer)),
        4 => any::<(u8, u8)>().prop_map(|(which, value)| Step::Succeed(which, value)),
        6 => any::<(u8, u8)>().prop_map(|(which, peer)| Step::Forward(which, peer)),
        6 => (any::<(u8, u8)>(), prop::sample::select(EmittedTrigger::ALL)).prop_map(|((which, peer), trigger)| Step::Emitted(which, peer, trigger)),
        3 => (any::<u8>(), prop::sample::select(ReceivedTrigger::ALL)).prop_map(|(which, trigger)| Step::Received(which, trigger)),
        1 => any::<u8>().prop_map(Step::SetDefault),
        2 => any::<u8>().prop_map(Step::Delete),
        1 => any::<u8>().prop_map(Step::Decompose),
    ];
    prop::collection::vec(step, 1..40)
}

fn peer(number: u8) -> IdentityAddress {
    PEERS[usize::from(number) % PEERS.len()].into()
}

impl World {
    fn pick(&self, number: u8) -> Option<&LocalAttribute> {
        self.attributes.get(usize::from(number) % self.attributes.len().max(1))
    }

    /// The step's changes; `None` if it cannot be taken.
    fn step(&self, step: &Step, number: usize) -> Option<Changes> {
        let id = || AttributeId::new(format!("ATT{number}"));
        match step {
            Step::CreateOwn(value) => {
                let content = given_name(ME, &format!("Ann{value}"));
                let new = || NewOwnIdentityAttribute { id: id(), content: &content };
                let needs = create::needs(&id(), &content, self.settings);
                self.run(&needs, |facts| create::own_identity_attribute(new(), facts)).ok()
            }
            Step::CreateShared(kind, number) => self.create_shared(*kind, &peer(*number), id()),
            Step::Succeed(which, value) => self.succeed(self.pick(*which)?, *value, id()),
            Step::Forward(which, number_of_peer) => {
                let attribute = self.pick(*which)?;
                let needs =
                    [Need::Forwardings { attribute_id: attribute.id.clone(), peer: Some(peer(*number_of_peer)) }];
                self.run(&needs, |facts| {
                    let (id, peer) = (format!("ATTFD{number}").as_str().into(), peer(*number_of_peer));
                    forward::forward(attribute, Forwarding { id, peer, source_reference: request() }, facts)
                })
                .ok()
            }
            Step::Emitted(which, number, trigger) => {
                let (attribute, peer) = (self.pick(*which)?, peer(*number));
                let what = Emitted { peer: &peer, trigger: *trigger, date: at(9) };
                let needs = deletion_info::needs_for_emitted(attribute, &peer);
                self.run(&needs, |facts| deletion_info::emitted(attribute, what, facts)).ok()
            }
            Step::Received(which, trigger) => {
                let attribute = self.pick(*which)?;
                let what = Received { trigger: *trigger, date: at(9) };
                self.run(&[Need::Versions(attribute.id.clone())], |facts| {
                    deletion_info::received(attribute, what, facts)
                })
                .ok()
            }
            Step::SetDefault(which) => {
                let attribute = self.pick(*which)?;
                self.run(&defaults::needs(attribute), |facts| defaults::set_as_default(attribute, facts)).ok()
            }
            Step::Delete(which) => {
                let attribute = self.pick(*which)?;
                let needs = delete::needs(attribute, self.settings);
                self.run(&needs, |facts| delete::with_predecessors(attribute, facts)).ok()
            }
            Step::Decompose(number) => {
                let peer = peer(*number);
                self.run(&decompose::needs(&peer), |facts| decompose::relationship_decomposed(&peer, facts)).ok()
            }
        }
    }

    fn create_shared(&self, kind: AttributeKind, peer: &IdentityAddress, id: AttributeId) -> Option<Changes> {
        let owner = if kind == AttributeKind::OwnRelationshipAttribute { ME } else { peer.as_str() };
        let content =
            if kind.is_identity_attribute() { given_name(owner, "Eve") } else { proprietary(owner, "k", "v") };
        let new = || NewSharedAttribute {
            id: id.clone(),
            content: &content,
            peer: peer.clone(),
            source_reference: request(),
        };
        self.run(&create::needs(&id, &content, self.settings), |facts| match kind {
            AttributeKind::PeerIdentityAttribute => create::peer_identity_attribute(new(), facts),
            AttributeKind::OwnRelationshipAttribute => create::own_relationship_attribute(new(), facts),
            AttributeKind::PeerRelationshipAttribute => create::peer_relationship_attribute(new(), facts),
            _ => create::third_party_relationship_attribute(new(), "did:e:a.example:dids:fourth".into(), facts),
        })
        .ok()
    }

    fn succeed(&self, predecessor: &LocalAttribute, value: u8, id: AttributeId) -> Option<Changes> {
        let mut content = predecessor.content.clone();
        content["value"]["value"] = json!(format!("value {value}"));
        let needs = succeed::needs(predecessor, &id, &content);
        self.run(&needs, |facts| match predecessor.kind() {
            AttributeKind::OwnIdentityAttribute => {
                succeed::own_identity_attribute(predecessor, NewVersion { id: id.clone(), content: &content }, facts)
            }
            _ => {
                let new = NewSharedVersion { id: id.clone(), content: &content, source_reference: request() };
                succeed::shared_attribute(predecessor, new, facts)
            }
        })
        .ok()
    }

    /// Writes as the store does: what is inserted was not there, what is replaced or deleted was.
    fn write(&mut self, changes: &Changes) {
        for write in changes.writes() {
            let there = |id: &str| {
                self.attributes.iter().any(|attribute| attribute.id.as_str() == id)
                    || self.forwardings.iter().any(|details| details.id.as_str() == id)
            };
            let (document, key) = match write {
                Write::Insert(document) => {
                    assert!(!there(&document.place().key), "{write:?}");
                    (Some(document), document.place().key)
                }
                Write::Replace(document) => {
                    assert!(there(&document.place().key), "{write:?}");
                    (Some(document), document.place().key)
                }
                Write::Delete(place) => {
                    assert!(there(&place.key), "{write:?}");
                    (None, place.key.clone())
                }
            };
            self.attributes.retain(|attribute| attribute.id.as_str() != key);
            self.forwardings.retain(|details| details.id.as_str() != key);
            match document {
                Some(AnyDocument::LocalAttribute(attribute)) => self.attributes.push((**attribute).clone()),
                Some(AnyDocument::ForwardingDetails(details)) => self.forwardings.push((**details).clone()),
                _ => {}
            }
        }
    }

    fn assert_sound(&self) {
        for attribute in &self.attributes {
            if let Some(id) = &attribute.succeeds {
                assert_eq!(
                    self.get(id.as_str()).succeeded_by.as_ref(),
                    Some(&attribute.id),
                    "versions know each other"
                );
            }
            if let Some(id) = &attribute.succeeded_by {
                let successor = self.get(id.as_str());
                assert_eq!(successor.succeeds.as_ref(), Some(&attribute.id), "versions know each other");
                assert_eq!((successor.kind(), successor.owner()), (attribute.kind(), attribute.owner()));
                assert_eq!(successor.details.peer(), attribute.details.peer());
            }
            let live = |peer: &str| {
                let is_live = |details: &&ForwardingDetails| {
                    details.attribute_id == attribute.id && details.peer.as_str() == peer && details.is_live()
                };
                self.forwardings.iter().filter(is_live).count()
            };
            assert!(PEERS.iter().all(|peer| live(peer) <= 1), "at most one entry is live");
            assert!(!(attribute.is_default() && attribute.succeeded_by.is_some()), "only the newest is the default");
            let stored = serde_json::to_value(attribute).unwrap();
            assert_eq!(serde_json::from_value::<LocalAttribute>(stored).unwrap(), *attribute);
        }
        for details in &self.forwardings {
            assert!(self.get(details.attribute_id.as_str()).kind().is_forwardable(), "only what can be forwarded was");
        }
        let defaults = self.attributes.iter().filter(|attribute| attribute.is_default()).count();
        let own = self.attributes.iter().any(|attribute| attribute.kind() == AttributeKind::OwnIdentityAttribute);
        assert_eq!(
            defaults,
            usize::from(own && self.settings.sets_default_own_identity_attributes),
            "one default a type"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_stored_stays_sound(steps in steps(), has_defaults in any::<bool>()) {
        let mut world = World::default();
        world.settings.sets_default_own_identity_attributes = has_defaults;
        for (number, step) in steps.iter().enumerate() {
            let Some(changes) = world.step(step, number) else { continue };
            let mut known = world.everything();
            known.apply(&changes);
            world.write(&changes);
            world.assert_sound();
            let all = |facts: &Facts| facts.attributes_where(|_| true).into_iter().cloned().collect::<Vec<_>>();
            prop_assert_eq!(all(&known), all(&world.everything()), "what is known is what is stored");
            for peer in PEERS {
                let of = |facts: &Facts| facts.forwarding_details_for(&peer.into()).into_iter().cloned().collect::<Vec<_>>();
                prop_assert_eq!(of(&known), of(&world.everything()));
            }
        }
    }

    #[test]
    fn deletion_info_moves_along_its_table_only(triggers in prop::collection::vec(prop::sample::select(EmittedTrigger::ALL), 0..30)) {
        let mut current = None;
        for trigger in triggers {
            let next = deletion_info::next_emitted(current, trigger, NOW);
            let from = current.map(|info: EmittedDeletionInfo| info.deletion_status);
            let row = deletion_info::EMITTED.iter().find(|row| row.trigger == trigger && row.from.contains(&from));
            prop_assert_eq!(next.map(|info| info.map(|info| info.deletion_status)), row.map(|row| row.to));
            // A deleted one comes back only as a new entry.
            prop_assert!(from != Some(EmittedDeletionStatus::DeletedByRecipient) || next.is_none_or(|info| info.map(|info| info.deletion_status) == from));
            current = next.unwrap_or(current);
        }
    }

    #[test]
    fn foreign_content_never_panics(value in "\\PC{0,20}", key in "\\PC{0,8}", is_text in any::<bool>(), has_type in any::<bool>()) {
        let mut content = given_name(ME, &value);
        content[key.as_str()] = if is_text { json!(value) } else { json!([value]) };
        if !has_type {
            content.as_object_mut().unwrap().shift_remove("@type");
        }
        let facts = World::default().everything();
        let created = create::own_identity_attribute(NewOwnIdentityAttribute { id: "ATT1".into(), content: &content }, &facts);
        if let Ok(changes) = created {
            let stored = &written_attribute(&changes, "ATT1").content;
            prop_assert_eq!(facts.reader().read(stored).unwrap().into_value(), stored.clone(), "what is stored can be read");
        }
    }
}
