use serde_json::{Value, json};

use crate::support::{Device, Server, pass, pending};

/// Standard base64 with the characters that need escaping.
const PASSWORD: &str = "+/8=";
const PASSWORD_ESCAPED: &str = "%2B%2F8%3D";

const NOT_FOUND_MESSAGE: &str = "RelationshipTemplate not found. Make sure the ID exists and the record is not expired. \
     If a password is required to fetch the record, make sure you passed the correct one.";

async fn create(device: &Device, body: Value) -> String {
    device.post("/RelationshipTemplates", body).await.id(201)
}

fn path(id: &str) -> String {
    format!("/RelationshipTemplates/{id}")
}

#[tokio::test]
async fn reads_back_what_was_created() {
    let server = Server::start().await;
    let (creator, reader) = (server.identity().await, server.identity().await);
    let id = create(&creator, json!({"content": "-_8", "expiresAt": "9999-12-31T00:00:00.000Z"})).await;
    let expected = json!({
        "id": id, "createdBy": creator.address, "createdByDevice": creator.id, "maxNumberOfAllocations": null,
        "expiresAt": "9999-12-31T00:00:00.000Z", "content": "-_8", "createdAt": "2026-01-01T00:00:00.000Z", "forIdentity": null,
    });
    assert_eq!(reader.get(&path(&id)).await.result(200), expected);
    assert_eq!(creator.get(&path(&id)).await.result(200), expected);
}

#[tokio::test]
async fn refuses_bad_members() {
    let server = Server::start().await;
    let device = server.identity().await;
    for (member, value) in [
        ("expiresAt", json!("2026-01-01T00:00:00.000Z")),
        ("maxNumberOfAllocations", json!(0)),
        ("maxNumberOfAllocations", json!(-1)),
        ("forIdentity", json!("did:e:localhost:dids:0000000000000000000000")),
        ("password", json!("")),
        ("password", json!("A".repeat(268))),
    ] {
        let answer = device.post("/RelationshipTemplates", json!({"content": "AAAA", member: value})).await;
        answer.fails(400, "validation.invalidPropertyValue");
    }
    for body in
        [json!({}), json!({"content": null}), json!({"content": "%"}), json!({"content": "AAAA", "expiresAt": "soon"})]
    {
        device.post("/RelationshipTemplates", body).await.fails(400, "inputCannotBeParsed");
    }
}

#[tokio::test]
async fn a_password_is_asked_once_and_never_from_the_creator() {
    let server = Server::start().await;
    let (creator, reader) = (server.identity().await, server.identity().await);
    let id = create(&creator, json!({"content": "AAAA", "password": "-_8"})).await;
    let refused = reader.get(&path(&id)).await;
    refused.fails(404, "recordNotFound");
    assert_eq!(refused.json(404)["error"]["message"], NOT_FOUND_MESSAGE);
    reader.get(&format!("{}?password=AAAA", path(&id))).await.fails(404, "recordNotFound");
    reader.get(&format!("{}?password=%25", path(&id))).await.fails(400, "inputCannotBeParsed");
    reader.get(&format!("{}?Password={PASSWORD_ESCAPED}", path(&id))).await.result(200);
    reader.get(&path(&id)).await.result(200);
    creator.get(&path(&id)).await.result(200);
}

#[tokio::test]
async fn personalized_templates_are_invisible_to_others() {
    let server = Server::start().await;
    let (creator, reader, other) = (server.identity().await, server.identity().await, server.identity().await);
    let id = create(&creator, json!({"content": "AAAA", "forIdentity": reader.address})).await;
    other.get(&path(&id)).await.fails(404, "recordNotFound");
    other.delete(&path(&id)).await.fails(404, "recordNotFound");
    reader.get(&path(&id)).await.result(200);
    reader.delete(&path(&id)).await.fails(403, "forbidden");
    creator.delete(&path(&id)).await.is_empty_with(204);
    creator.delete(&path(&id)).await.fails(404, "recordNotFound");
    reader.get(&path(&id)).await.fails(404, "recordNotFound");
}

#[tokio::test]
async fn expired_templates_stay_visible_to_those_related_by_them() {
    let server = Server::start().await;
    let (mut creator, mut reader, mut other) =
        (server.identity().await, server.identity().await, server.identity().await);
    let body = || json!({"content": "AAAA", "expiresAt": server.in_minutes(10)});
    let (used, unused) = (create(&creator, body()).await, create(&creator, body()).await);
    reader.post("/Relationships", json!({"relationshipTemplateId": used})).await.result(201);
    other.get(&path(&used)).await.result(200);
    pass(&server, 600);
    for device in [&mut creator, &mut reader, &mut other] {
        device.log_in().await;
    }
    creator.get(&path(&used)).await.result(200);
    reader.get(&path(&used)).await.result(200);
    other.get(&path(&used)).await.fails(404, "recordNotFound");
    creator.get(&path(&unused)).await.fails(404, "recordNotFound");
}

#[tokio::test]
async fn the_creator_is_notified_of_the_last_allocation() {
    let server = Server::start().await;
    let creator = server.identity().await;
    creator.create_datawallet().await;
    let id = create(&creator, json!({"content": "AAAA", "maxNumberOfAllocations": 1})).await;
    creator.get(&path(&id)).await.result(200);
    assert!(creator.sync().await.is_empty());
    let (first, second) = (server.identity().await, server.identity().await);
    first.get(&path(&id)).await.result(200);
    first.get(&path(&id)).await.result(200);
    let exhausted = "validation.relationshipTemplate.maxNumberOfAllocationsExhausted";
    second.get(&path(&id)).await.fails(400, exhausted);
    second.post("/Relationships", json!({"relationshipTemplateId": id})).await.fails(400, exhausted);
    let expected = ("RelationshipTemplateAllocationsExhausted".to_owned(), json!({"relationshipTemplateId": id}));
    assert_eq!(creator.sync().await, [expected]);
}

#[tokio::test]
async fn parallel_readers_do_not_over_allocate() {
    let server = Server::start().await;
    let creator = server.identity().await;
    creator.create_datawallet().await;
    let widest = json!({"content": "AAAA", "maxNumberOfAllocations": 2_147_483_647});
    creator.post("/RelationshipTemplates", widest).await.result(201);
    for number in [2_147_483_648_i64, 99_999_999_999, -2_147_483_649] {
        let body = json!({"content": "AAAA", "maxNumberOfAllocations": number});
        creator.post("/RelationshipTemplates", body).await.fails(400, "inputCannotBeParsed");
    }
    let id = create(&creator, json!({"content": "AAAA", "maxNumberOfAllocations": 3})).await;
    let mut readers = Vec::new();
    for _ in 0..8 {
        let (reader, path) = (server.identity().await, path(&id));
        readers.push(tokio::spawn(async move { reader.get(&path).await.status }));
    }
    let mut statuses = Vec::new();
    for reader in readers {
        statuses.push(reader.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 400, 400, 400, 400, 400]);
    assert_eq!(creator.synced_types().await, ["RelationshipTemplateAllocationsExhausted"]);
}

#[tokio::test]
async fn lists_readable_templates_without_allocating() {
    let server = Server::start().await;
    let (creator, reader) = (server.identity().await, server.identity().await);
    let open = create(&creator, json!({"content": "AAAA", "maxNumberOfAllocations": 1})).await;
    let guarded = create(&creator, json!({"content": "AAAA", "password": PASSWORD})).await;
    let foreign = create(&creator, json!({"content": "AAAA", "forIdentity": creator.address})).await;
    let query = format!(
        "/RelationshipTemplates?templates.0.id={open}&templates.1.id={guarded}&templates.1.password={PASSWORD_ESCAPED}\
         &templates.2.id={foreign}&ids={guarded}"
    );
    let listed = reader.get(&query).await.json(200);
    assert_eq!(listed["result"].as_array().unwrap().len(), 2);
    assert!(listed.get("pagination").is_none());
    let without_password = format!("/RelationshipTemplates?ids={guarded}");
    assert_eq!(reader.get(&without_password).await.result(200), json!([]));
    server.identity().await.get(&path(&open)).await.result(200);
    reader.get("/RelationshipTemplates").await.fails(400, "validation.invalidPropertyValue");
    reader.get("/RelationshipTemplates?ids=x").await.fails(400, "validation.invalidPropertyValue");
}

#[tokio::test]
async fn relationships_outlive_their_template() {
    let server = Server::start().await;
    let (creator, reader) = (server.identity().await, server.identity().await);
    let relationship = pending(&creator, &reader).await;
    let stored = reader.get(&format!("/Relationships/{relationship}")).await.result(200);
    let template = stored["relationshipTemplateId"].as_str().unwrap();
    creator.delete(&path(template)).await.is_empty_with(204);
    let stored = reader.get(&format!("/Relationships/{relationship}")).await.result(200);
    assert!(stored["relationshipTemplateId"].is_null());
}
