//! External events that are repeated, out of order, or about something else.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{World, assert_no_panics, relate};

fn is_event_list(what: &str) -> bool {
    what.ends_with("/ExternalEvents")
}

/// The answer's list of events, changed.
fn with_events(
    what: &str,
    answer: crate::meddler::Answer,
    change: impl FnOnce(&mut Vec<Value>),
) -> crate::meddler::Answer {
    let Some(mut body) = answer.json().filter(|_| is_event_list(what)) else { return answer };
    if let Some(events) = body["result"].as_array_mut() {
        change(events);
    }
    answer.with(&body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_does_not_matter() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    let mut sent = Vec::new();
    for number in 0..10 {
        sent.push(sender.send(&receiver, json!({"number": number}), vec![]).await.id);
    }
    world.meddler.meddle(|what, answer| with_events(what, answer, |events| events.reverse()));
    receiver.sync_somehow().await.unwrap();
    let mut received: Vec<_> = receiver.received().await.into_iter().map(|message| message.id).collect();
    received.sort();
    sent.sort();
    assert_eq!(received, sent);
    assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_again_has_its_effects_once() {
    let world = World::start().await;
    let (sender, receiver) = (world.account().await, world.account().await);
    let all = Arc::new(Mutex::new(Vec::<Value>::new()));
    // Every event comes again with every later list, under its own id, under a new one, and twice in one list.
    let told = Arc::clone(&all);
    world.meddler.meddle(move |what, answer| {
        with_events(what, answer, |events| {
            let mut told = told.lock().unwrap();
            told.extend(events.clone());
            let mut renamed = told.clone();
            for (number, event) in renamed.iter_mut().enumerate() {
                event["id"] = json!(format!("SYI{:017}", 1000 * told.len() + number));
            }
            events.extend(told.clone());
            events.extend(renamed);
        })
    });
    // Results for events that the Backbone does not know are refused; then the run expires.
    let sync = async |agent: &crate::support::Agent| {
        drop(agent.sync_somehow().await);
        world.let_sync_runs_expire();
    };
    let template = sender.template(json!(1)).await;
    let template = receiver.templates().load_by_reference(&sender.reference(&template), None).await.unwrap();
    let content = json!({"@type": "ArbitraryRelationshipCreationContent", "value": 1});
    let relationship = receiver.relationships().send(&template, content).await.unwrap();
    sync(&sender).await;
    sender.relationships().accept(&relationship.id).await.unwrap();
    sync(&receiver).await;
    for number in 0..3 {
        sender.send(&receiver, json!({"number": number}), vec![]).await;
        sync(&receiver).await;
    }
    assert_eq!(receiver.received().await.len(), 3);
    assert_eq!(receiver.count_events("transport.messageReceived").await, 3);
    // The request and its acceptance changed it once each.
    assert_eq!(sender.count_events("transport.relationshipChanged").await, 2);
    assert_eq!(receiver.count_events("transport.relationshipChanged").await, 2);
    world.meddler.be_honest();
    receiver.sync_somehow().await.unwrap();
    assert_eq!(receiver.received().await.len(), 3);
    assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_every_type_about_foreign_things_change_nothing() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    let (one, other) = world.related_accounts().await;
    let foreign_message = one.send(&other, json!(1), vec![]).await.id;
    let foreign_relationship = one.relationships().to_identity(&other.address(), None).await.unwrap().unwrap().id;
    let own_relationship = sender.relationships().to_identity(&receiver.address(), None).await.unwrap().unwrap().id;
    let ids = [foreign_message.as_str(), foreign_relationship.as_str(), own_relationship.as_str(), "", "../x", "\u{0}"];
    let types = [
        "MessageReceived",
        "MessageDelivered",
        "RelationshipStatusChanged",
        "RelationshipReactivationRequested",
        "RelationshipReactivationCompleted",
        "PeerToBeDeleted",
        "PeerDeletionCancelled",
        "PeerFeatureFlagsChanged",
        "RelationshipTemplateAllocationsExhausted",
        "TokenLocked",
        "FileOwnershipLocked",
        "FileOwnershipClaimed",
        "IdentityDeletionProcessStarted",
        "IdentityDeletionProcessStatusChanged",
        "SomethingNew",
        "",
    ];
    let mut invented = Vec::new();
    for (number, kind) in types.iter().enumerate() {
        for (index, id) in ids.iter().enumerate().filter(|(_, id)| **id != own_relationship.as_str()) {
            let payload = json!({
                "id": id, "relationshipId": id, "fileId": id, "relationshipTemplateId": id, "deletionProcessId": id,
                "tokenId": id, "peerAddress": id, "newOwnerAddress": id, "deletionDate": "2030-01-01T00:00:00.000Z",
            });
            invented.push(json!({
                "id": format!("SYI{:017}", number * 100 + index), "type": kind, "index": 0, "syncErrorCount": 0,
                "createdAt": "2020-01-01T00:00:00.000Z", "payload": payload,
            }));
        }
    }
    let sent = sender.send(&receiver, json!({"a": 1}), vec![]).await;
    let before = receiver.relationships().find(&store::Query::default()).await.unwrap();
    world.meddler.meddle(move |what, answer| with_events(what, answer, |events| events.extend(invented.clone())));
    drop(receiver.sync_somehow().await);
    world.meddler.be_honest();
    world.let_sync_runs_expire();
    receiver.sync_somehow().await.unwrap();
    let received: Vec<_> = receiver.received().await.into_iter().map(|message| message.id).collect();
    assert_eq!(received, [sent.id]);
    assert_eq!(receiver.relationships().find(&store::Query::default()).await.unwrap(), before);
    assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_others_are_not_believed() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    let third = world.account().await;
    relate(&third, &receiver).await;
    relate(&third, &sender).await;
    // The third party's message to the sender is offered to the receiver, as is and with the addresses exchanged.
    let foreign = third.send(&sender, json!({"secret": 1}), vec![]).await;
    let stolen = Arc::new(Mutex::new(None::<Value>));
    let keep = Arc::clone(&stolen);
    world.meddler.meddle(move |what, answer| {
        if what.starts_with("GET /api/v2/Messages/") {
            *keep.lock().unwrap() = answer.json();
        }
        answer
    });
    sender.sync_somehow().await.unwrap();
    let stolen = stolen.lock().unwrap().take().unwrap();
    for exchanged in [false, true] {
        let sent = sender.send(&receiver, json!({"exchanged": exchanged}), vec![]).await;
        let (mut body, id, address) = (stolen.clone(), sent.id.clone(), receiver.address());
        world.meddler.meddle(move |what, answer| {
            if !what.starts_with("GET /api/v2/Messages/") {
                return answer;
            }
            body["result"]["id"] = json!(id);
            if exchanged {
                body["result"]["recipients"][0]["address"] = json!(address);
            }
            answer.with(&body)
        });
        receiver.sync_somehow().await.unwrap();
        assert!(receiver.messages().get(&sent.id).await.unwrap().is_none());
        world.meddler.be_honest();
        receiver.sync_somehow().await.unwrap();
        let received = receiver.messages().get(&sent.id).await.unwrap().unwrap();
        assert_eq!(received.content, json!({"exchanged": exchanged}));
    }
    assert!(receiver.messages().get(&foreign.id).await.unwrap().is_none());
    assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_offered_again_under_another_id_is_stored_once() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    let first = sender.send(&receiver, json!({"pay": 100}), vec![]).await;
    let recorded = Arc::new(Mutex::new(None::<Value>));
    let keep = Arc::clone(&recorded);
    world.meddler.meddle(move |what, answer| {
        if what.starts_with("GET /api/v2/Messages/") {
            *keep.lock().unwrap() = answer.json();
        }
        answer
    });
    receiver.sync_somehow().await.unwrap();
    let recorded = recorded.lock().unwrap().take().unwrap();
    // The same ciphertext replaces the next message: one with different content, and one with the same.
    for content in [json!({"other": 1}), json!({"pay": 100})] {
        let next = sender.send(&receiver, content.clone(), vec![]).await;
        let (mut body, id) = (recorded.clone(), next.id.clone());
        world.meddler.meddle(move |what, answer| {
            if !what.starts_with("GET /api/v2/Messages/") {
                return answer;
            }
            body["result"]["id"] = json!(id);
            answer.with(&body)
        });
        let before = receiver.count_events("transport.messageReceived").await;
        receiver.sync_somehow().await.unwrap();
        assert!(receiver.messages().get(&next.id).await.unwrap().is_none());
        assert_eq!(receiver.count_events("transport.messageReceived").await, before);
        // The withheld message is not lost because of that.
        world.meddler.be_honest();
        let again = sender.send(&receiver, content.clone(), vec![]).await;
        receiver.sync_somehow().await.unwrap();
        assert_eq!(receiver.messages().get(&again.id).await.unwrap().unwrap().content, content);
    }
    let received: Vec<_> = receiver.received().await.into_iter().map(|message| message.content).collect();
    assert_eq!(received, [json!({"pay": 100}), json!({"other": 1}), json!({"pay": 100})]);
    assert!(receiver.messages().get(&first.id).await.unwrap().is_some());
    assert_no_panics();
}
