//! Bodies as the reference reads them: names of members in any case, numbers as texts, `null` for an optional body.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::{Answer, Device, Server, pending};

async fn send(device: &Device, method: &str, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v2{path}"));
    let request = request.header("x-supported-datawallet-version", "1").body(Body::from(body.to_owned()));
    device.send(request.unwrap()).await
}

#[tokio::test]
async fn a_password_and_a_recipient_count_however_they_are_spelled() {
    let server = Server::start().await;
    let (owner, reader, stranger) = (server.identity().await, server.identity().await, server.identity().await);
    let body = json!({"content": "AAAA", "Password": "AAAA", "ForIdentity": reader.address, "ExpiresAt": server.in_minutes(5)});
    for kind in ["/RelationshipTemplates", "/Tokens"] {
        let id = owner.post(kind, body.clone()).await.id(201);
        for caller in [&reader, &stranger] {
            caller.get(&format!("{kind}/{id}")).await.fails(404, "recordNotFound");
        }
        stranger.get(&format!("{kind}/{id}?password=AAAA")).await.fails(404, "recordNotFound");
        let read = reader.get(&format!("{kind}/{id}?password=AAAA")).await.result(200);
        assert_eq!(read["forIdentity"], reader.address.as_str());
        assert_eq!(read["expiresAt"], json!(server.in_minutes(5)));
    }
}

#[tokio::test]
async fn an_answer_to_a_relationship_is_kept() {
    let server = Server::start().await;
    let (templator, requestor) = (server.identity().await, server.identity().await);
    let id = pending(&templator, &requestor).await;
    let path = format!("/Relationships/{id}");
    send(&templator, "PUT", &format!("{path}/Accept"), r#"{"CreationResponseContent":"CCCC"}"#).await.result(200);
    assert_eq!(requestor.get(&path).await.result(200)["creationResponseContent"], "CCCC");
}

#[tokio::test]
async fn the_right_kind_of_sync_run_is_started() {
    let server = Server::start().await;
    for body in [r#"{"Type":1}"#, r#"{"type":"1"}"#, r#"{"TYPE":"datawalletversionupgrade"}"#, r#"{"type":0,"Type":1}"#]
    {
        let device = server.identity().await;
        let run = send(&device, "POST", "/SyncRuns", body).await.result(201);
        assert_eq!(run["syncRun"]["type"], "DatawalletVersionUpgrade", "{body}");
        let path = format!("/SyncRuns/{}/FinalizeDatawalletVersionUpgrade", run["syncRun"]["id"].as_str().unwrap());
        send(&device, "PUT", &path, r#"{"NEWDATAWALLETVERSION":"1"}"#).await.result(200);
        assert_eq!(device.get("/Datawallet").await.result(200)["version"], 1);
    }
}

#[tokio::test]
async fn null_is_no_body_where_none_is_needed() {
    let server = Server::start().await;
    for (body, days) in [("null", 14), ("", 14), ("{}", 14), (r#"{"LengthOfGracePeriodInDays":"2"}"#, 2)] {
        let device = server.identity().await;
        let process = send(&device, "POST", "/Identities/Self/DeletionProcesses", body).await.result(201);
        assert_eq!(process["gracePeriodEndsAt"], json!(server.in_minutes(days * 24 * 60)), "{body}");
    }
    let device = server.identity().await;
    send(&device, "POST", "/Tokens", "null").await.fails(400, "inputCannotBeParsed");
}
