//! A database that is restored from a backup while its Connector is stopped, and a second copy of it.

use std::path::Path;

use serde_json::{Value, json};

use crate::installation::{Installation, backbone};
use crate::support::{Client, eventually};

async fn post(client: &Client, route: &str, body: Value, expected: u16) -> Value {
    let (status, mut answer) = client.send("POST", &format!("/api/core/v1{route}"), &body).await;
    assert_eq!(status, expected, "{route}: {answer}");
    answer["result"].take()
}

/// An active relationship requested by `requestor`.
async fn relate(templator: &Client, requestor: &Client) {
    let template = json!({
        "content": {"@type": "ArbitraryRelationshipTemplateContent", "value": {}}, "expiresAt": "2999-01-01T00:00:00.000Z"
    });
    let template = post(templator, "/RelationshipTemplates/Own", template, 201).await;
    let reference = json!({"reference": template["reference"]["truncated"]});
    let template = post(requestor, "/RelationshipTemplates/Peer", reference, 201).await;
    let content = json!({"@type": "ArbitraryRelationshipCreationContent", "value": {}});
    let creation = json!({"templateId": template["id"], "creationContent": content});
    let relationship = post(requestor, "/Relationships", creation, 201).await;
    post(templator, "/Account/Sync", json!({}), 204).await;
    let path = format!("/api/core/v1/Relationships/{}/Accept", relationship["id"].as_str().unwrap());
    let (status, answer) = templator.send("PUT", &path, &json!({})).await;
    assert_eq!(status, 200, "{answer}");
    post(requestor, "/Account/Sync", json!({}), 204).await;
}

async fn write(from: &Client, to: &str) {
    let content = json!({"@type": "ArbitraryMessageContent", "value": "text"});
    post(from, "/Messages", json!({"recipients": [to], "content": content}), 201).await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_restored_database_says_what_it_lacks_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let (own, peer) = (Installation::sqlite(&url), Installation::sqlite(&url));
    let (_peer, peer) = peer.start();
    let to = peer.address().await;
    let (process, client) = own.start();
    relate(&client, &peer).await;
    write(&client, &to).await;
    assert_eq!(process.terminate().code(), Some(0));
    let (data, backup) = (own.path().join("data"), own.path().join("backup"));
    copy(&data, &backup);

    let (process, client) = own.start();
    for _ in 0..3 {
        write(&client, &to).await;
    }
    assert_eq!(client.get("/health/ready").await.1.get("unknownOwnMessages"), None);
    assert_eq!(process.terminate().code(), Some(0));
    std::fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);

    let (mut process, client) = own.start();
    process.line("that this database has not sent");
    let (status, ready) = eventually("the missing messages", async || {
        let answer = client.get("/health/ready").await;
        answer.1.get("unknownOwnMessages").is_some().then_some(answer)
    })
    .await;
    assert_eq!((status, &ready["unknownOwnMessages"]["count"]), (200, &json!(3)), "{ready}");
    let report: Value = serde_json::from_str(&own.run(&["doctor", "--json"]).out).unwrap();
    let says = |check: &Value| check["message"].as_str().unwrap().contains("3 messages of this device");
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["state"] == "warning" && says(check)), "{report}");
    write(&client, &to).await;
    assert_eq!(process.terminate().code(), Some(0));
}
