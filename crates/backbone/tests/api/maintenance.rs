use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Device, Server, pass, within};

const DAY: u64 = 24 * 3600;

fn item(object: &str, r#type: &str, category: Option<&str>) -> Value {
    json!({
        "objectIdentifier": object, "type": r#type, "payloadCategory": category, "collection": "Files",
        "encryptedPayload": "AAAA", "datawalletVersion": 1,
    })
}

async fn count(server: &Server, table: &str) -> i64 {
    use sqlx::Connection as _;
    let path = format!("sqlite://{}", server.folder().join("backbone.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn what_expired_a_month_ago_is_removed() {
    let server = Server::start().await;
    let (one, other, _) = server.related().await;
    let expires_at = json!(server.in_minutes(60));
    for _ in 0..3 {
        one.post("/Tokens", json!({"content": "AAAA", "expiresAt": expires_at})).await.result(201);
        one.template(&server).await;
    }
    // One of the templates is used, another one never expires.
    let used = one.template(&server).await;
    let third = server.identity().await;
    third.post("/Relationships", json!({"relationshipTemplateId": used})).await.result(201);
    let process = other.post("/Identities/Self/DeletionProcesses", json!({})).await.id(201);
    other.put(&format!("/Identities/Self/DeletionProcesses/{process}/Cancel"), json!({})).await.result(200);
    let before = [4, 3, 5, 1];
    let tables = ["challenges", "tokens", "templates", "deletion_processes"];
    let counts = async || {
        let mut counts = Vec::new();
        for table in tables {
            counts.push(count(&server, table).await);
        }
        counts
    };
    let challenges = count(&server, "challenges").await;
    assert_eq!(counts().await, [challenges, before[1], before[2], before[3]]);
    pass(&server, 30 * DAY);
    server.backbone.maintain().await.unwrap();
    assert_eq!(counts().await, [challenges, 3, 5, 1]);
    pass(&server, 3601);
    let done = server.backbone.maintain().await.unwrap();
    assert_eq!(counts().await, [0, 0, 2, 0]);
    assert!(done.removed_records > 0 && done.deleted_identities.is_empty());
    assert_eq!(server.backbone.maintain().await.unwrap().removed_records, 0);
}

#[tokio::test]
async fn finished_runs_vanish_with_their_events_and_left_relationships_with_their_log() {
    let server = Server::start().await;
    let (mut one, mut other, relationship) = server.related().await;
    one.create_datawallet().await;
    one.sync().await;
    for action in ["Terminate", "Decompose"] {
        one.put(&format!("/Relationships/{relationship}/{action}"), json!({})).await.result(200);
    }
    other.put(&format!("/Relationships/{relationship}/Decompose"), json!({})).await.result(200);
    let unsynced = count(&server, "external_events WHERE sync_run IS NULL").await;
    assert!(unsynced > 0);
    pass(&server, 30 * DAY + 1);
    server.backbone.maintain().await.unwrap();
    for table in ["relationships", "relationship_audit_log", "external_events WHERE sync_run IS NOT NULL"] {
        assert_eq!(count(&server, table).await, 0, "{table}");
    }
    assert_eq!(count(&server, "sync_runs").await, 1, "the newest one of each Identity stays");
    assert_eq!(count(&server, "external_events").await, unsynced);
    // Life goes on.
    for device in [&mut one, &mut other] {
        device.log_in().await;
    }
    let next = one.start_sync_run("DatawalletVersionUpgrade").await.result(201);
    assert_eq!(next["syncRun"]["index"], 2, "no index is given twice");
    let id = next["syncRun"]["id"].as_str().unwrap();
    let finalized = json!({"newDatawalletVersion": 1, "datawalletModifications": []});
    one.put(&format!("/SyncRuns/{id}/FinalizeDatawalletVersionUpgrade"), finalized).await.result(200);
    other.create_datawallet().await;
    assert!(!other.sync().await.is_empty());
    let template = one.post("/RelationshipTemplates", json!({"content": "AAAA"})).await.id(201);
    other.post("/Relationships", json!({"relationshipTemplateId": template})).await.result(201);
    assert_eq!(one.synced_types().await, ["RelationshipStatusChanged"]);
}

#[tokio::test]
async fn superseded_modifications_are_removed_without_shifting_the_others() {
    let server = Server::start().await;
    let mut device = server.identity().await;
    device.create_datawallet().await;
    let push = async |device: &Device, local_index: Value, items: &[Value]| {
        let body = json!({"localIndex": local_index, "modifications": items});
        device.post("/Datawallet/Modifications", body).await.result(201)
    };
    let items = [
        item("A", "Create", Some("Content")),
        item("A", "Update", Some("Content")),
        item("A", "Update", Some("Metadata")),
        item("A", "CacheChanged", None),
        item("B", "Create", None),
        item("B", "CacheChanged", None),
        item("B", "Delete", None),
        item("A", "Update", Some("Content")),
    ];
    push(&device, Value::Null, &items).await;
    pass(&server, 31 * DAY);
    device.log_in().await;
    push(&device, json!(7), &[item("A", "Update", Some("Metadata")), item("C", "Create", None)]).await;
    let removed = server.backbone.maintain().await.unwrap();
    assert!(removed.removed_records >= 5);
    let left = device.get("/Datawallet/Modifications").await.result(200);
    let left: Vec<_> = left.as_array().unwrap().iter().map(|item| item["index"].as_i64().unwrap()).collect();
    assert_eq!(left, [3, 6, 7, 8, 9]);
    assert_eq!(push(&device, json!(9), &[item("D", "Create", None)]).await["newIndex"], 10);
}

#[tokio::test]
async fn a_served_backbone_removes_identities_of_its_own_accord() {
    let server = Server::start_with(|config| config.maintenance_interval = Duration::from_millis(10)).await;
    let (one, other, _) = server.related().await;
    other.create_datawallet().await;
    other.sync().await;
    let mut events = other.listen().await;
    let serving = server.serve().await;
    one.post("/Identities/Self/DeletionProcesses", json!({"lengthOfGracePeriodInDays": 0})).await.result(201);
    let path = format!("/Identities/IsDeleted?username={}", one.username);
    assert_eq!(server.anonymous().get(&path).await.result(200)["isDeleted"], true);
    within(async {
        while one.get("/Devices/Self").await.status != 401 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    events.expect("ExternalEventCreated").await;
    let notified = other.synced_types().await;
    assert_eq!(notified, ["PeerToBeDeleted", "PeerDeleted", "RelationshipStatusChanged"]);
    within(serving.stop()).await;
}

#[tokio::test]
async fn is_deleted_recognises_an_identity_for_two_years() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.post("/Identities/Self/DeletionProcesses", json!({"lengthOfGracePeriodInDays": 0})).await.result(201);
    assert_eq!(server.backbone.maintain().await.unwrap().deleted_identities.len(), 1);
    let is_deleted = async || {
        let path = format!("/Identities/IsDeleted?username={}", device.username);
        server.anonymous().get(&path).await.result(200)["isDeleted"].clone()
    };
    pass(&server, 731 * DAY);
    server.backbone.maintain().await.unwrap();
    assert_eq!(is_deleted().await, true);
    pass(&server, 1);
    server.backbone.maintain().await.unwrap();
    assert_eq!(is_deleted().await, false);
}
