//! `docs/protocol/05 §1.3, §2.8`, and `§9`, 1 and 13.

use EmittedDeletionStatus::*;
use ReceivedDeletionStatus::*;

use super::*;
use crate::attributes::deletion_info::{self, Emitted, EmittedTrigger, Received, ReceivedTrigger};

/// The table of the document: from none, DeletionRequestSent, DeletionRequestRejected, ToBeDeletedByRecipient, DeletedByRecipient.
#[test]
fn every_transition_of_what_a_peer_has() {
    let statuses = [
        None,
        Some(DeletionRequestSent),
        Some(DeletionRequestRejected),
        Some(ToBeDeletedByRecipient),
        Some(DeletedByRecipient),
    ];
    let stays = || None;
    let to = |status| Some(Some(status));
    for (trigger, expected) in [
        (
            EmittedTrigger::RequestSent,
            [to(DeletionRequestSent), to(DeletionRequestSent), to(DeletionRequestSent), stays(), stays()],
        ),
        (
            EmittedTrigger::RequestRejected,
            [to(DeletionRequestRejected), to(DeletionRequestRejected), to(DeletionRequestRejected), stays(), stays()],
        ),
        (
            EmittedTrigger::RequestAccepted,
            [to(ToBeDeletedByRecipient), to(ToBeDeletedByRecipient), to(ToBeDeletedByRecipient), stays(), stays()],
        ),
        (EmittedTrigger::DeletedByPeer, [to(DeletedByRecipient); 5]),
        (
            EmittedTrigger::RelationshipDeletionProposed,
            [to(DeletedByRecipient), to(DeletedByRecipient), to(DeletedByRecipient), stays(), stays()],
        ),
        (EmittedTrigger::SharedAgain, [stays(), Some(None), Some(None), Some(None), stays()]),
    ] {
        for (status, expected) in statuses.into_iter().zip(expected) {
            let current = status.map(|status| DeletionInfo::new(status, at(-9)));
            let next = deletion_info::next_emitted(current, trigger, NOW);
            let expected = expected.map(|status: Option<_>| status.map(|status| DeletionInfo::new(status, NOW)));
            assert_eq!(next, expected, "{status:?} {trigger}");
        }
    }
}

#[test]
fn every_transition_of_what_came_from_a_peer() {
    let statuses = [None, Some(ToBeDeleted), Some(DeletedByEmitter)];
    let to = |status| Some(Some(status));
    for (trigger, expected) in [
        (ReceivedTrigger::RequestAccepted, [to(ToBeDeleted), None, None]),
        (ReceivedTrigger::DeletedByOwner, [to(DeletedByEmitter), None, None]),
        (ReceivedTrigger::DeletedBySender, [to(DeletedByEmitter); 3]),
        (ReceivedTrigger::RelationshipDeletionProposed, [to(DeletedByEmitter), None, None]),
        (ReceivedTrigger::SharedAgain, [None, Some(None), None]),
    ] {
        for (status, expected) in statuses.into_iter().zip(expected) {
            let current = status.map(|status| DeletionInfo::new(status, at(-9)));
            let next = deletion_info::next_received(current, trigger, NOW);
            let expected = expected.map(|status: Option<_>| status.map(|status| DeletionInfo::new(status, NOW)));
            assert_eq!(next, expected, "{status:?} {trigger}");
        }
    }
}

fn emitted(world: &World, id: &str, peer: &str, trigger: EmittedTrigger) -> Changes {
    let (attribute, peer) = (world.get(id), IdentityAddress::new(peer));
    let needs = deletion_info::needs_for_emitted(attribute, &peer);
    let what = Emitted { peer: &peer, trigger, date: at(7) };
    let changes = world.run(&needs, |facts| deletion_info::emitted(attribute, what, facts)).unwrap();
    assert!(changes.events().is_empty());
    changes
}

/// Three versions, of which the peer got the first and the third, the latter twice.
fn gap() -> World {
    let versions = ["ATT1", "ATT2", "ATT3"].map(|id| own_identity(id, id)).to_vec();
    World::of(chain(versions)).with_forwardings([
        forwarded("ATTFD1", "ATT1", PEER, None),
        forwarded("ATTFD2", "ATT3", PEER, Some(DeletedByRecipient)),
        forwarded("ATTFD3", "ATT3", PEER, None),
        forwarded("ATTFD4", "ATT3", OTHER, None),
    ])
}

#[test]
fn versions_the_peer_never_got_are_no_obstacle_and_history_stays() {
    for (trigger, expected, status) in [
        (EmittedTrigger::RequestSent, vec!["=ATTFD3", "=ATTFD1"], DeletionRequestSent),
        (EmittedTrigger::RequestAccepted, vec!["=ATTFD3", "=ATTFD1"], ToBeDeletedByRecipient),
        (EmittedTrigger::DeletedByPeer, vec!["=ATTFD3", "=ATTFD1"], DeletedByRecipient),
    ] {
        let changes = emitted(&gap(), "ATT3", PEER, trigger);
        assert_eq!(writes(&changes), expected);
        for id in ["ATTFD1", "ATTFD3"] {
            assert_eq!(written_forwarding(&changes, id).deletion_info, Some(DeletionInfo::new(status, at(7))));
        }
    }
    assert_eq!(writes(&emitted(&gap(), "ATT2", PEER, EmittedTrigger::RequestSent)), ["=ATTFD1"]);
    assert!(emitted(&gap(), "ATT2", OTHER, EmittedTrigger::RequestSent).is_empty());
}

#[test]
fn to_share_again_revives_that_version_alone() {
    let mut world = gap();
    for details in &mut world.forwardings {
        details.deletion_info.get_or_insert(DeletionInfo::new(ToBeDeletedByRecipient, at(-9)));
    }
    let changes = emitted(&world, "ATT3", PEER, EmittedTrigger::SharedAgain);
    assert_eq!(writes(&changes), ["=ATTFD3"]);
    assert_eq!(written_forwarding(&changes, "ATTFD3").deletion_info, None);
}

#[test]
fn an_own_relationship_attribute_has_its_peer_and_third_parties() {
    let versions = chain(vec![own_relationship("ATT1", "a"), own_relationship("ATT2", "b")]);
    let world = World::of(versions).with_forwardings([forwarded("ATTFD1", "ATT2", THIRD, None)]);
    let changes = emitted(&world, "ATT2", PEER, EmittedTrigger::RequestSent);
    assert_eq!(writes(&changes), ["=ATT2", "=ATT1"]);
    assert_eq!(written_attribute(&changes, "ATT1").details.deletion_status(), Some("DeletionRequestSent"));
    assert_eq!(writes(&emitted(&world, "ATT2", THIRD, EmittedTrigger::RequestSent)), ["=ATTFD1"]);
}

#[test]
fn received_attributes_with_all_versions_before() {
    let mut versions = chain(vec![third_party("ATT1", "a"), third_party("ATT2", "b"), third_party("ATT3", "c")]);
    versions[0].details.received_mut().unwrap().deletion_info = Some(DeletionInfo::new(ToBeDeleted, at(-9)));
    versions[1].details.received_mut().unwrap().deletion_info = Some(DeletionInfo::new(DeletedByEmitter, at(-9)));
    let world = World::of(versions);
    for (trigger, expected) in [
        (ReceivedTrigger::RequestAccepted, vec!["=ATT3"]),
        (ReceivedTrigger::DeletedByOwner, vec!["=ATT3"]),
        (ReceivedTrigger::DeletedBySender, vec!["=ATT3", "=ATT2", "=ATT1"]),
        (ReceivedTrigger::SharedAgain, vec![]),
    ] {
        let attribute = world.get("ATT3");
        let what = Received { trigger, date: at(7) };
        let changes = world
            .run(&[Need::Versions("ATT3".into())], |facts| deletion_info::received(attribute, what, facts))
            .unwrap();
        assert_eq!(writes(&changes), expected, "{trigger}");
    }
    let own = own_identity("ATT9", "v");
    let what = Received { trigger: ReceivedTrigger::DeletedByOwner, date: NOW };
    assert_eq!(code(&deletion_info::received(&own, what, &world.everything())), "wrongTypeOfAttribute");
}

#[test]
fn a_decomposing_peer_deletes_everything() {
    let mut kinds = each_kind("ATT1", "v");
    for (index, attribute) in kinds.iter_mut().enumerate() {
        attribute.id = AttributeId::new(format!("ATT{index}"));
    }
    let mut with_another = own_relationship("ATT9", "v");
    with_another.details = AttributeDetails::OwnRelationship(EmittedDetails::new(OTHER.into(), request()));
    let mut promised = peer_identity("ATT8", "w");
    promised.details.received_mut().unwrap().deletion_info = Some(DeletionInfo::new(ToBeDeleted, at(-9)));
    let world = World::of(kinds.into_iter().chain([with_another, promised])).with_forwardings([
        forwarded("ATTFD1", "ATT0", PEER, None),
        forwarded("ATTFD2", "ATT0", OTHER, None),
        forwarded("ATTFD3", "ATT9", PEER, Some(ToBeDeletedByRecipient)),
    ]);
    let relationship = |status| relationship(PEER, status, None);
    let rule = |relationship: &PeerRelationship| {
        let needs = deletion_info::needs_for_relationship_deletion_proposed(&PEER.into());
        world.run(&needs, |facts| deletion_info::relationship_deletion_proposed(relationship, facts))
    };
    let changes = rule(&relationship(RelationshipStatus::DeletionProposed)).unwrap();
    assert_eq!(writes(&changes), ["=ATTFD1", "=ATT1", "=ATT2", "=ATT3", "=ATT4"]);
    for (id, status) in [
        ("ATT1", "DeletedByEmitter"),
        ("ATT2", "DeletedByRecipient"),
        ("ATT3", "DeletedByEmitter"),
        ("ATT4", "DeletedByEmitter"),
    ] {
        assert_eq!(written_attribute(&changes, id).details.deletion_status(), Some(status));
    }
    assert_eq!(
        written_forwarding(&changes, "ATTFD1").deletion_info,
        Some(DeletionInfo::new(DeletedByRecipient, at(-5)))
    );
    let wrong = rule(&relationship(RelationshipStatus::Active));
    assert_eq!(code(&wrong), "wrongRelationshipStatusToSetDeletionInfo");
}
