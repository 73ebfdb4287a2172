use serde_json::{Value, json};

use crate::support::{Answer, Device, Server, pass, pending};

const PREFIX: &str = "validation.syncRun.";

#[track_caller]
fn refused(answer: &Answer, code: &str) {
    answer.fails(400, &format!("{PREFIX}{code}"));
}

async fn start(device: &Device) -> String {
    device.start_sync_run("ExternalEventSync").await.result(201)["syncRun"]["id"].as_str().unwrap().to_owned()
}

async fn events(device: &Device, run: &str) -> Vec<Value> {
    device.get(&format!("/SyncRuns/{run}/ExternalEvents")).await.result(200).as_array().unwrap().clone()
}

async fn finalize(device: &Device, run: &str, results: Value) -> Answer {
    let body = json!({"externalEventResults": results, "datawalletModifications": []});
    device.put(&format!("/SyncRuns/{run}/FinalizeExternalEventSync"), body).await
}

/// A device with a datawallet and one external event waiting.
async fn with_event(server: &Server) -> Device {
    let (templator, requestor) = (server.identity().await, server.identity().await);
    templator.create_datawallet().await;
    pending(&templator, &requestor).await;
    templator
}

#[tokio::test]
async fn the_first_run_creates_the_datawallet() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.start_sync_run("ExternalEventSync").await.fails(404, "recordNotFound");
    let run = device.start_sync_run("DatawalletVersionUpgrade").await.result(201);
    assert_eq!(run["status"], "Created");
    let id = run["syncRun"]["id"].as_str().unwrap();
    assert_eq!(
        run["syncRun"],
        json!({
            "id": id, "type": "DatawalletVersionUpgrade", "expiresAt": "2026-01-01T00:00:10.000Z", "index": 0,
            "createdAt": "2026-01-01T00:00:00.000Z", "createdBy": device.address, "createdByDevice": device.id, "eventCount": 0,
        })
    );
    assert_eq!(device.get(&format!("/SyncRuns/{id}")).await.result(200), run["syncRun"]);
    let path = format!("/SyncRuns/{id}/FinalizeDatawalletVersionUpgrade");
    device.put(&path, json!({"newDatawalletVersion": 0})).await.fails(400, "validation.invalidPropertyValue");
    refused(&finalize(&device, id, json!([])).await, "unexpectedSyncRunType");
    let item = json!({"objectIdentifier": "A", "type": 0, "collection": "Files", "datawalletVersion": 3});
    let body = json!({"newDatawalletVersion": 3, "datawalletModifications": [item]});
    let done = device.put(&path, body).await.result(200);
    assert_eq!(
        (&done["newDatawalletModificationIndex"], &done["datawalletModifications"][0]["index"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(device.get("/Datawallet").await.result(200), json!({"version": 3}));
}

#[tokio::test]
async fn a_datawallet_is_not_downgraded() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.create_datawallet().await;
    let run = device.start_sync_run("2").await;
    run.fails(400, "inputCannotBeParsed");
    let upgrade = async |version: u16| {
        let run = device.post("/SyncRuns", json!({"type": 1, "duration": 0})).await.result(201);
        let path = format!("/SyncRuns/{}/FinalizeDatawalletVersionUpgrade", run["syncRun"]["id"].as_str().unwrap());
        device.put(&path, json!({"newDatawalletVersion": version})).await
    };
    let same = upgrade(1).await.result(200);
    assert!(same["newDatawalletModificationIndex"].is_null());
    upgrade(1).await.result(200);
    let run = device.start_sync_run("DatawalletVersionUpgrade").await.result(201);
    let path = format!("/SyncRuns/{}/FinalizeDatawalletVersionUpgrade", run["syncRun"]["id"].as_str().unwrap());
    device.put(&path, json!({"newDatawalletVersion": 2})).await.result(200);
    let body = json!({"newDatawalletVersion": 1});
    let request = axum::http::Request::post("/api/v2/SyncRuns").header("x-supported-datawallet-version", "2");
    let run =
        device.send(request.body(axum::body::Body::from(r#"{"type":"datawalletversionupgrade"}"#)).unwrap()).await;
    let run = run.result(201);
    let path = format!("/SyncRuns/{}/FinalizeDatawalletVersionUpgrade", run["syncRun"]["id"].as_str().unwrap());
    device.put(&path, body).await.fails(400, "datawallet.cannotDowngrade");
}

#[tokio::test]
async fn events_are_offered_until_they_are_processed() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    let run = start(&device).await;
    let offered = events(&device, &run).await;
    assert_eq!(offered.len(), 1);
    assert_eq!(offered[0]["type"], "RelationshipStatusChanged");
    assert_eq!((&offered[0]["index"], &offered[0]["syncErrorCount"]), (&json!(0), &json!(0)));
    assert!(offered[0]["id"].as_str().unwrap().starts_with("SYI"));
    pending(&device, &server.identity().await).await;
    let done = finalize(&device, &run, json!([{"externalEventId": offered[0]["id"]}])).await.result(200);
    let expected = json!({"newDatawalletModificationIndex": null, "datawalletModifications": [], "newUnsyncedExternalEventsExist": true});
    assert_eq!(done, expected);
    let run = start(&device).await;
    let offered = events(&device, &run).await;
    assert_eq!((offered.len(), &offered[0]["index"]), (1, &json!(1)));
    let done = finalize(&device, &run, json!([{"externalEventId": offered[0]["id"]}])).await.result(200);
    assert_eq!(done["newUnsyncedExternalEventsExist"], false);
    let nothing = device.start_sync_run("ExternalEventSync").await.result(200);
    assert_eq!(nothing, json!({"status": "NoNewEvents", "syncRun": null}));
}

#[tokio::test]
async fn a_failed_event_is_offered_three_times() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    for errors in 0..3 {
        let run = start(&device).await;
        let offered = events(&device, &run).await;
        assert_eq!(offered[0]["syncErrorCount"], errors);
        // A missing result is as bad as an error code; a result for another event is ignored.
        let results = match errors {
            0 => json!([{"externalEventId": offered[0]["id"], "errorCode": "error.transport.unknown"}]),
            1 => json!([]),
            _ => json!([{"externalEventId": "SYI00000000000000000"}]),
        };
        let done = finalize(&device, &run, results).await.result(200);
        assert_eq!(done["newUnsyncedExternalEventsExist"], false);
    }
    device.start_sync_run("ExternalEventSync").await.result(200);
}

#[tokio::test]
async fn one_run_at_a_time_until_it_expires() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    let other = device.further_device().await;
    let first = start(&device).await;
    refused(&other.start_sync_run("ExternalEventSync").await, "cannotStartSyncRunWhenAnotherSyncRunIsRunning");
    refused(&device.start_sync_run("DatawalletVersionUpgrade").await, "cannotStartSyncRunWhenAnotherSyncRunIsRunning");
    pass(&server, 9);
    refused(&other.start_sync_run("ExternalEventSync").await, "cannotStartSyncRunWhenAnotherSyncRunIsRunning");
    pass(&server, 1);
    let second = start(&other).await;
    assert_eq!(events(&other, &second).await[0]["syncErrorCount"], 1);
    refused(&finalize(&device, &first, json!([])).await, "syncRunAlreadyFinalized");
    refused(&device.get(&format!("/SyncRuns/{first}/ExternalEvents")).await, "syncRunAlreadyFinalized");
}

#[tokio::test]
async fn an_expired_run_can_still_be_finalized() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    let run = start(&device).await;
    let offered = events(&device, &run).await;
    pass(&server, 60);
    finalize(&device, &run, json!([{"externalEventId": offered[0]["id"]}])).await.result(200);
    device.start_sync_run("ExternalEventSync").await.result(200);
}

#[tokio::test]
async fn a_cancelled_run_counts_as_an_error_even_if_nothing_is_left_to_offer() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    for _ in 0..3 {
        start(&device).await;
        pass(&server, 10);
    }
    device.start_sync_run("ExternalEventSync").await.result(200);
    // The cancellation was kept, so pushing is possible again.
    let item = json!({"objectIdentifier": "A", "type": "Create", "collection": "Files", "datawalletVersion": 1});
    device.post("/Datawallet/Modifications", json!({"modifications": [item]})).await.result(201);
}

#[tokio::test]
async fn parallel_starts_make_one_run() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    let starts = (0..5).map(|_| {
        let device = device.clone();
        tokio::spawn(async move { device.start_sync_run("ExternalEventSync").await.status })
    });
    let mut started = 0;
    for start in starts.collect::<Vec<_>>() {
        started += usize::from(start.await.unwrap() == 201);
    }
    assert_eq!(started, 1);
}

#[tokio::test]
async fn a_run_belongs_to_its_device() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    let other = device.further_device().await;
    let stranger = server.identity().await;
    let run = start(&device).await;
    refused(&finalize(&other, &run, json!([])).await, "cannotFinalizeSyncRunStartedByAnotherDevice");
    let path = format!("/SyncRuns/{run}/ExternalEvents");
    refused(&other.get(&path).await, "cannotReadExternalEventsOfASyncRunStartedByAnotherDevice");
    let refresh = format!("/SyncRuns/{run}/RefreshExpirationTime");
    refused(&other.put(&refresh, json!({})).await, "cannotRefreshExpirationTimeOfSyncRunStartedByAnotherDevice");
    stranger.get(&format!("/SyncRuns/{run}")).await.fails(404, "recordNotFound");
    finalize(&stranger, &run, json!([])).await.fails(404, "recordNotFound");
    pass(&server, 5);
    let refreshed = device.put(&refresh, json!({})).await.result(200);
    assert_eq!(refreshed, json!({"expiresAt": "2026-01-01T00:00:15.000Z"}));
    finalize(&device, &run, json!([])).await.result(200);
    refused(&device.put(&refresh, json!({})).await, "syncRunAlreadyFinalized");
}

#[tokio::test]
async fn a_failing_finalization_changes_nothing() {
    let server = Server::start().await;
    let device = with_event(&server).await;
    let run = start(&device).await;
    let offered = events(&device, &run).await;
    let path = format!("/SyncRuns/{run}/FinalizeExternalEventSync");
    let item = json!({"objectIdentifier": "A", "type": "Create", "collection": "Files", "datawalletVersion": 9});
    let results = json!([{"externalEventId": offered[0]["id"]}]);
    let body = json!({"externalEventResults": results, "datawalletModifications": [item]});
    device.put(&path, body).await.fails(400, "datawallet.datawalletVersionOfModificationTooHigh");
    assert_eq!(events(&device, &run).await, offered);
    let long = json!([{"externalEventId": offered[0]["id"], "errorCode": "x".repeat(101)}]);
    assert_eq!(finalize(&device, &run, long).await.json(400)["error"]["code"], "MaximumLengthValidator");
    finalize(&device, &run, results).await.result(200);
}

#[tokio::test]
async fn events_of_a_run_come_in_pages() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.create_datawallet().await;
    let requestor = server.identity().await;
    for _ in 0..30 {
        let id = pending(&device, &requestor).await;
        requestor.put(&format!("/Relationships/{id}/Revoke"), json!({})).await.result(200);
    }
    let run = start(&device).await;
    let path = format!("/SyncRuns/{run}/ExternalEvents");
    let page = device.get(&path).await.json(200);
    assert_eq!(page["pagination"], json!({"pageNumber": 1, "pageSize": 50, "totalPages": 2, "totalRecords": 60}));
    let rest = device.get(&format!("{path}?pageNumber=2")).await.result(200);
    let indexes: Vec<_> = rest.as_array().unwrap().iter().map(|event| event["index"].as_i64().unwrap()).collect();
    assert_eq!(indexes, (50..60).collect::<Vec<_>>());
}
