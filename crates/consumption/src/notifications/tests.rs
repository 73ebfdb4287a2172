//! `docs/protocol/05 §6`.

use content::{
    Draft, ForwardedAttributeDeletedByPeerNotificationItem, Notification, NotificationItem,
    OwnAttributeDeletedByOwnerNotificationItem, PeerAttributeSucceededNotificationItem,
    PeerRelationshipAttributeDeletedByPeerNotificationItem,
};
use serde_json::{Value, json};

use super::*;
use crate::documents::*;
use crate::testing::*;
use crate::{ConsumptionEvent, RelationshipStatus};

use LocalNotificationStatus::{Completed, Error, Open, Sent};

const DEVICE: &str = "DVC00000000000000001";
const ID: &str = "NOT00000000000000001";

type Item = Draft<NotificationItem<'static>>;

fn content(items: impl IntoIterator<Item = Item>) -> Value {
    Notification::new(ID, items).check(&World::default().nothing().reader()).unwrap().into_value()
}

fn notification(items: impl IntoIterator<Item = Item>) -> LocalNotification {
    let device = DEVICE.into();
    LocalNotification::received(ID.into(), PEER.into(), content(items), "MSG1".into(), at(-10), device)
}

fn by_owner(id: &str) -> Item {
    OwnAttributeDeletedByOwnerNotificationItem::new(id).widen()
}

fn by_peer(id: &str) -> Item {
    PeerRelationshipAttributeDeletedByPeerNotificationItem::new(id).widen()
}

fn by_recipient(id: &str) -> Item {
    ForwardedAttributeDeletedByPeerNotificationItem::new(id).widen()
}

fn succeeded(predecessor: &str, successor: &str, content: Value) -> Item {
    let content: Draft<content::Attribute<'static>> = Draft::from_json(content);
    PeerAttributeSucceededNotificationItem::new(predecessor, successor, content).widen()
}

fn run(world: &World, notification: &LocalNotification) -> Processed {
    let needs = needs_to_process(notification, &world.nothing()).unwrap();
    let run = |facts: &Facts| {
        let processed = process(notification, &DEVICE.into(), facts).unwrap();
        (processed.changes, processed.failure)
    };
    let (changes, failure) = world.run(&needs, run);
    Processed { changes, failure }
}

/// The code of the failure in short, or the writes to attributes and forwarding details, and the events.
fn outcome(world: &World, items: impl IntoIterator<Item = Item>) -> String {
    let processed = run(world, &notification(items));
    let status = if processed.failure.is_some() { Error } else { Completed };
    assert_eq!(status_of(&processed.changes), status);
    if let Some(failure) = processed.failure {
        assert_eq!((writes(&processed.changes).len(), processed.changes.events().len()), (1, 0), "nothing else");
        return failure.code().trim_start_matches("error.consumption.attributes.").to_owned();
    }
    let mut written = writes(&processed.changes);
    assert_eq!(written.pop(), Some(format!("={ID}")), "the Notification comes last");
    let name = |event: &ConsumptionEvent| event.namespace().trim_start_matches("consumption.").to_owned();
    written.extend(processed.changes.events().iter().map(name));
    written.join(" ")
}

fn status_of(changes: &Changes) -> LocalNotificationStatus {
    let found = changes.writes().find_map(|write| match write {
        crate::Write::Replace(crate::AnyDocument::LocalNotification(notification)) => Some(notification.status),
        _ => None,
    });
    found.unwrap()
}

fn with_deletion(mut attribute: LocalAttribute, status: ReceivedDeletionStatus) -> LocalAttribute {
    attribute.details.received_mut().unwrap().deletion_info = Some(DeletionInfo::new(status, at(-1)));
    attribute
}

fn from_other(mut attribute: LocalAttribute) -> LocalAttribute {
    match &mut attribute.details {
        AttributeDetails::OwnRelationship(details) => details.peer = OTHER.into(),
        details => details.received_mut().unwrap().peer = OTHER.into(),
    }
    attribute
}

#[test]
fn a_new_version_of_a_received_attribute() {
    let new = |content: Value| succeeded("ATT1", "ATT2", content);
    let done = "+ATT2 =ATT1 attributeSucceeded";
    let newer = chain(vec![peer_identity("ATT1", "A"), peer_identity("ATT3", "B")]);
    for (name, world, item, expected) in [
        ("identity", World::of([peer_identity("ATT1", "A")]), new(given_name(PEER, "B")), done),
        ("relationship", World::of([peer_relationship("ATT1", "v")]), new(proprietary(PEER, "k", "w")), done),
        ("owner", World::of([peer_identity("ATT1", "A")]), new(given_name(OTHER, "B")), "successionPeerIsNotOwner"),
        ("unknown", World::default(), new(given_name(PEER, "B")), "predecessorDoesNotExist"),
        ("own", World::of([own_identity("ATT1", "A")]), new(given_name(PEER, "B")), "wrongTypeOfAttribute"),
        ("half", World::of([own_relationship("ATT1", "v")]), new(proprietary(PEER, "k", "w")), "wrongTypeOfAttribute"),
        (
            "third party",
            World::of([third_party("ATT1", "v")]),
            new(proprietary(PEER, "k", "w")),
            "wrongTypeOfAttribute",
        ),
        (
            "kind",
            World::of([peer_identity("ATT1", "A")]),
            new(proprietary(PEER, "k", "w")),
            "successionMustNotChangeContentType",
        ),
        (
            "key",
            World::of([peer_relationship("ATT1", "v")]),
            new(proprietary(PEER, "l", "w")),
            "successionMustNotChangeKey",
        ),
        ("content", World::of([peer_identity("ATT1", "A")]), new(given_name(PEER, "A")), "successionMustChangeContent"),
        (
            "id",
            World::of([peer_identity("ATT1", "A"), own_identity("ATT2", "A")]),
            new(given_name(PEER, "B")),
            "successorMustNotYetExist",
        ),
        ("not the newest", World::of(newer), new(given_name(PEER, "B")), "cannotSucceedAttributesWithASuccessor"),
        (
            "deleted",
            World::of([with_deletion(peer_identity("ATT1", "A"), ReceivedDeletionStatus::DeletedByEmitter)]),
            new(given_name(PEER, "B")),
            "cannotSucceedSharedAttributesDeletedByPeer",
        ),
    ] {
        assert_eq!(outcome(&world, [item]), expected, "{name}");
    }
    let world = World::of([peer_identity("ATT1", "A")]);
    let processed = run(&world, &notification([succeeded("ATT1", "ATT2", given_name(PEER, "B"))]));
    let successor = written_attribute(&processed.changes, "ATT2");
    assert_eq!(successor.details.source_reference().unwrap().as_str(), ID);
}

#[test]
fn the_owner_has_deleted_an_attribute() {
    use ReceivedDeletionStatus::{DeletedByEmitter, ToBeDeleted};
    let done = "=ATT1 ownAttributeDeletedByOwner";
    for (name, attribute, expected) in [
        ("unknown", peer_identity("ATT9", "A"), ""),
        ("identity", peer_identity("ATT1", "A"), done),
        ("relationship", peer_relationship("ATT1", "v"), done),
        ("third party", third_party("ATT1", "v"), done),
        ("own", own_identity("ATT1", "A"), "wrongTypeOfAttribute"),
        ("own of it", own_relationship("ATT1", "v"), "wrongTypeOfAttribute"),
        ("of somebody else", from_other(peer_identity("ATT1", "A")), "senderIsNotPeerOfSharedAttribute"),
        ("to be deleted", with_deletion(peer_identity("ATT1", "A"), ToBeDeleted), ""),
        ("deleted", with_deletion(peer_identity("ATT1", "A"), DeletedByEmitter), "ownAttributeDeletedByOwner"),
    ] {
        assert_eq!(outcome(&World::of([attribute]), [by_owner("ATT1")]), expected, "{name}");
    }
    let promised = with_deletion(peer_identity("ATT1", "A"), ToBeDeleted);
    let versions = chain(vec![promised, peer_identity("ATT2", "B"), peer_identity("ATT3", "C")]);
    let processed = run(&World::of(versions), &notification([by_owner("ATT3")]));
    assert_eq!(writes(&processed.changes), ["=ATT3", "=ATT2", &format!("={ID}")], "what was promised stays");
    let [ConsumptionEvent::OwnAttributeDeletedByOwner(told)] = processed.changes.events() else {
        unreachable!("one event")
    };
    assert_eq!(told.details.received().unwrap().deletion_info, Some(DeletionInfo::new(DeletedByEmitter, NOW)));
}

#[test]
fn the_peer_has_deleted_a_relationship_attribute() {
    use ReceivedDeletionStatus::ToBeDeleted;
    let done = "=ATT1 peerRelationshipAttributeDeletedByPeer";
    for (name, attribute, expected) in [
        ("unknown", own_relationship("ATT9", "v"), ""),
        ("its other half", own_relationship("ATT1", "v"), done),
        ("third party", third_party("ATT1", "v"), done),
        ("third party, to be deleted", with_deletion(third_party("ATT1", "v"), ToBeDeleted), done),
        ("own", own_identity("ATT1", "A"), "wrongTypeOfAttribute"),
        ("received", peer_identity("ATT1", "A"), "wrongTypeOfAttribute"),
        ("the peer's", peer_relationship("ATT1", "v"), "wrongTypeOfAttribute"),
        ("with somebody else", from_other(own_relationship("ATT1", "v")), "senderIsNotPeerOfSharedAttribute"),
    ] {
        assert_eq!(outcome(&World::of([attribute]), [by_peer("ATT1")]), expected, "{name}");
    }
    let processed = run(&World::of([own_relationship("ATT1", "v")]), &notification([by_peer("ATT1")]));
    let written = written_attribute(&processed.changes, "ATT1");
    assert_eq!(written.details.deletion_status(), Some("DeletedByRecipient"));
    let processed = run(&World::of([third_party("ATT1", "v")]), &notification([by_peer("ATT1")]));
    assert_eq!(written_attribute(&processed.changes, "ATT1").details.deletion_status(), Some("DeletedByEmitter"));
}

#[test]
fn a_peer_has_deleted_what_it_had_from_here() {
    use EmittedDeletionStatus::{DeletedByRecipient, ToBeDeletedByRecipient};
    let with = |attribute: LocalAttribute, peer: &str, status| {
        World::of([attribute]).with_forwardings([forwarded("ATTFD1", "ATT1", peer, status)])
    };
    let done = "=ATTFD1 forwardedAttributeDeletedByPeer";
    let sender = "senderIsNotPeerOfSharedAttribute";
    for (name, world, expected) in [
        ("unknown", World::default(), ""),
        ("own", with(own_identity("ATT1", "A"), PEER, None), done),
        ("promised", with(own_identity("ATT1", "A"), PEER, Some(ToBeDeletedByRecipient)), done),
        ("third party", with(from_other(own_relationship("ATT1", "v")), PEER, None), done),
        ("the peer's, on to others", with(from_other(peer_relationship("ATT1", "v")), PEER, None), done),
        ("never had", with(own_identity("ATT1", "A"), OTHER, None), sender),
        ("deleted before", with(own_identity("ATT1", "A"), PEER, Some(DeletedByRecipient)), sender),
        ("received", World::of([peer_identity("ATT1", "A")]), "wrongTypeOfAttribute"),
        ("of a third party", World::of([third_party("ATT1", "v")]), "wrongTypeOfAttribute"),
    ] {
        assert_eq!(outcome(&world, [by_recipient("ATT1")]), expected, "{name}");
    }
    // A version before that was never forwarded does not matter.
    let versions = chain(vec![own_identity("ATT1", "A"), own_identity("ATT2", "B")]);
    let world = World::of(versions).with_forwardings([forwarded("ATTFD2", "ATT2", PEER, None)]);
    assert_eq!(outcome(&world, [by_recipient("ATT2")]), "=ATTFD2 forwardedAttributeDeletedByPeer");
}

#[test]
fn all_items_are_processed_or_none() {
    let world = World::of([peer_identity("ATT1", "A"), own_identity("ATT2", "B")]);
    let good = || succeeded("ATT1", "ATT3", given_name(PEER, "C"));
    assert_eq!(outcome(&world, [good(), by_owner("ATT2")]), "wrongTypeOfAttribute");
    assert_eq!(
        outcome(&world, [good(), by_owner("ATT3")]),
        "+ATT3 =ATT1 attributeSucceeded ownAttributeDeletedByOwner",
        "each sees what those before it did"
    );
    let empty: Item = Draft::from_json(json!({}));
    assert_eq!(outcome(&world, [good(), empty]), "error.runtime.unknown");
}

#[test]
fn a_notification_is_processed_here_and_once() {
    let world = World::of([peer_identity("ATT1", "A")]);
    for (status, is_own, device, is_processed) in [
        (Open, false, DEVICE, true),
        (Error, false, DEVICE, true),
        (Completed, false, DEVICE, false),
        (Sent, false, DEVICE, false),
        (Open, true, DEVICE, false),
        (Open, false, "DVC2", false),
    ] {
        let mut notification = notification([by_owner("ATT1")]);
        (notification.status, notification.is_own) = (status, is_own);
        let processed = process(&notification, &device.into(), &world.everything());
        assert_eq!(processed.is_ok(), is_processed, "{status} {is_own} {device}");
        if let Err(error) = processed {
            assert_eq!(error.code(), "error.runtime.unknown");
        }
    }
}

#[test]
fn notifications_are_stored_by_direction() {
    let content = content([by_owner("ATT1")]);
    let mail = json!({"@type": "Mail", "to": [PEER], "subject": "s", "body": "b"});
    let known = || World { notifications: vec![notification([by_owner("ATT1")])], ..World::default() };
    let (peer, both) = ([PEER.into()], [PEER.into(), OTHER.into()]);
    let unknown = "error.runtime.unknown";
    let (peer, both) = (&peer[..], &both[..]);
    let rows = [
        ("mine", World::default(), ME, peer, &content, "ok", "cannotReceiveNotificationFromOwnMessage"),
        ("a peer's", World::default(), PEER, peer, &content, "cannotSaveSentNotificationFromPeerMessage", "ok"),
        ("mine to two", World::default(), ME, both, &content, unknown, "cannotReceiveNotificationFromOwnMessage"),
        (
            "mail",
            World::default(),
            PEER,
            peer,
            &mail,
            "messageDoesNotContainNotification",
            "messageDoesNotContainNotification",
        ),
        ("mine again", known(), ME, peer, &content, unknown, "cannotReceiveNotificationFromOwnMessage"),
        ("a peer's again", known(), PEER, peer, &content, "cannotSaveSentNotificationFromPeerMessage", unknown),
    ];
    for (name, world, created_by, recipients, content, as_sent, as_received) in rows {
        let (id, created_by, created_at) = ("MSG1".into(), created_by.into(), at(-10));
        let message = NotificationMessage { id, created_by, created_at, recipients, content };
        let short = |result: &Result<Changes>| {
            let code = result.as_ref().err().map_or("ok", |error| error.code());
            code.trim_start_matches("error.runtime.notifications.").to_owned()
        };
        let stored = world.run(&needs(&message), |facts| sent(&message, facts));
        assert_eq!(short(&stored), as_sent, "{name}");
        let stored = world.run(&needs(&message), |facts| received(&message, &DEVICE.into(), facts));
        assert_eq!(short(&stored), as_received, "{name}");
        if let Ok(changes) = stored {
            let expected = notification([by_owner("ATT1")]);
            assert_eq!(changes.writes().collect::<Vec<_>>(), [&crate::Write::Insert(expected.into())]);
        }
    }
}

#[test]
fn open_ones_are_found_and_all_go_with_the_relationship() {
    let mut done = notification([by_owner("ATT1")]);
    (done.id, done.status) = ("NOT2".into(), Completed);
    let mut elsewhere = notification([by_owner("ATT1")]);
    (elsewhere.id, elsewhere.received_by_device) = ("NOT3".into(), Some("DVC2".into()));
    let mut of_other = notification([by_owner("ATT1")]);
    (of_other.id, of_other.peer) = ("NOT4".into(), OTHER.into());
    let notifications = vec![notification([by_owner("ATT1")]), done, elsewhere, of_other];
    let world = World { notifications, ..World::default() };
    let facts = world.everything();
    let found: Vec<_> = open(&DEVICE.into(), &facts).iter().map(|notification| notification.id.as_str()).collect();
    assert_eq!(found, [ID, "NOT4"]);
    let peer = PEER.into();
    let needs = [Need::NotificationsOfPeer(PEER.into())];
    let changes = world.run(&needs, |facts| relationship_decomposed(&peer, facts));
    assert_eq!(writes(&changes), [format!("-{ID}"), "-NOT2".to_owned(), "-NOT3".to_owned()]);
}

#[test]
fn what_deleting_an_attribute_sends_is_understood_at_the_other_side() {
    let mut sender = World::of([own_identity("ATT1", "A")]).with_relationship(PEER, RelationshipStatus::Active, None);
    sender.forwardings.push(forwarded("ATTFD1", "ATT1", PEER, None));
    let attribute = sender.get("ATT1");
    let changes =
        crate::attributes::delete::and_notify(attribute, &mut core_types::Randomness::system(), &sender.everything())
            .unwrap();
    let [crate::Outgoing::Message { content, .. }] = changes.outgoing() else { unreachable!("one Message") };
    let device = DEVICE.into();
    let content = content.value().clone();
    let received = LocalNotification::received(ID.into(), PEER.into(), content, "MSG1".into(), NOW, device);
    let processed = run(&World::of([peer_identity("ATT1", "A")]), &received);
    assert_eq!(written_attribute(&processed.changes, "ATT1").details.deletion_status(), Some("DeletedByEmitter"));
}
