use serde_json::{Value, json};

use crate::support::{Device, Server, pass, pending};

const PREFIX: &str = "validation.relationship.";

async fn act(device: &Device, id: &str, action: &str) -> crate::support::Answer {
    device.put(&format!("/Relationships/{id}/{action}"), json!({})).await
}

#[track_caller]
fn refused(answer: &crate::support::Answer, code: &str) {
    answer.fails(400, &format!("{PREFIX}{code}"));
}

/// The audit log of an answer as `reason:newStatus`.
fn log(metadata: &Value) -> Vec<String> {
    let entries = metadata["auditLog"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| format!("{}:{}", entry["reason"].as_str().unwrap(), entry["newStatus"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_request_is_created_and_accepted() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    for device in [&templator, &requestor] {
        device.create_datawallet().await;
    }
    let template = templator.template(&server).await;
    let body = json!({"relationshipTemplateId": template, "creationContent": "-_8"});
    let created = requestor.post("/Relationships", body).await.result(201);
    let id = created["id"].as_str().unwrap();
    let entry = json!({
        "createdAt": "2026-01-01T00:00:00.000Z", "createdBy": requestor.address, "createdByDevice": requestor.id,
        "reason": "Creation", "oldStatus": null, "newStatus": "Pending",
    });
    let metadata = json!({
        "id": id, "relationshipTemplateId": template, "from": requestor.address, "to": templator.address,
        "createdAt": "2026-01-01T00:00:00.000Z", "status": "Pending", "auditLog": [entry],
    });
    assert_eq!(created, metadata);
    let changed = || [("RelationshipStatusChanged".to_owned(), json!({"relationshipId": id}))];
    assert_eq!(templator.sync().await, changed());
    assert!(requestor.sync().await.is_empty());

    let full = templator.get(&format!("/Relationships/{id}")).await.result(200);
    assert_eq!((&full["creationContent"], &full["creationResponseContent"]), (&json!("-_8"), &Value::Null));
    let body = json!({"creationResponseContent": "AAAA"});
    let accepted = templator.put(&format!("/Relationships/{id}/Accept"), body).await.result(200);
    assert_eq!(accepted["status"], "Active");
    assert_eq!(log(&accepted), ["Creation:Pending", "AcceptanceOfCreation:Active"]);
    assert_eq!(accepted["auditLog"][1]["oldStatus"], "Pending");
    assert!(accepted.get("creationContent").is_none());
    assert_eq!(requestor.sync().await, changed());
    let listed = requestor.get(&format!("/Relationships?ids={id}")).await.result(200);
    assert_eq!(listed[0]["creationResponseContent"], "AAAA");
    assert_eq!(listed[0], requestor.get(&format!("/Relationships/{id}")).await.result(200));
}

#[tokio::test]
async fn an_absent_response_content_is_empty_and_null_stays_null() {
    let server = Server::start().await;
    let templator = server.identity().await;
    for (body, expected) in [(json!({}), json!("")), (json!({"creationResponseContent": null}), Value::Null)] {
        let requestor = server.identity().await;
        let id = pending(&templator, &requestor).await;
        templator.put(&format!("/Relationships/{id}/Reject"), body).await.result(200);
        let full = requestor.get(&format!("/Relationships/{id}")).await.result(200);
        assert_eq!(full["creationResponseContent"], expected);
    }
}

#[tokio::test]
async fn only_participants_see_a_relationship() {
    let server = Server::start().await;
    let (templator, _, id) = server.related().await;
    let stranger = server.identity().await;
    stranger.get(&format!("/Relationships/{id}")).await.fails(404, "recordNotFound");
    act(&stranger, &id, "Terminate").await.fails(404, "recordNotFound");
    assert_eq!(stranger.get(&format!("/Relationships?ids={id}")).await.result(200), json!([]));
    templator.get("/Relationships").await.fails(400, "validation.invalidPropertyValue");
    templator.get("/Relationships/RELx-").await.fails(400, "validation.invalidPropertyValue");
}

#[tokio::test]
async fn creation_is_refused_with_the_reason() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    let create = async |device: &Device, template: &str| {
        device.post("/Relationships", json!({"relationshipTemplateId": template})).await
    };
    create(&requestor, "RLT00000000000000000").await.fails(404, "recordNotFound");
    create(&requestor, "REL00000000000000000").await.fails(400, "validation.invalidPropertyValue");
    let own = templator.template(&server).await;
    refused(&create(&templator, &own).await, "cannotCreateRelationshipWithYourself");
    let guarded =
        templator.post("/RelationshipTemplates", json!({"content": "AAAA", "password": "AAAA"})).await.id(201);
    create(&requestor, &guarded).await.fails(404, "recordNotFound");
    requestor.get(&format!("/RelationshipTemplates/{guarded}?password=AAAA")).await.result(200);
    create(&requestor, &guarded).await.result(201);
    refused(&create(&requestor, &own).await, "relationshipToTargetAlreadyExists");
    let reverse = requestor.template(&server).await;
    refused(&create(&templator, &reverse).await, "relationshipToTargetAlreadyExists");
    requestor.post("/Relationships", json!({})).await.fails(400, "inputCannotBeParsed");
}

#[tokio::test]
async fn parallel_requests_make_one_relationship() {
    let server = Server::start().await;
    let (one, other) = (server.identity().await, server.identity().await);
    let (of_one, of_other) = (one.template(&server).await, other.template(&server).await);
    let attempts = (0..6).map(|number| {
        let (device, template) =
            if number % 2 == 0 { (one.clone(), of_other.clone()) } else { (other.clone(), of_one.clone()) };
        tokio::spawn(
            async move { device.post("/Relationships", json!({"relationshipTemplateId": template})).await.status },
        )
    });
    let mut created = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        created += usize::from(attempt.await.unwrap() == 201);
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn can_create_gives_the_reason_against_it() {
    let server = Server::start().await;
    let (one, other, id) = server.related().await;
    let stranger = server.identity().await;
    let can_create = async |peer: &str| one.get(&format!("/Relationships/CanCreate?peer={peer}")).await;
    let yes = json!({"canCreate": true, "code": null});
    let exists =
        json!({"canCreate": false, "code": "error.platform.validation.relationship.relationshipToTargetAlreadyExists"});
    assert_eq!(can_create(&stranger.address).await.result(200), yes);
    assert_eq!(can_create(&other.address).await.result(200), exists);
    act(&one, &id, "Terminate").await.result(200);
    act(&one, &id, "Decompose").await.result(200);
    assert_eq!(can_create(&other.address).await.result(200), exists);
    act(&other, &id, "Decompose").await.result(200);
    assert_eq!(can_create(&other.address).await.result(200), yes);
    let unknown = core_types::identity_address::compute_from_bytes(b"unknown", "localhost");
    let answer = can_create(unknown.as_str()).await;
    answer.fails(404, "recordNotFound");
    assert!(answer.json(404)["error"]["message"].as_str().unwrap().starts_with("Identity not found."));
    can_create("nobody").await.fails(400, "validation.invalidPropertyValue");
    one.get("/Relationships/CanCreate").await.fails(400, "inputCannotBeParsed");
}

#[tokio::test]
async fn requests_are_answered_by_the_right_side_once() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    templator.create_datawallet().await;
    let id = pending(&templator, &requestor).await;
    refused(&act(&requestor, &id, "Accept").await, "cannotAcceptOrRejectRelationshipAddressedToSomeoneElse");
    refused(&act(&requestor, &id, "Reject").await, "cannotAcceptOrRejectRelationshipAddressedToSomeoneElse");
    refused(&act(&templator, &id, "Revoke").await, "cannotRevokeRelationshipNotCreatedByYourself");
    for action in ["Terminate", "Reactivate", "Decompose"] {
        refused(&act(&templator, &id, action).await, "relationshipIsNotInCorrectStatus");
    }
    let revoked = act(&requestor, &id, "Revoke").await.result(200);
    assert_eq!(log(&revoked), ["Creation:Pending", "RevocationOfCreation:Revoked"]);
    // Two changes before a synchronization are two events.
    assert_eq!(templator.synced_types().await, ["RelationshipStatusChanged"; 2]);
    refused(&act(&templator, &id, "Accept").await, "relationshipIsNotInCorrectStatus");
    let request = templator.put(&format!("/Relationships/{id}/Accept"), json!([])).await;
    request.fails(400, "inputCannotBeParsed");
}

#[tokio::test]
async fn an_ended_request_allows_another_one_from_the_same_template() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    let template = templator.template(&server).await;
    for (device, end) in [(&templator, "Reject"), (&requestor, "Revoke")] {
        let id = requestor.post("/Relationships", json!({"relationshipTemplateId": template})).await.id(201);
        act(device, &id, end).await.result(200);
    }
    requestor.post("/Relationships", json!({"relationshipTemplateId": template})).await.result(201);
}

#[tokio::test]
async fn reactivation_is_requested_and_answered() {
    let server = Server::start().await;
    let (one, other, id) = server.related().await;
    for device in [&one, &other] {
        device.create_datawallet().await;
        device.sync().await;
    }
    act(&one, &id, "Terminate").await.result(200);
    refused(&act(&one, &id, "Reactivate/Revoke").await, "noRevocableReactivationRequestExists");
    refused(&act(&one, &id, "Reactivate/Accept").await, "noAcceptableRelationshipReactivationRequestExists");
    for (device, answer, reason, status) in [
        (&one, "Reactivate/Revoke", "RevocationOfReactivation", "Terminated"),
        (&other, "Reactivate/Reject", "RejectionOfReactivation", "Terminated"),
        (&other, "Reactivate/Accept", "AcceptanceOfReactivation", "Active"),
    ] {
        act(&one, &id, "Reactivate").await.result(200);
        let open = "cannotRequestReactivationWhenThereIsAnOpenReactivationRequest";
        refused(&act(&one, &id, "Reactivate").await, open);
        refused(&act(&other, &id, "Reactivate").await, open);
        refused(&act(&one, &id, "Reactivate/Accept").await, "noAcceptableRelationshipReactivationRequestExists");
        refused(&act(&one, &id, "Reactivate/Reject").await, "noRejectableReactivationRequestExists");
        refused(&act(&other, &id, "Reactivate/Revoke").await, "noRevocableReactivationRequestExists");
        let answered = act(device, &id, answer).await.result(200);
        assert_eq!(log(&answered).last().unwrap(), &format!("{reason}:{status}"));
        assert_eq!(answered["status"], status);
    }
    let (requested, completed) = ("RelationshipReactivationRequested", "RelationshipReactivationCompleted");
    assert_eq!(other.synced_types().await, ["RelationshipStatusChanged", requested, completed, requested, requested]);
    assert_eq!(one.synced_types().await, [completed, completed]);
}

#[tokio::test]
async fn each_side_decomposes_for_itself() {
    let server = Server::start().await;
    let (one, other, id) = server.related().await;
    for device in [&one, &other] {
        device.create_datawallet().await;
        device.sync().await;
    }
    act(&one, &id, "Terminate").await.result(200);
    pass(&server, 1);
    assert_eq!(act(&one, &id, "Decompose").await.result(200)["status"], "DeletionProposed");
    refused(&act(&one, &id, "Decompose").await, "relationshipAlreadyDecomposed");
    refused(&one.get(&format!("/Relationships/{id}")).await, "relationshipAlreadyDecomposed");
    assert_eq!(one.get(&format!("/Relationships?ids={id}")).await.result(200)[0]["status"], "DeletionProposed");
    assert_eq!(other.synced_types().await, ["RelationshipStatusChanged"; 2]);
    assert_eq!(other.get(&format!("/Relationships/{id}")).await.result(200)["status"], "DeletionProposed");
    let last = act(&other, &id, "Decompose").await.result(200);
    assert_eq!(
        log(&last)[2..],
        ["Termination:Terminated", "Decomposition:DeletionProposed", "Decomposition:ReadyForDeletion"]
    );
    refused(&other.get(&format!("/Relationships/{id}")).await, "relationshipAlreadyDecomposed");
    assert!(one.sync().await.is_empty());
    pending(&one, &other).await;
}
