use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{Device, Server, VERSION_HEADER, pass};

fn item(object: &str, r#type: &str, category: Option<&str>) -> Value {
    json!({
        "objectIdentifier": object, "type": r#type, "payloadCategory": category, "collection": "Files",
        "encryptedPayload": "AAAA", "datawalletVersion": 1,
    })
}

async fn push(device: &Device, local_index: Option<i64>, items: &[Value]) -> crate::support::Answer {
    device.post("/Datawallet/Modifications", json!({"localIndex": local_index, "modifications": items})).await
}

async fn pull(device: &Device, query: &str) -> Vec<(i64, String)> {
    let items = device.get(&format!("/Datawallet/Modifications{query}")).await.result(200);
    let items = items.as_array().unwrap();
    items
        .iter()
        .map(|item| (item["index"].as_i64().unwrap(), item["objectIdentifier"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn indexes_follow_the_order_of_the_request() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.create_datawallet().await;
    assert_eq!(device.get("/Datawallet").await.result(200), json!({"version": 1}));
    let pushed =
        push(&device, None, &[item("A", "Create", Some("Content")), item("B", "Create", None)]).await.result(201);
    assert_eq!(pushed["newIndex"], 1);
    assert_eq!(pushed["modifications"][1]["index"], 1);
    assert!(pushed["modifications"][0]["id"].as_str().unwrap().starts_with("DWM"));
    let pushed = push(&device, Some(1), &[item("C", "delete", None)]).await.result(201);
    assert_eq!(pushed["newIndex"], 2);
    let last = &device.get("/Datawallet/Modifications?LOCALINDEX=1").await.result(200)[0];
    assert_eq!(
        *last,
        json!({
            "id": pushed["modifications"][0]["id"], "datawalletVersion": 1, "index": 2, "objectIdentifier": "C",
            "payloadCategory": null, "createdAt": "2026-01-01T00:00:00.000Z", "createdByDevice": device.id,
            "collection": "Files", "type": "Delete", "encryptedPayload": "AAAA",
        })
    );
}

#[tokio::test]
async fn only_the_last_of_a_kind_is_returned() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.create_datawallet().await;
    let items = [
        item("A", "Create", Some("Content")),
        item("A", "Update", Some("Content")),
        item("A", "Update", Some("Metadata")),
        item("A", "Update", Some("Content")),
        item("B", "Delete", None),
        item("B", "Delete", None),
        item("A", "Update", None),
    ];
    push(&device, None, &items).await.result(201);
    let indexes =
        async |query: &str| pull(&device, query).await.into_iter().map(|(index, _)| index).collect::<Vec<_>>();
    assert_eq!(indexes("").await, [0, 2, 3, 5, 6]);
    assert_eq!(indexes("?localIndex=-1").await, [0, 2, 3, 5, 6]);
    assert_eq!(indexes("?localIndex=3").await, [5, 6]);
    assert_eq!(indexes("?localIndex=6").await, [0_i64; 0]);
    let page = device.get("/Datawallet/Modifications?pageSize=2&pageNumber=2").await.json(200);
    assert_eq!(page["pagination"], json!({"pageNumber": 2, "pageSize": 2, "totalPages": 3, "totalRecords": 5}));
    assert_eq!(page["result"][0]["index"], 3);
}

#[tokio::test]
async fn pushes_are_refused_in_the_documented_order() {
    let server = Server::start().await;
    let device = server.identity().await;
    let items = [item("A", "Create", None)];
    push(&device, None, &items).await.fails(404, "recordNotFound");
    assert!(pull(&device, "").await.is_empty());
    device.create_datawallet().await;
    push(&device, None, &[]).await.fails(400, "validation.invalidPropertyValue");
    let mut long = item("A", "Create", None);
    long["objectIdentifier"] = json!("x".repeat(101));
    push(&device, None, &[long]).await.fails(400, "validation.invalidPropertyValue");
    push(&device, None, &[item("A", "Explode", None)]).await.fails(400, "inputCannotBeParsed");
    let mut newer = item("A", "Create", None);
    newer["datawalletVersion"] = json!(2);
    push(&device, None, &[items[0].clone(), newer])
        .await
        .fails(400, "datawallet.datawalletVersionOfModificationTooHigh");
    assert!(pull(&device, "").await.is_empty());

    push(&device, Some(7), &items).await.result(201);
    push(&device, Some(1), &items).await.fails(400, "validation.datawallet.datawalletNotUpToDate");
    push(&device, None, &items).await.fails(400, "inputCannotBeParsed");
    let run = device.start_sync_run("DatawalletVersionUpgrade").await.result(201);
    let active = "validation.datawallet.cannotPushDatawalletModificationsDuringActiveSyncRun";
    push(&device, Some(0), &items).await.fails(400, active);
    pass(&server, 60);
    push(&device, Some(0), &items).await.fails(400, active);
    let path = format!("/SyncRuns/{}/FinalizeDatawalletVersionUpgrade", run["syncRun"]["id"].as_str().unwrap());
    device.put(&path, json!({"newDatawalletVersion": 1})).await.result(200);
    push(&device, Some(0), &items).await.result(201);
}

#[tokio::test]
async fn parallel_pushes_never_share_an_index() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.create_datawallet().await;
    push(&device, None, &[item("A", "Create", None)]).await.result(201);
    let pushes = (0..5).map(|number| {
        let device = device.clone();
        tokio::spawn(async move { push(&device, Some(0), &[item(&format!("B{number}"), "Create", None)]).await.status })
    });
    let mut accepted = 0;
    for push in pushes.collect::<Vec<_>>() {
        accepted += usize::from(push.await.unwrap() == 201);
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn the_client_must_understand_the_datawallet() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.create_datawallet().await;
    let request = |method: &str, path: &str, version: Option<&str>, body: &str| {
        let mut request = Request::builder().method(method).uri(format!("/api/v2{path}"));
        if let Some(version) = version {
            request = request.header(VERSION_HEADER.0, version);
        }
        device.send(request.body(Body::from(body.to_owned())).unwrap())
    };
    let body = json!({"modifications": [item("A", "Create", None)]}).to_string();
    for version in [None, Some("0")] {
        request("POST", "/SyncRuns", version, "{}").await.fails(400, "validation.invalidPropertyValue");
        request("POST", "/Datawallet/Modifications", version, &body)
            .await
            .fails(400, "validation.invalidPropertyValue");
        let insufficient = "validation.datawallet.insufficientSupportedDatawalletVersion";
        request("GET", "/Datawallet/Modifications", version, "").await.fails(400, insufficient);
        request("GET", "/Datawallet", version, "").await.result(200);
    }
    request("GET", "/Datawallet/Modifications", Some("x"), "").await.fails(400, "inputCannotBeParsed");

    let run = device.start_sync_run("DatawalletVersionUpgrade").await.result(201);
    let path = format!("/SyncRuns/{}/FinalizeDatawalletVersionUpgrade", run["syncRun"]["id"].as_str().unwrap());
    device.put(&path, json!({"newDatawalletVersion": 2})).await.result(200);
    let insufficient = "validation.datawallet.insufficientSupportedDatawalletVersion";
    request("POST", "/SyncRuns", Some("1"), "{}").await.fails(400, insufficient);
    request("POST", "/Datawallet/Modifications", Some("1"), &body).await.fails(400, insufficient);
    request("POST", "/SyncRuns", Some("2"), "{}").await.result(200);
}
