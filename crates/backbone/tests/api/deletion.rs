use serde_json::{Value, json};

use crate::support::{Device, Server, pass, pending};

const PATH: &str = "/Identities/Self/DeletionProcesses";

async fn start(device: &Device, days: f64) -> Value {
    device.post(PATH, json!({"lengthOfGracePeriodInDays": days})).await.result(201)
}

async fn is_deleted(server: &Server, device: &Device) -> Value {
    server.anonymous().get(&format!("/Identities/IsDeleted?username={}", device.username)).await.result(200)
}

#[tokio::test]
async fn a_process_is_started_and_cancelled_and_started_again() {
    let server = Server::start().await;
    let (peer, mut device, relationship) = server.related().await;
    peer.create_datawallet().await;
    device.create_datawallet().await;
    peer.sync().await;
    let process = device.post(PATH, json!([])).await;
    process.fails(400, "inputCannotBeParsed");
    let process = device.post(PATH, json!({})).await.result(201);
    let id = process["id"].as_str().unwrap().to_owned();
    assert_eq!(
        process,
        json!({
            "id": id, "status": "Active", "createdAt": "2026-01-01T00:00:00.000Z", "createdByDevice": device.id,
            "approvedAt": "2026-01-01T00:00:00.000Z", "approvedByDevice": device.id,
            "gracePeriodEndsAt": "2026-01-15T00:00:00.000Z", "gracePeriodReminder1SentAt": null,
            "gracePeriodReminder2SentAt": null, "gracePeriodReminder3SentAt": null,
        })
    );
    let own = device.get("/Identities/Self").await.result(200);
    assert_eq!((&own["status"], &own["tierId"]), (&json!("ToBeDeleted"), &json!("TIR00000000000000001")));
    let second = device.post(PATH, json!({})).await;
    second.fails(400, "validation.device.onlyOneActiveDeletionProcessAllowed");
    let payload = json!({"relationshipId": relationship, "deletionDate": "2026-01-15T00:00:00.000Z"});
    assert_eq!(peer.sync().await, [("PeerToBeDeleted".to_owned(), payload)]);
    assert_eq!(is_deleted(&server, &device).await["isDeleted"], false);

    let cancel = format!("{PATH}/{id}/Cancel");
    let cancelled = device.put(&cancel, json!({})).await.result(200);
    assert_eq!((&cancelled["status"], &cancelled["gracePeriodEndsAt"]), (&json!("Cancelled"), &Value::Null));
    let again = device.put(&cancel, json!({})).await;
    again.fails(400, "validation.device.deletionProcessIsNotInRequiredStatus");
    let payload = json!({"relationshipId": relationship});
    assert_eq!(peer.sync().await, [("PeerDeletionCancelled".to_owned(), payload)]);
    assert_eq!(device.get("/Identities/Self").await.result(200)["status"], "Active");
    start(&device, 1.5).await;
    assert_eq!(device.get(PATH).await.result(200).as_array().unwrap().len(), 2);
    assert_eq!(device.get(&format!("{PATH}/{id}")).await.result(200), cancelled);
    peer.get(&format!("{PATH}/{id}")).await.fails(404, "recordNotFound");
    let unknown = peer.put(&cancel, json!({})).await;
    unknown.fails(404, "recordNotFound");
    assert_eq!(unknown.json(404)["error"]["message"], "IdentityDeletionProcess not found");
    device.log_in().await;
}

#[tokio::test]
async fn an_identity_in_deletion_creates_nothing_but_can_be_written_to() {
    let server = Server::start().await;
    let (peer, device, _) = server.related().await;
    let stranger = server.identity().await;
    device.create_datawallet().await;
    let template = device.template(&server).await;
    start(&device, 14.0).await;
    let exhausted = device.send_message(&peer).await;
    exhausted.fails(429, "quotaExhausted");
    assert_eq!(exhausted.json(429)["error"]["data"][0]["metricKey"], "NumberOfSentMessages");
    device.post("/Tokens", json!({"expiresAt": server.in_minutes(1)})).await.fails(429, "quotaExhausted");
    device.post("/RelationshipTemplates", json!({"content": "AAAA"})).await.fails(429, "quotaExhausted");
    let sync = device.start_sync_run("ExternalEventSync").await;
    sync.fails(400, "validation.syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted");
    peer.send_message(&device).await.result(201);
    let code = "validation.relationship.peerIsToBeDeleted";
    let can_create = stranger.get(&format!("/Relationships/CanCreate?peer={}", device.address)).await.result(200);
    assert_eq!(can_create, json!({"canCreate": false, "code": format!("error.platform.{code}")}));
    stranger.post("/Relationships", json!({"relationshipTemplateId": template})).await.fails(400, code);
}

#[tokio::test]
async fn a_grace_period_of_zero_is_over_at_once() {
    let server = Server::start().await;
    let device = server.identity().await;
    let process = start(&device, 0.0).await;
    let expected = json!({"isDeleted": true, "deletionDate": process["gracePeriodEndsAt"]});
    assert_eq!(is_deleted(&server, &device).await, expected);
    assert_eq!(device.log_in_again().await.json(400)["error"], "invalid_grant");
    let cancel = format!("{PATH}/{}/Cancel", process["id"].as_str().unwrap());
    device.put(&cancel, json!({})).await.fails(400, "validation.device.gracePeriodHasAlreadyExpired");
}

#[tokio::test]
async fn the_deletion_removes_an_identity_and_notifies_its_peers() {
    let server = Server::start().await;
    let (peer, device, relationship) = server.related().await;
    let requestor = server.identity().await;
    let request = pending(&device, &requestor).await;
    for device in [&peer, &requestor] {
        device.create_datawallet().await;
        device.sync().await;
    }
    let message = peer.send_message(&device).await.id(201);
    device.send_message(&peer).await.result(201);
    start(&device, 0.0).await;
    pass(&server, 1);
    assert!(peer.sync().await.len() == 2);
    let deleted = server.backbone.delete_expired_identities().await.unwrap();
    assert_eq!(deleted, [core_types::IdentityAddress::new(device.address.as_str())]);
    assert!(server.backbone.delete_expired_identities().await.unwrap().is_empty());

    let gone = is_deleted(&server, &device).await;
    assert_eq!(gone, json!({"isDeleted": true, "deletionDate": "2026-01-01T00:00:01.000Z"}));
    assert_eq!(device.log_in_again().await.json(400)["error"], "invalid_grant");
    device.get("/Devices/Self").await.is_empty_with(401);
    let can_create = peer.get(&format!("/Relationships/CanCreate?peer={}", device.address)).await;
    assert!(can_create.json(404)["error"]["message"].as_str().unwrap().starts_with("Identity not found."));

    let payload = json!({"relationshipId": relationship, "deletionDate": "2026-01-01T00:00:01.000Z"});
    let events = peer.sync().await;
    assert_eq!(events[0], ("PeerDeleted".to_owned(), payload));
    assert_eq!(events[1], ("RelationshipStatusChanged".to_owned(), json!({"relationshipId": relationship})));
    assert_eq!(requestor.synced_types().await, ["PeerToBeDeleted", "PeerDeleted", "RelationshipStatusChanged"]);

    let pseudonym = json!(core_types::identity_address::backbone_pseudonym("localhost"));
    let stored = peer.get(&format!("/Relationships/{relationship}")).await.result(200);
    assert_eq!((&stored["status"], &stored["from"]), (&json!("DeletionProposed"), &pseudonym));
    let last = stored["auditLog"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["reason"], &last["createdByDevice"]),
        (&json!("DecompositionDueToIdentityDeletion"), &Value::Null)
    );
    assert_eq!(last["createdBy"], pseudonym);
    let own = peer.get(&format!("/Messages/{message}")).await.result(200);
    assert_eq!(own["recipients"][0]["address"], pseudonym);
    assert_eq!(requestor.get(&format!("/Relationships/{request}")).await.result(200)["status"], "DeletionProposed");
    peer.put(&format!("/Relationships/{relationship}/Decompose"), json!({})).await.result(200);
}
