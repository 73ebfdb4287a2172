//! `docs/protocol/05 §2.8`.

use super::*;
use crate::Outgoing;
use crate::attributes::{decompose, delete};

/// Random numbers that are none, so that a rule can be compared with itself.
fn no_random() -> impl rand::CryptoRng {
    use rand::SeedableRng;
    rand::rngs::StdRng::seed_from_u64(1)
}

fn delete(world: &World, id: &str) -> Result<Changes, ConsumptionError> {
    let attribute = world.get(id);
    let needs = delete::needs_to_notify(attribute, world.settings);
    world.run(&needs, |facts| delete::and_notify(attribute, &mut no_random(), facts))
}

/// Peers told, with the type of the item and the version.
fn told(changes: &Changes) -> Vec<String> {
    let short = |outgoing: &Outgoing| match outgoing {
        Outgoing::Message { recipient, content, cause } => {
            let item = &content.value()["items"][0];
            assert_eq!(content.value()["items"].as_array().map(Vec::len), Some(1));
            assert_eq!(cause.as_str(), format!("notification:{}", content.value()["id"].as_str().unwrap()));
            let item_type = item["@type"].as_str().unwrap().trim_end_matches("NotificationItem");
            let name = recipient.as_str().rsplit(':').next().unwrap();
            format!("{name} {item_type} {}", item["attributeId"].as_str().unwrap())
        }
        Outgoing::Relationship { .. } | Outgoing::FileOwnership { .. } => String::new(),
    };
    changes.outgoing().iter().map(short).collect()
}

fn all_active(world: World) -> World {
    [PEER, OTHER, THIRD]
        .into_iter()
        .fold(world, |world, peer| world.with_relationship(peer, RelationshipStatus::Active, None))
}

#[test]
fn who_hears_of_the_deletion_and_how() {
    for (attribute, expected) in each_kind("ATT1", "v").into_iter().zip([
        vec!["other OwnAttributeDeletedByOwner ATT1", "third OwnAttributeDeletedByOwner ATT1"],
        vec!["peer ForwardedAttributeDeletedByPeer ATT1"],
        vec![
            "peer OwnAttributeDeletedByOwner ATT1",
            "other OwnAttributeDeletedByOwner ATT1",
            "third OwnAttributeDeletedByOwner ATT1",
        ],
        vec![
            "peer PeerRelationshipAttributeDeletedByPeer ATT1",
            "other PeerRelationshipAttributeDeletedByPeer ATT1",
            "third PeerRelationshipAttributeDeletedByPeer ATT1",
        ],
        vec!["peer ForwardedAttributeDeletedByPeer ATT1"],
    ]) {
        let kind = attribute.kind();
        let details = [
            forwarded("ATTFD1", "ATT1", OTHER, None),
            forwarded("ATTFD2", "ATT1", THIRD, Some(EmittedDeletionStatus::ToBeDeletedByRecipient)),
            forwarded("ATTFD3", "ATT1", ME, Some(EmittedDeletionStatus::DeletedByRecipient)),
        ];
        let world = all_active(World::of([attribute])).with_forwardings(if kind.is_forwardable() {
            details.to_vec()
        } else {
            vec![]
        });
        let changes = delete(&world, "ATT1").unwrap();
        assert_eq!(told(&changes), expected, "{kind}");
        let written =
            if kind.is_forwardable() { vec!["-ATTFD1", "-ATTFD2", "-ATTFD3", "-ATT1"] } else { vec!["-ATT1"] };
        assert_eq!(
            (writes(&changes), events(&changes)),
            (written.into_iter().map(str::to_owned).collect(), vec!["Deleted ATT1".into()])
        );
    }
}

#[test]
fn older_versions_go_newer_ones_stay() {
    let versions = ["ATT1", "ATT2", "ATT3", "ATT4"].map(|id| own_identity(id, id)).to_vec();
    let world = all_active(World::of(chain(versions))).with_forwardings([
        forwarded("ATTFD1", "ATT1", PEER, None),
        forwarded("ATTFD2", "ATT2", PEER, None),
        forwarded("ATTFD3", "ATT1", OTHER, None),
        forwarded("ATTFD4", "ATT3", THIRD, None),
        forwarded("ATTFD5", "ATT4", OTHER, None),
    ]);
    let changes = delete(&world, "ATT3").unwrap();
    assert_eq!(writes(&changes), ["=ATT4", "-ATTFD2", "-ATT2", "-ATTFD1", "-ATTFD3", "-ATT1", "-ATTFD4", "-ATT3"]);
    assert_eq!(events(&changes), ["Deleted ATT2", "Deleted ATT1", "Deleted ATT3"]);
    assert_eq!(written_attribute(&changes, "ATT4").succeeds, None);
    assert_eq!(
        told(&changes),
        [
            "third OwnAttributeDeletedByOwner ATT3",
            "peer OwnAttributeDeletedByOwner ATT2",
            "other OwnAttributeDeletedByOwner ATT1"
        ]
    );
}

#[test]
fn a_missing_successor_is_an_error() {
    let mut attribute = own_identity("ATT1", "v");
    attribute.succeeded_by = Some("ATT2".into());
    assert_eq!(code(&delete(&World::of([attribute]), "ATT1")), "successorDoesNotExist");
}

#[test]
fn who_cannot_be_told_is_not_told() {
    use RelationshipStatus::*;
    let pending = "cannotDeleteSharedAttributeWhileRelationshipIsPending";
    for (relationship, expected) in [
        (None, "not told"),
        (Some((Active, None)), "told"),
        (Some((Terminated, None)), "told"),
        (Some((Active, Some(PeerDeletion::ToBeDeleted))), "told"),
        (Some((Active, Some(PeerDeletion::Deleted))), "not told"),
        (Some((Pending, Some(PeerDeletion::Deleted))), "not told"),
        (Some((Pending, None)), pending),
        (Some((Rejected, None)), "not told"),
        (Some((Revoked, None)), "not told"),
        (Some((DeletionProposed, None)), "not told"),
        (Some((ReadyForDeletion, None)), "not told"),
    ] {
        let older = chain(vec![own_identity("ATT1", "v"), own_identity("ATT2", "w")]);
        for attributes in [vec![peer_identity("ATT2", "v")], older] {
            let mut world = World::of(attributes).with_forwardings([forwarded("ATTFD1", "ATT1", PEER, None)]);
            if let Some((status, deletion)) = relationship {
                world = world.with_relationship(PEER, status, deletion);
            }
            let result = delete(&world, "ATT2");
            let outcome = result
                .as_ref()
                .map_or(code(&result), |changes| if changes.outgoing().is_empty() { "not told" } else { "told" });
            assert_eq!(outcome, expected, "{relationship:?}");
        }
    }
}

#[test]
fn files_that_go_with_an_attribute() {
    let mut credential = own_identity("ATT1", "v");
    credential.content["value"] = json!({"@type": "VerifiableCredential", "value": {}, "type": "dc+sd-jwt",
        "displayInformationCachedImages": [{"locale": "de", "logo": "L1"}, {"logo": "L2", "backgroundImage": "B2"}, {}]});
    assert_eq!(delete::cached_files(&credential), ["L1", "L2", "B2"]);
    assert!(delete::cached_files(&own_identity("ATT1", "v")).is_empty());
}

/// Exchanged with the peer: one of each kind, and three versions of which it has two; one attribute of another one.
fn exchanged() -> World {
    let mut kinds = each_kind("ATT1", "v").to_vec();
    for (index, attribute) in kinds.iter_mut().enumerate() {
        attribute.id = AttributeId::new(format!("ATT{index}"));
    }
    let versions = ["ATT6", "ATT7", "ATT8"].map(|id| own_identity(id, id)).to_vec();
    let mut relationship_versions = chain(vec![own_relationship("ATTA", "a"), own_relationship("ATTB", "b")]);
    relationship_versions[0].created_at = at(-60);
    let mut with_another = own_relationship("ATT9", "v");
    with_another.details = AttributeDetails::OwnRelationship(EmittedDetails::new(OTHER.into(), request()));
    let attributes = kinds.into_iter().chain(chain(versions)).chain(relationship_versions).chain([with_another]);
    World::of(attributes).with_forwardings([
        forwarded("ATTFD1", "ATT6", PEER, None),
        forwarded("ATTFD2", "ATT7", PEER, None),
        forwarded("ATTFD3", "ATT7", PEER, Some(EmittedDeletionStatus::DeletedByRecipient)),
        forwarded("ATTFD4", "ATT7", OTHER, None),
        forwarded("ATTFD5", "ATT9", PEER, None),
        forwarded("ATTFD6", "ATT2", THIRD, None),
    ])
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

#[test]
fn a_decomposed_relationship_leaves_nothing_of_the_peer() {
    let world = exchanged();
    let peer = IdentityAddress::new(PEER);
    let changes =
        world.run(&decompose::needs(&peer), |facts| decompose::relationship_decomposed(&peer, facts)).unwrap();
    assert_eq!(
        sorted(writes(&changes)),
        ["-ATT1", "-ATT2", "-ATT3", "-ATT4", "-ATTA", "-ATTB", "-ATTFD1", "-ATTFD2", "-ATTFD3", "-ATTFD5", "-ATTFD6"]
    );
    assert_eq!(events(&changes), ["ForwardingDetailsChanged ATT7", "ForwardingDetailsChanged ATT9"]);
    assert!(changes.outgoing().is_empty());
}

#[test]
fn a_relationship_that_never_began_leaves_nothing_either() {
    let world = exchanged();
    let peer = IdentityAddress::new(PEER);
    let rule = |status| {
        let relationship = relationship(PEER, status, None);
        world.run(&decompose::needs(&peer), |facts| decompose::relationship_rejected_or_revoked(&relationship, facts))
    };
    for status in [RelationshipStatus::Rejected, RelationshipStatus::Revoked] {
        let changes = rule(status).unwrap();
        assert_eq!(
            sorted(writes(&changes)),
            [
                "-ATT1", "-ATT2", "-ATT3", "-ATT4", "-ATTA", "-ATTB", "-ATTFD1", "-ATTFD2", "-ATTFD3", "-ATTFD5",
                "-ATTFD6"
            ]
        );
        assert_eq!(
            sorted(events(&changes)),
            [
                "Deleted ATT1",
                "Deleted ATT2",
                "Deleted ATT3",
                "Deleted ATT4",
                "Deleted ATTA",
                "Deleted ATTB",
                "ForwardingDetailsChanged ATT6",
                "ForwardingDetailsChanged ATT7",
                "ForwardingDetailsChanged ATT9"
            ]
        );
    }
    let wrong = rule(RelationshipStatus::Active);
    assert_eq!(code(&wrong), "error.runtime.relationships.isNeitherRejectedNorRevoked");
}
