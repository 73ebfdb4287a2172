use std::time::Duration;

use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::support::{Client, Server, pass, within};

async fn create(client: &Client, body: Value) -> String {
    client.post("/Tokens", body).await.id(201)
}

fn path(id: &str) -> String {
    format!("/Tokens/{id}")
}

#[tokio::test]
async fn reads_back_what_was_created() {
    let server = Server::start().await;
    let creator = server.identity().await;
    let id = create(&creator, json!({"content": "AAAA", "expiresAt": "9999-12-31T00:00:00.000Z"})).await;
    let expected = json!({
        "id": id, "createdBy": creator.address, "createdByDevice": creator.id, "forIdentity": null,
        "createdAt": "2026-01-01T00:00:00.000Z", "expiresAt": "9999-12-31T00:00:00.000Z", "isPasswordProtected": false,
        "content": "AAAA",
    });
    assert_eq!(server.anonymous().get(&path(&id)).await.result(200), expected);
    assert_eq!(server.identity().await.get(&path(&id)).await.result(200), expected);
}

#[tokio::test]
async fn an_empty_token_is_filled_once() {
    let server = Server::start().await;
    let (filler, other) = (server.identity().await, server.identity().await);
    let anonymous = server.anonymous();
    let id = create(&anonymous, json!({"expiresAt": server.in_minutes(2), "password": "AAAA"})).await;
    let empty = filler.get(&format!("{}?password=AAAA", path(&id))).await.result(200);
    assert!(empty["content"].is_null() && empty["createdBy"].is_null());
    assert_eq!(empty["isPasswordProtected"], true);
    assert_eq!(anonymous.get(&path(&id)).await.result(200), empty);

    let fill = format!("{}/UpdateContent", path(&id));
    filler
        .post(&fill, json!({"newContent": "", "password": "AAAA"}))
        .await
        .fails(400, "validation.invalidPropertyValue");
    filler.post(&fill, json!({"newContent": "BBBB", "password": "BBBB"})).await.fails(404, "recordNotFound");
    let filled = filler.post(&fill, json!({"id": id, "newContent": "BBBB", "password": "AAAA"})).await.result(200);
    assert_eq!(filled["createdBy"], filler.address.as_str());
    assert!(filled.get("content").is_none());
    let again = other.post(&fill, json!({"newContent": "CCCC", "password": "AAAA"})).await;
    again.fails(400, "token.contentUpdateNotPossibleBecauseContentAlreadyExists");
    anonymous.get(&path(&id)).await.fails(404, "recordNotFound");
    let read = anonymous.get(&format!("{}?password=AAAA", path(&id))).await.result(200);
    assert_eq!((&read["content"], &read["createdBy"]), (&json!("BBBB"), &json!(filler.address)));
    anonymous.post(&fill, json!({"newContent": "CCCC"})).await.is_empty_with(401);
}

#[tokio::test]
async fn refuses_bad_members() {
    let server = Server::start().await;
    let (device, anonymous) = (server.identity().await, server.anonymous());
    let soon = json!(server.in_minutes(1));
    for body in [
        json!({"content": "AAAA", "expiresAt": "2026-01-01T00:00:00.000Z"}),
        json!({"expiresAt": soon, "forIdentity": "nobody"}),
        json!({"expiresAt": soon, "password": ""}),
    ] {
        device.post("/Tokens", body).await.fails(400, "validation.invalidPropertyValue");
    }
    device.post("/Tokens", json!({"content": "AAAA"})).await.fails(400, "inputCannotBeParsed");
    device.post("/Tokens", json!({"expiresAt": "+010000-01-01T00:00:00.000Z"})).await.fails(400, "inputCannotBeParsed");
    for body in [json!({"content": "AAAA", "expiresAt": soon}), json!({"expiresAt": server.in_minutes(5)})] {
        anonymous.post("/Tokens", body).await.fails(400, "validation.invalidPropertyValue");
    }
}

#[tokio::test]
async fn a_token_stays_readable_for_its_readers() {
    let server = Server::start().await;
    let (mut creator, mut reader, mut other) =
        (server.identity().await, server.identity().await, server.identity().await);
    let id = create(&creator, json!({"content": "AAAA", "expiresAt": server.in_minutes(1), "password": "AAAA"})).await;
    reader.get(&format!("{}?password=AAAA", path(&id))).await.result(200);
    reader.get(&path(&id)).await.result(200);
    pass(&server, 60);
    for device in [&mut creator, &mut reader, &mut other] {
        device.log_in().await;
    }
    reader.get(&path(&id)).await.result(200);
    creator.get(&path(&id)).await.result(200);
    other.get(&format!("{}?password=AAAA", path(&id))).await.fails(404, "recordNotFound");
    let listed = |query: &str| format!("/Tokens?{query}");
    assert_eq!(reader.get(&listed(&format!("ids={id}"))).await.result(200).as_array().unwrap().len(), 1);
    assert_eq!(other.get(&listed(&format!("tokens.0.id={id}"))).await.result(200), json!([]));
    reader.get("/Tokens").await.fails(400, "validation.invalidPropertyValue");
}

#[tokio::test]
async fn personalized_tokens_are_for_one_identity() {
    let server = Server::start().await;
    let (creator, reader, other) = (server.identity().await, server.identity().await, server.identity().await);
    let body = json!({"content": "AAAA", "expiresAt": server.in_minutes(10), "forIdentity": reader.address});
    let id = create(&creator, body).await;
    other.get(&path(&id)).await.fails(404, "recordNotFound");
    server.anonymous().get(&path(&id)).await.fails(404, "recordNotFound");
    reader.get(&path(&id)).await.result(200);
    reader.delete(&path(&id)).await.fails(403, "forbidden");
    creator.delete(&path(&id)).await.is_empty_with(204);
    creator.get(&path(&id)).await.fails(404, "recordNotFound");
}

#[tokio::test]
async fn a_hundred_wrong_passwords_lock_a_token() {
    let server = Server::start().await;
    let (creator, reader, guesser) = (server.identity().await, server.identity().await, server.identity().await);
    creator.create_datawallet().await;
    let id = create(&creator, json!({"content": "AAAA", "expiresAt": server.in_minutes(10), "password": "AAAA"})).await;
    reader.get(&format!("{}?password=AAAA", path(&id))).await.result(200);
    for _ in 0..99 {
        guesser.get(&format!("{}?password=BBBB", path(&id))).await.fails(404, "recordNotFound");
    }
    let locked = "token.tooManyFailedPasswordAttempts";
    server.anonymous().get(&path(&id)).await.fails(400, locked);
    guesser.get(&format!("{}?password=AAAA", path(&id))).await.fails(400, locked);
    guesser.post(&format!("{}/UpdateContent", path(&id)), json!({"newContent": "BBBB"})).await.fails(400, locked);
    reader.get(&path(&id)).await.result(200);
    creator.get(&path(&id)).await.result(200);
    assert_eq!(creator.sync().await, [("TokenLocked".to_owned(), json!({"tokenId": id}))]);
}

#[tokio::test]
async fn a_client_that_does_not_read_large_tokens_gets_its_share_of_the_memory_only() {
    let server = Server::start().await;
    let device = server.identity().await;
    let content = "A".repeat(12 * 1024 * 1024);
    let id = create(&device, json!({"content": content, "expiresAt": "9999-12-31T00:00:00.000Z"})).await;
    let (anonymous, path) = (server.anonymous(), path(&id));
    // Of everybody's 40 MiB each answer takes 12.
    for client in [&anonymous, &device] {
        let mut silent = Vec::new();
        for _ in 0..3 {
            silent.push(within(client.begin(&path)).await);
        }
        let mut further = Box::pin(client.begin(&path));
        assert!(tokio::time::timeout(Duration::from_millis(300), &mut further).await.is_err());
        // Small tokens need none.
        assert_eq!(within(client.get("/Version")).await.status, 200);
        let mut first = silent.swap_remove(0).into_body();
        let bytes = first.frame().await.unwrap().unwrap();
        drop(first);
        assert!(tokio::time::timeout(Duration::from_millis(300), &mut further).await.is_err());
        drop(bytes);
        assert_eq!(within(further).await.status(), 200);
    }
}
