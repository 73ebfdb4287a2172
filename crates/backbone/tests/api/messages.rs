use serde_json::{Value, json};

use crate::support::{Device, ENCRYPTED_KEY, Server, pass, pending};

fn path(id: &str) -> String {
    format!("/Messages/{id}")
}

fn pseudonym() -> Value {
    json!(core_types::identity_address::backbone_pseudonym("localhost"))
}

async fn act(device: &Device, id: &str, action: &str) {
    device.put(&format!("/Relationships/{id}/{action}"), json!({})).await.result(200);
}

#[tokio::test]
async fn a_recipient_sees_its_own_entry_and_the_sender_sees_all() {
    let server = Server::start().await;
    let (recipient, sender, _) = server.related().await;
    let third = server.identity().await;
    let relationship = pending(&third, &sender).await;
    act(&third, &relationship, "Accept").await;
    let entry = |device: &Device| json!({"address": device.address, "encryptedKey": ENCRYPTED_KEY});
    let body = json!({
        "recipients": [entry(&recipient), entry(&third)], "body": "-_8", "attachments": [{"id": "FIL00000000000000001"}],
    });
    let id = sender.post("/Messages", body).await.id(201);

    pass(&server, 1);
    let seen = |address: &str, received: Value, by: Value| json!({"address": address, "encryptedKey": ENCRYPTED_KEY, "receivedAt": received, "receivedByDevice": by});
    let received = seen(&recipient.address, json!("2026-01-01T00:00:01.000Z"), json!(recipient.id));
    let message = recipient.get(&path(&id)).await.result(200);
    assert_eq!(
        message,
        json!({
            "id": id, "createdAt": "2026-01-01T00:00:00.000Z", "createdBy": sender.address, "createdByDevice": sender.id,
            "body": "-_8", "attachments": [{"id": "FIL00000000000000001"}], "recipients": [received],
        })
    );
    pass(&server, 1);
    assert_eq!(recipient.get("/Messages").await.result(200), json!([message]));
    let of_sender = sender.get(&format!("/Messages?ids={id}")).await.result(200);
    assert_eq!(of_sender[0]["recipients"], json!([received, seen(&third.address, Value::Null, Value::Null)]));
    server.identity().await.get(&path(&id)).await.fails(404, "recordNotFound");
}

#[tokio::test]
async fn refuses_bad_members() {
    let server = Server::start_with(|config| config.max_message_recipients = 2).await;
    let (recipient, sender, _) = server.related().await;
    let entry = |address: &str, key: &str| json!({"address": address, "encryptedKey": key});
    let good = entry(&recipient.address, ENCRYPTED_KEY);
    let other = |text: &[u8]| core_types::identity_address::compute_from_bytes(text, "localhost").to_string();
    let send = async |recipients: Value, body: &str, attachments: Value| {
        sender.post("/Messages", json!({"recipients": recipients, "body": body, "attachments": attachments})).await
    };
    for recipients in [
        json!([]),
        json!([good, good]),
        json!([entry("nobody", ENCRYPTED_KEY)]),
        json!([entry(&recipient.address, "AAAA")]),
        json!([entry(&recipient.address, &"A".repeat(404))]),
        json!([entry(&other(b"1"), ENCRYPTED_KEY), entry(&other(b"2"), ENCRYPTED_KEY), good]),
    ] {
        send(recipients, "AAAA", json!([])).await.fails(400, "validation.invalidPropertyValue");
    }
    send(json!([good]), "", json!([])).await.fails(400, "validation.invalidPropertyValue");
    let many: Vec<Value> = (0..21).map(|_| json!({"id": "FIL1"})).collect();
    send(json!([good]), "AAAA", json!(many)).await.fails(400, "validation.invalidPropertyValue");
    let odd = send(json!([good]), "AAAA", json!([{"id": "TOK00000000000000001"}])).await;
    assert_eq!(odd.json(400)["error"]["code"], "PredicateValidator");
    sender.post("/Messages", json!({"body": "AAAA"})).await.fails(400, "validation.invalidPropertyValue");
    sender.post("/Messages", json!({"recipients": [good]})).await.fails(400, "inputCannotBeParsed");
    sender.post("/Messages", json!({"recipients": [good], "body": "AAAA"})).await.result(201);
}

#[tokio::test]
async fn a_relationship_must_exist_and_not_have_ended() {
    let server = Server::start().await;
    let (one, other, id) = server.related().await;
    let stranger = server.identity().await;
    one.send_message(&stranger).await.fails(400, "validation.message.noRelationshipToRecipientExists");
    one.send_message(&one).await.fails(400, "validation.message.noRelationshipToRecipientExists");
    act(&one, &id, "Terminate").await;
    one.send_message(&other).await.result(201);
    act(&one, &id, "Decompose").await;
    other.send_message(&one).await.fails(400, "validation.message.relationshipToRecipientNotActive");
}

#[tokio::test]
async fn the_youngest_relationship_counts() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    let rejected = pending(&templator, &requestor).await;
    act(&templator, &rejected, "Reject").await;
    requestor.send_message(&templator).await.fails(400, "validation.message.relationshipToRecipientNotActive");
    let young = pending(&templator, &requestor).await;
    requestor.send_message(&templator).await.result(201);
    act(&templator, &young, "Accept").await;
    requestor.send_message(&templator).await.result(201);
}

#[tokio::test]
async fn nothing_is_sent_when_one_recipient_is_refused() {
    let server = Server::start().await;
    let (recipient, sender, _) = server.related().await;
    let stranger = server.identity().await;
    let entry = |device: &Device| json!({"address": device.address, "encryptedKey": ENCRYPTED_KEY});
    let body = json!({"recipients": [entry(&recipient), entry(&stranger)], "body": "AAAA"});
    sender.post("/Messages", body).await.fails(400, "validation.message.noRelationshipToRecipientExists");
    assert_eq!(recipient.get("/Messages").await.result(200), json!([]));
    assert_eq!(sender.get("/Messages").await.result(200), json!([]));
}

#[tokio::test]
async fn unfetched_messages_of_one_sender_are_limited() {
    let server = Server::start_with(|config| config.max_unreceived_messages = 2).await;
    let (recipient, sender, _) = server.related().await;
    sender.send_message(&recipient).await.result(201);
    let second = sender.send_message(&recipient).await.id(201);
    let full = "validation.message.maxNumberOfUnreceivedMessagesReached";
    sender.send_message(&recipient).await.fails(400, full);
    sender.get(&path(&second)).await.result(200);
    sender.send_message(&recipient).await.fails(400, full);
    recipient.send_message(&sender).await.result(201);
    recipient.get(&path(&second)).await.result(200);
    sender.send_message(&recipient).await.result(201);
}

#[tokio::test]
async fn messages_wait_for_the_acceptance() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    templator.create_datawallet().await;
    let relationship = pending(&templator, &requestor).await;
    templator.sync().await;
    let sent = requestor.send_message(&templator).await.id(201);
    assert!(templator.sync().await.is_empty());
    act(&templator, &relationship, "Accept").await;
    assert_eq!(templator.sync().await, [("MessageReceived".to_owned(), json!({"id": sent}))]);
}

#[tokio::test]
async fn messages_of_a_refused_request_are_never_announced() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    templator.create_datawallet().await;
    let relationship = pending(&templator, &requestor).await;
    requestor.send_message(&templator).await.result(201);
    act(&templator, &relationship, "Reject").await;
    let again = pending(&templator, &requestor).await;
    act(&templator, &again, "Accept").await;
    assert_eq!(templator.synced_types().await, ["RelationshipStatusChanged"; 2]);
}

#[tokio::test]
async fn messages_wait_for_the_reactivation_and_come_before_it_in_order() {
    let server = Server::start().await;
    let (one, other, id) = server.related().await;
    one.create_datawallet().await;
    one.sync().await;
    act(&one, &id, "Terminate").await;
    let first = other.send_message(&one).await.id(201);
    let second = other.send_message(&one).await.id(201);
    act(&one, &id, "Reactivate").await;
    assert!(one.sync().await.is_empty());
    assert_eq!(one.get("/Messages").await.result(200).as_array().unwrap().len(), 2);
    act(&other, &id, "Reactivate/Accept").await;
    let received = |id: &str| ("MessageReceived".to_owned(), json!({"id": id}));
    let completed = ("RelationshipReactivationCompleted".to_owned(), json!({"relationshipId": id}));
    assert_eq!(one.sync().await, [received(&first), received(&second), completed]);
}

#[tokio::test]
async fn decomposition_hides_messages_side_by_side() {
    let server = Server::start().await;
    let (one, other, id) = server.related().await;
    other.create_datawallet().await;
    let to_other = one.send_message(&other).await.id(201);
    let to_one = other.send_message(&one).await.id(201);
    act(&one, &id, "Terminate").await;
    act(&one, &id, "Decompose").await;
    for message in [&to_other, &to_one] {
        one.get(&path(message)).await.fails(404, "recordNotFound");
        other.get(&path(message)).await.result(200);
    }
    assert_eq!(one.get("/Messages").await.result(200), json!([]));
    act(&other, &id, "Decompose").await;
    assert_eq!(other.get("/Messages").await.result(200), json!([]));
    // The message event of the decomposer is gone with it; those about the relationship stay.
    assert_eq!(other.synced_types().await, ["RelationshipStatusChanged"; 3]);
}

#[tokio::test]
async fn a_sender_no_longer_sees_whom_it_has_left() {
    let server = Server::start().await;
    let (recipient, sender, left) = server.related().await;
    let kept = server.identity().await;
    let relationship = pending(&kept, &sender).await;
    act(&kept, &relationship, "Accept").await;
    let entry = |device: &Device| json!({"address": device.address, "encryptedKey": ENCRYPTED_KEY});
    let body = json!({"recipients": [entry(&recipient), entry(&kept)], "body": "AAAA"});
    let id = sender.post("/Messages", body).await.id(201);
    act(&sender, &left, "Terminate").await;
    act(&sender, &left, "Decompose").await;
    let addresses = async || {
        let message = sender.get(&path(&id)).await.result(200);
        message["recipients"].as_array().unwrap().iter().map(|entry| entry["address"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(addresses().await, [pseudonym(), json!(kept.address)]);
    recipient.get(&path(&id)).await.result(200);
    act(&recipient, &left, "Decompose").await;
    recipient.get(&path(&id)).await.fails(404, "recordNotFound");
    assert_eq!(addresses().await, [pseudonym(), json!(kept.address)]);
    assert_eq!(kept.get(&path(&id)).await.result(200)["createdBy"], sender.address.as_str());
}
