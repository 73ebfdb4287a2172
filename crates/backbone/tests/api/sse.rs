use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use backbone_api::paths;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{Device, PASSWORD, Server, pass, pending, within};

#[tokio::test]
async fn a_stream_over_a_socket_has_the_documented_form() {
    let server = Server::start_with(|config| config.sse_keep_alive = Duration::from_millis(50)).await;
    let (one, other, _) = server.related().await;
    let serving = server.serve().await;
    let client = reqwest::Client::builder().build().unwrap();
    let listen = async |path: &str, token: Option<&str>| {
        let request = client.get(format!("http://localhost:{}{path}", serving.port));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        within(request.send()).await.unwrap()
    };
    for token in [None, Some("wrong")] {
        let refused = listen(paths::SSE, token).await;
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["www-authenticate"]),
            (401, &"Bearer".parse().unwrap())
        );
        assert!(refused.text().await.unwrap().is_empty());
    }
    let mut streams = Vec::new();
    for path in [paths::SSE, paths::SSE_V2, "/api/v2/SSE"] {
        let stream = listen(path, one.token.as_deref()).await;
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        assert_eq!(stream.headers()["cache-control"], "no-cache");
        assert_eq!(stream.headers()["connection"], "keep-alive");
        streams.push((stream, String::new()));
    }
    other.send_message(&one).await.result(201);
    for (stream, text) in &mut streams {
        while !(text.contains("ExternalEventCreated") && text.contains("keep-alive")) {
            let chunk = within(stream.chunk()).await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        let frames: Vec<_> = text.split_inclusive("\n\n").collect();
        assert_eq!(frames[0], "event: ConnectionOpened\ndata: _\n\n");
        assert!(frames.contains(&"event: ExternalEventCreated\ndata: _\n\n"), "{text}");
        assert!(frames.contains(&"event: keep-alive\ndata: _\n\n"), "{text}");
    }
    // Streams are ended, not waited for.
    within(serving.stop()).await;
    for (stream, _) in &mut streams {
        while within(stream.chunk()).await.unwrap().is_some() {}
    }
}

#[tokio::test]
async fn each_notification_reaches_those_it_is_for() {
    let server = Server::start().await;
    let (device, peer, relationship) = server.related().await;
    device.create_datawallet().await;
    let second = device.further_device().await;
    let stranger = server.identity().await;
    let (mut first, mut other) = (device.listen().await, second.listen().await);
    let mut elsewhere = stranger.listen().await;

    let item = json!({
        "objectIdentifier": "A", "type": "Create", "payloadCategory": null, "collection": "Files", "encryptedPayload": "AAAA",
        "datawalletVersion": 1,
    });
    device.post("/Datawallet/Modifications", json!({"modifications": [item]})).await.result(201);
    other.expect("DatawalletModificationsCreated").await;

    let body = json!({"content": "AAAA", "expiresAt": server.in_minutes(60), "password": "AAAA"});
    let token = device.post("/Tokens", body).await.id(201);
    for _ in 0..100 {
        stranger.get(&format!("/Tokens/{token}?password=BBBB")).await;
    }
    first.expect_all(["ExternalEventCreated", "TokenLocked"]).await;
    other.expect_all(["ExternalEventCreated", "TokenLocked"]).await;

    let challenge = device.signed_challenge().await;
    let body = json!({"devicePassword": PASSWORD, "signedChallenge": challenge, "isBackupDevice": true});
    let backup = device.post("/Devices", body).await.result(201)["username"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        device.log_in_as(&backup, PASSWORD).await.json(200);
    }
    first.expect("BackupDeviceUsed").await;
    other.expect("BackupDeviceUsed").await;

    let process = device.post("/Identities/Self/DeletionProcesses", json!({})).await.id(201);
    first.expect("DeletionProcessStarted").await;
    other.expect("DeletionProcessStarted").await;
    // An Identity in deletion is not notified of external events; it could not fetch them.
    peer.send_message(&device).await.result(201);
    device.put(&format!("/Identities/Self/DeletionProcesses/{process}/Cancel"), json!({})).await.result(200);
    first.expect("DeletionProcessCancelledByOwner").await;
    peer.put(&format!("/Relationships/{relationship}/Terminate"), json!({})).await.result(200);
    first.expect("ExternalEventCreated").await;

    device.post("/Identities/Self/DeletionProcesses", json!({"lengthOfGracePeriodInDays": 0})).await.result(201);
    first.expect("DeletionProcessStarted").await;
    server.backbone.maintain().await.unwrap();
    first.expect("DeletionStarts").await;
    assert_eq!(first.next().await, None);
    server.backbone.close().await;
    assert_eq!(elsewhere.next().await, None);
}

#[tokio::test]
async fn postponed_messages_are_announced_when_they_are_released() {
    let server = Server::start().await;
    let (templator, requestor, relationship) = server.related().await;
    let act = async |device: &Device, action: &str| {
        device.put(&format!("/Relationships/{relationship}/{action}"), json!({})).await.result(200);
    };
    act(&requestor, "Terminate").await;
    let mut own = requestor.listen().await;
    let mut peers = templator.listen().await;
    templator.send_message(&requestor).await.result(201);
    act(&requestor, "Reactivate").await;
    peers.expect("ExternalEventCreated").await;
    act(&templator, "Reactivate/Accept").await;
    // One for the reactivation and the message, which wait together.
    own.expect("ExternalEventCreated").await;
    // The acceptance releases what was sent to the accepting side too.
    act(&requestor, "Terminate").await;
    peers.expect("ExternalEventCreated").await;
    requestor.send_message(&templator).await.result(201);
    act(&requestor, "Reactivate").await;
    peers.expect("ExternalEventCreated").await;
    act(&templator, "Reactivate/Accept").await;
    peers.expect("ExternalEventCreated").await;
}

#[tokio::test]
async fn a_pending_request_releases_messages_when_it_is_accepted() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    let relationship = pending(&templator, &requestor).await;
    let mut events = templator.listen().await;
    requestor.send_message(&templator).await.result(201);
    templator.put(&format!("/Relationships/{relationship}/Accept"), json!({})).await.result(200);
    events.expect("ExternalEventCreated").await;
}

#[tokio::test]
async fn a_failed_request_notifies_no_listener() {
    let server = Server::start().await;
    let (templator, requestor, _) = server.related().await;
    let mut events = templator.listen().await;
    let template = json!({"content": "AAAA", "maxNumberOfAllocations": 1});
    let template = templator.post("/RelationshipTemplates", template).await.id(201);
    // Takes the last allocation, of which the templator would be notified, before it fails.
    let failed = requestor.post("/Relationships", json!({"relationshipTemplateId": template})).await;
    failed.fails(400, "validation.relationship.relationshipToTargetAlreadyExists");
    templator.post("/Identities/Self/DeletionProcesses", json!({})).await.result(201);
    events.expect("DeletionProcessStarted").await;
}

#[tokio::test]
async fn a_client_that_does_not_read_gets_each_event_once() {
    let server = Server::start_with(|config| config.max_unreceived_messages = 100).await;
    let (one, other, _) = server.related().await;
    let mut events = one.listen().await;
    for _ in 0..100 {
        other.send_message(&one).await.result(201);
    }
    one.post("/Identities/Self/DeletionProcesses", json!({})).await.result(201);
    events.expect_all(["ExternalEventCreated", "DeletionProcessStarted"]).await;
}

async fn registrations(server: &Server) -> Vec<(String, String)> {
    let path = format!("sqlite://{}", server.folder().join("backbone.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    let query = "SELECT push_platform, push_identifier FROM devices WHERE push_platform IS NOT NULL";
    sqlx::query_as(query).fetch_all(&mut connection).await.unwrap()
}

/// The removal is a task of its own.
async fn unregistered(server: &Server) {
    within(async {
        while !registrations(server).await.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_the_push_registration_of_its_device() {
    let mut server = Server::start().await;
    let mut device = server.identity().await;
    let register = async |device: &Device| -> Value {
        let body = json!({"platform": "dummy", "handle": "0123456789", "appId": "app"});
        device.put("/Devices/Self/PushNotifications", body).await.result(200)["devicePushIdentifier"].clone()
    };
    let identifier = register(&device).await;
    let (first, second) = (device.listen().await, device.listen().await);
    let expected = [("sse".to_owned(), identifier.as_str().unwrap().to_owned())];
    assert_eq!(registrations(&server).await, expected);
    drop(first);
    // The next write comes after the removal, if there was one.
    for _ in 0..20 {
        device.put("/Devices/Self", json!({"communicationLanguage": "de"})).await.is_empty_with(204);
    }
    assert_eq!(registrations(&server).await, expected);
    drop(second);
    unregistered(&server).await;

    // A registration that has replaced the stream's stays.
    let stream = device.listen().await;
    let identifier = register(&device).await;
    drop(stream);
    for _ in 0..20 {
        device.put("/Devices/Self", json!({"communicationLanguage": "en"})).await.is_empty_with(204);
    }
    assert_eq!(registrations(&server).await, [("dummy".to_owned(), identifier.as_str().unwrap().to_owned())]);

    // The remains of a previous process are cleaned up.
    let body = json!({"platform": "sse", "handle": "0123456789", "appId": "app"});
    device.put("/Devices/Self/PushNotifications", body).await.result(200);
    server.restart().await;
    assert!(registrations(&server).await.is_empty());
    device.move_to(&server);
    let events = device.listen().await;
    assert_eq!(registrations(&server).await.len(), 1);
    drop(events);
    unregistered(&server).await;
}

#[tokio::test]
async fn reminders_are_sent_before_the_grace_period_ends() {
    let server = Server::start().await;
    let mut device = server.identity().await;
    let process = device.post("/Identities/Self/DeletionProcesses", json!({})).await.id(201);
    let path = format!("/Identities/Self/DeletionProcesses/{process}");
    let mut events = device.listen().await;
    let sent = async |device: &Device| {
        let process = device.get(&path).await.result(200);
        [1, 2, 3].map(|number| !process[format!("gracePeriodReminder{number}SentAt")].is_null())
    };
    for (days, expected) in [
        (1, [false, false, false]),
        (1, [true, false, false]),
        (0, [true, false, false]),
        (2, [true, true, false]),
        (5, [true, true, true]),
        (4, [true, true, true]),
    ] {
        let before = sent(&device).await;
        pass(&server, days * 24 * 3600);
        device.log_in().await;
        server.backbone.maintain().await.unwrap();
        assert_eq!(sent(&device).await, expected);
        if before != expected {
            events.expect("DeletionProcessGracePeriodReminder").await;
        }
    }
    // Of a short period only the last is sent.
    let other = server.identity().await;
    let body = json!({"lengthOfGracePeriodInDays": 3});
    let process = other.post("/Identities/Self/DeletionProcesses", body).await.id(201);
    server.backbone.maintain().await.unwrap();
    let process = other.get(&format!("/Identities/Self/DeletionProcesses/{process}")).await.result(200);
    assert!(process["gracePeriodReminder1SentAt"].is_null() && process["gracePeriodReminder2SentAt"].is_null());
    assert!(process["gracePeriodReminder3SentAt"].is_string());
}

#[tokio::test]
async fn streams_need_a_token_that_is_good() {
    let server = Server::start().await;
    let device = server.identity().await;
    pass(&server, 300);
    let request = Request::get(paths::SSE).body(Body::empty()).unwrap();
    device.send(request).await.is_empty_with(401);
}
