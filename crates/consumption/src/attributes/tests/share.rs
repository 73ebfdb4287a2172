//! Forwarding, versions at peers, Notifications about new versions: `docs/protocol/05 §2.5, §2.7, §2.8`.

use EmittedDeletionStatus::*;

use super::*;
use crate::Outgoing;
use crate::attributes::forward::{self, Forwarding};
use crate::attributes::notify::{self, AboutSuccession};
use crate::attributes::{versions, viewed};

fn forward(world: &World, id: &str) -> Result<Changes, ConsumptionError> {
    let attribute = world.get(id);
    let needs = [Need::Forwardings { attribute_id: id.into(), peer: Some(PEER.into()) }];
    world.run(&needs, |facts| {
        let forwarding = Forwarding { id: "ATTFD9".into(), peer: PEER.into(), source_reference: request() };
        forward::forward(attribute, forwarding, facts)
    })
}

#[test]
fn forwarding_is_noted_once() {
    for (existing, expected) in [
        (vec![], "+ATTFD9"),
        (vec![Some(DeletedByRecipient)], "+ATTFD9"),
        (vec![Some(ToBeDeletedByRecipient)], "=ATTFD0"),
        (vec![Some(DeletedByRecipient), Some(ToBeDeletedByRecipient)], "=ATTFD1"),
        (vec![None], "alreadyForwarded"),
        (vec![Some(DeletionRequestSent)], "alreadyForwarded"),
        (vec![Some(DeletionRequestRejected)], "alreadyForwarded"),
        (vec![Some(DeletedByRecipient), None], "alreadyForwarded"),
    ] {
        let details = existing
            .iter()
            .enumerate()
            .map(|(index, status)| forwarded(&format!("ATTFD{index}"), "ATT1", PEER, *status));
        let elsewhere = [forwarded("ATTFD7", "ATT1", OTHER, None), forwarded("ATTFD8", "ATT2", PEER, None)];
        let world = World::of([own_identity("ATT1", "Ann")]).with_forwardings(details).with_forwardings(elsewhere);
        let result = forward(&world, "ATT1");
        let Ok(changes) = &result else {
            assert_eq!(code(&result), expected, "{existing:?}");
            continue;
        };
        assert_eq!(
            (writes(changes), events(changes)),
            (vec![expected.to_owned()], vec!["ForwardingDetailsChanged ATT1".into()])
        );
        let details = written_forwarding(changes, &expected[1..]);
        assert_eq!(details.deletion_info, None);
        assert_eq!(details.shared_at == NOW, expected.starts_with('+'), "what was shared stays shared since then");
    }
}

#[test]
fn received_attributes_cannot_be_forwarded() {
    for (attribute, expected) in
        each_kind("ATT1", "v").into_iter().zip(["ok", "wrongTypeOfAttribute", "ok", "ok", "wrongTypeOfAttribute"])
    {
        assert_eq!(code(&forward(&World::of([attribute]), "ATT1")), expected);
    }
}

/// Four versions; the peer has the second and had the third, the other one has the first, and the third for a while.
fn versions_at_peers() -> World {
    let versions = ["ATT1", "ATT2", "ATT3", "ATT4"].map(|id| own_identity(id, id)).to_vec();
    World::of(chain(versions)).with_forwardings([
        forwarded("ATTFD1", "ATT2", PEER, None),
        forwarded("ATTFD2", "ATT3", PEER, Some(DeletedByRecipient)),
        forwarded("ATTFD3", "ATT1", OTHER, Some(DeletionRequestSent)),
        forwarded("ATTFD4", "ATT3", OTHER, Some(ToBeDeletedByRecipient)),
        forwarded("ATTFD5", "ATT3", THIRD, None),
        forwarded("ATTFD6", "ATT3", THIRD, Some(DeletedByRecipient)),
    ])
}

fn ids<'a>(attributes: impl IntoIterator<Item = &'a LocalAttribute>) -> Vec<&'a str> {
    attributes.into_iter().map(|attribute| attribute.id.as_str()).collect()
}

#[test]
fn versions_are_found_in_both_directions() {
    let world = versions_at_peers();
    let facts = world.everything();
    let second = facts.attribute(&"ATT2".into()).unwrap();
    assert_eq!(ids(versions::all(second, &facts).unwrap()), ["ATT4", "ATT3", "ATT2", "ATT1"]);
    assert_eq!(ids(versions::predecessors(second, &facts).unwrap()), ["ATT1"]);
    assert_eq!(ids(versions::successors(second, &facts).unwrap()), ["ATT3", "ATT4"]);
    for (earlier, later, expected) in [("ATT1", "ATT4", true), ("ATT4", "ATT1", false), ("ATT2", "ATT2", false)] {
        assert_eq!(versions::is_subsequent(world.get(earlier), &later.into(), &facts).unwrap(), expected);
    }
}

#[test]
fn versions_that_are_missing_or_go_in_a_circle_are_errors() {
    let mut world = versions_at_peers();
    world.attributes.remove(0);
    let facts = world.everything();
    let missing = versions::all(world.get("ATT3"), &facts).unwrap_err();
    assert_eq!(missing, ConsumptionError::attribute_not_found(&"ATT1".into()));
    world.attributes[2].succeeded_by = Some("ATT2".into());
    let circle = versions::successors(world.get("ATT2"), &world.everything()).unwrap_err();
    assert_eq!(circle.code(), "error.runtime.unknown");
}

#[test]
fn what_peers_have() {
    let facts = versions_at_peers().everything();
    let attribute = facts.attribute(&"ATT2".into()).unwrap();
    for (peer, excludes, expected) in [
        (PEER, false, vec!["ATT2"]),
        (OTHER, false, vec!["ATT3", "ATT1"]),
        (OTHER, true, vec!["ATT1"]),
        (THIRD, true, vec!["ATT3"]),
        (ME, false, vec![]),
    ] {
        let shared = versions::shared_with_peer(attribute, &peer.into(), excludes, &facts).unwrap();
        assert_eq!(ids(shared), expected, "{peer} {excludes}");
    }
    let third: AttributeId = "ATT3".into();
    assert_eq!(
        forward::forwarding_peers(&third, true, &facts),
        [OTHER.into(), THIRD.into()].map(|peer: IdentityAddress| peer)
    );
    assert_eq!(forward::forwarding_peers(&third, false, &facts), [IdentityAddress::new(THIRD)]);
    let older =
        |id: &str| versions::peers_with_older_versions_only(facts.attribute(&id.into()).unwrap(), &facts).unwrap();
    assert_eq!(
        older("ATT4"),
        [(OTHER.into(), "ATT3".into()), (THIRD.into(), "ATT3".into()), (PEER.into(), "ATT2".into())]
    );
    assert_eq!(older("ATT3"), [(PEER.into(), "ATT2".into())]);
    let received = versions::peers_with_older_versions_only(&peer_identity("ATT9", "v"), &facts);
    assert_eq!(received.unwrap_err().code(), "error.consumption.attributes.wrongTypeOfAttribute");
}

fn tell(world: &World, id: &str, peer: &str) -> Result<Changes, ConsumptionError> {
    let attribute = world.get(id);
    world.run(&notify::needs(attribute, &peer.into()), |facts| {
        let whom = AboutSuccession {
            peer: peer.into(),
            notification_id: "NOT1".into(),
            forwarding_details_id: "ATTFD9".into(),
        };
        notify::about_succession(attribute, whom, facts)
    })
}

#[test]
fn peers_hear_of_newer_versions_only() {
    let mut world = versions_at_peers();
    world.attributes.push(peer_identity("ATT5", "v"));
    for peer in [PEER, OTHER, THIRD, ME] {
        world = world.with_relationship(peer, RelationshipStatus::Active, None);
    }
    for (id, peer, expected) in [
        ("ATT4", PEER, "ok"),
        ("ATT3", PEER, "ok"),
        ("ATT2", PEER, "ownIdentityAttributeHasAlreadyBeenSharedWithPeer"),
        ("ATT1", PEER, "successorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer"),
        ("ATT3", OTHER, "ownIdentityAttributeHasAlreadyBeenSharedWithPeer"),
        ("ATT4", ME, "peerHasNoPreviousVersionOfAttribute"),
        ("ATT5", PEER, "isNotOwnIdentityAttribute"),
    ] {
        assert_eq!(code(&tell(&world, id, peer)), expected, "{id} {peer}");
    }
    let changes = tell(&world, "ATT4", PEER).unwrap();
    assert_eq!(
        (writes(&changes), events(&changes)),
        (vec!["+ATTFD9".into()], vec!["ForwardingDetailsChanged ATT4".into()])
    );
    assert_eq!(written_forwarding(&changes, "ATTFD9").source_reference.as_str(), "NOT1");
    let [Outgoing::Message { recipient, content, .. }] = changes.outgoing() else { unreachable!() };
    assert_eq!(recipient.as_str(), PEER);
    assert_eq!(
        content.value()["items"],
        json!([{"@type": "PeerAttributeSucceededNotificationItem", "predecessorId": "ATT2", "successorId": "ATT4",
            "successorContent": given_name(ME, "ATT4")}])
    );
    world.relationships.clear();
    assert_eq!(code(&tell(&world, "ATT4", PEER)), "error.transport.messages.hasNeitherActiveNorTerminatedRelationship");
}

#[test]
fn an_attribute_is_viewed_once() {
    let facts = World::default().everything();
    let mut attribute = own_identity("ATT1", "Ann");
    let changes = viewed::mark_as_viewed(&attribute, &facts);
    assert_eq!((writes(&changes), events(&changes)), (vec!["=ATT1".into()], vec!["WasViewedAtChanged ATT1".into()]));
    assert_eq!(written_attribute(&changes, "ATT1").was_viewed_at, Some(NOW));
    attribute.was_viewed_at = Some(at(-1));
    assert!(viewed::mark_as_viewed(&attribute, &facts).is_empty());
}
