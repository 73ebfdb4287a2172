use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn answers_with_version_and_health() {
    let server = Server::start().await;
    assert_eq!(server.anonymous().get("/Version").await.json(200), json!({"result": {"majorVersion": "7"}}));
    let health = server.anonymous().send(Request::get("/health").body(Body::empty()).unwrap()).await;
    assert_eq!((health.status, health.body.as_ref()), (200, b"Healthy".as_slice()));
}

#[tokio::test]
async fn unchanged_tags_are_not_sent_again() {
    let server = Server::start().await;
    let client = server.anonymous();
    let first = client.get("/Tags").await;
    assert_eq!(first.result(200), json!({"supportedLanguages": ["en"], "tagsForAttributeValueTypes": {}}));
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'));
    for header in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}")] {
        let request = Request::get("/api/v2/Tags").header("if-none-match", header).body(Body::empty()).unwrap();
        client.send(request).await.is_empty_with(304);
    }
    let request = Request::get("/api/v2/Tags").header("if-none-match", "\"other\"").body(Body::empty()).unwrap();
    client.send(request).await.result(200);
}

#[tokio::test]
async fn collections_without_entries_are_empty() {
    let server = Server::start().await;
    let device = server.identity().await;
    assert_eq!(device.get("/Announcements?language=de").await.result(200), json!([]));
    device.get("/Announcements?language=xx").await.fails(400, "validation.invalidPropertyValue");
    device.get("/Announcements").await.fails(400, "inputCannotBeParsed");
    let request = || Request::get("/api/poc/PublicRelationshipTemplateReferences").body(Body::empty()).unwrap();
    assert_eq!(device.send(request()).await.result(200), json!([]));
    server.anonymous().send(request()).await.is_empty_with(401);
}

#[tokio::test]
async fn notifications_go_to_related_identities_with_a_known_code() {
    let server = Server::start_with(|config| config.notification_codes = vec!["TestCode".to_owned()]).await;
    let (one, other, relationship) = server.related().await;
    let stranger = server.identity().await;
    let send = async |recipients: &[&str], code: &str| {
        one.post("/Notifications", json!({"recipients": recipients, "code": code})).await
    };
    send(&[&other.address], "TestCode").await.is_empty_with(204);
    send(&[&other.address], "Other").await.fails(400, "validation.notification.codeDoesNotExist");
    let none = "validation.notification.noRelationshipToOneOrMoreRecipientsExists";
    send(&[&other.address, &stranger.address], "TestCode").await.fails(400, none);
    send(&[], "TestCode").await.fails(400, "validation.invalidPropertyValue");
    send(&["nobody"], "TestCode").await.fails(400, "validation.invalidPropertyValue");
    one.put(&format!("/Relationships/{relationship}/Terminate"), json!({})).await.result(200);
    send(&[&other.address], "TestCode").await.is_empty_with(204);
    one.put(&format!("/Relationships/{relationship}/Decompose"), json!({})).await.result(200);
    let ended = "validation.notification.relationshipToRecipientIsNotInCorrectStatus";
    send(&[&other.address], "TestCode").await.fails(400, ended);
}
