use serde_json::{Value, json};

use crate::support::{Device, Server, pass, pending};

fn tier(quotas: Value) -> Value {
    json!({"tiers": [{"name": "Basic", "quotas": quotas}]})
}

fn quota(metric: &str, max: u64, period: &str) -> Value {
    json!({"metricKey": metric, "max": max, "period": period})
}

async fn upload(device: &Device, server: &Server, size: usize) -> crate::support::Answer {
    let parts = [
        ("cipherHash", "AAAA".to_owned()),
        ("ownerSignature", "AAAA".to_owned()),
        ("expiresAt", server.in_minutes(10_000_000).to_string()),
        ("content", "x".repeat(size)),
    ];
    let mut body = String::new();
    for (name, value) in parts {
        body.push_str(&format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str("--x--\r\n");
    let request = axum::http::Request::post("/api/v2/Files")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(axum::body::Body::from(body));
    device.send(request.unwrap()).await
}

#[track_caller]
fn is_exhausted(answer: &crate::support::Answer, expected: Value) {
    answer.fails(429, "quotaExhausted");
    assert_eq!(answer.json(429)["error"]["data"], expected);
}

#[tokio::test]
async fn what_a_tier_allows_in_a_period_is_used_up_until_its_end() {
    let server = Server::start_with_file(&tier(json!([quota("NumberOfSentMessages", 2, "Day")]))).await;
    let (mut one, other, _) = server.related().await;
    assert_eq!(
        one.get("/Quotas").await.result(200),
        json!([{"metricKey": "NumberOfSentMessages", "quotas": [
            {"source": "Tier", "metricKey": "NumberOfSentMessages", "max": 2, "usage": 0, "period": "Day"}]}])
    );
    one.send_message(&other).await.result(201);
    one.send_message(&other).await.result(201);
    assert_eq!(one.get("/Quotas").await.result(200)[0]["quotas"][0]["usage"], 2);
    let until = json!([{"metricKey": "NumberOfSentMessages", "isExhaustedUntil": "2026-01-01T23:59:59.999Z"}]);
    is_exhausted(&one.send_message(&other).await, until);
    other.send_message(&one).await.result(201);
    pass(&server, 24 * 3600);
    one.log_in().await;
    one.send_message(&other).await.result(201);
    // Taking a quota away counts at once.
    server.reload(&tier(json!([]))).await;
    assert_eq!(one.get("/Quotas").await.result(200), json!([]));
    one.send_message(&other).await.result(201);
    one.send_message(&other).await.result(201);
}

#[tokio::test]
async fn every_metric_is_counted() {
    let quotas = ["NumberOfRelationshipTemplates", "NumberOfTokens"].map(|metric| quota(metric, 1, "Total"));
    let server = Server::start_with_file(&tier(json!(quotas))).await;
    let device = server.identity().await;
    let until = |metric: &str| json!([{"metricKey": metric, "isExhaustedUntil": "9999-12-31T23:59:59.999Z"}]);
    let template = async || device.post("/RelationshipTemplates", json!({"content": "AAAA"})).await;
    template().await.result(201);
    is_exhausted(&template().await, until("NumberOfRelationshipTemplates"));
    let token = || json!({"content": "AAAA", "expiresAt": server.in_minutes(1)});
    device.post("/Tokens", token()).await.result(201);
    is_exhausted(&device.post("/Tokens", token()).await, until("NumberOfTokens"));
    // Strangers have no quota.
    server.anonymous().post("/Tokens", json!({"expiresAt": server.in_minutes(1)})).await.result(201);
    let all = backbone_api::quotas::MetricKey::ALL;
    let quotas: Vec<_> = all.iter().map(|metric| quota(metric.as_str(), 7, "Year")).collect();
    server.reload(&tier(json!(quotas))).await;
    device.create_datawallet().await;
    upload(&device, &server, 1_500_000).await.result(201);
    upload(&device, &server, 1_500_000).await.result(201);
    let usage = device.get("/Quotas").await.result(200);
    let usage: Vec<_> =
        usage.as_array().unwrap().iter().map(|metric| metric["quotas"][0]["usage"].as_u64().unwrap()).collect();
    // In the order of the metrics: two files of 2.8 MiB, a template, a token, the first device; its challenge was anonymous.
    assert_eq!(usage, [0, 0, 2, 2, 1, 1, 0, 0, 1, 0]);
}

#[tokio::test]
async fn files_are_limited_in_number_and_size() {
    let quotas = json!([quota("NumberOfFiles", 3, "Month"), quota("UsedFileStorageSpace", 2, "Total")]);
    let server = Server::start_with_file(&tier(quotas)).await;
    let device = server.identity().await;
    upload(&device, &server, 1024 * 1024).await.result(201);
    upload(&device, &server, 1024 * 1024).await.result(201);
    let space = json!({"metricKey": "UsedFileStorageSpace", "isExhaustedUntil": "9999-12-31T23:59:59.999Z"});
    is_exhausted(&upload(&device, &server, 1).await, json!([space]));
    server.reload(&tier(json!([quota("NumberOfFiles", 2, "Month"), quota("UsedFileStorageSpace", 2, "Total")]))).await;
    let number = json!({"metricKey": "NumberOfFiles", "isExhaustedUntil": "2026-01-31T23:59:59.999Z"});
    is_exhausted(&upload(&device, &server, 1).await, json!([number, space]));
}

#[tokio::test]
async fn relationships_count_when_requested_and_when_accepted() {
    let server = Server::start_with_file(&tier(json!([quota("NumberOfRelationships", 1, "Total")]))).await;
    let (one, two, three) = (server.identity().await, server.identity().await, server.identity().await);
    let (first, second) = (pending(&one, &two).await, pending(&one, &three).await);
    let accept = async |id: &str| one.put(&format!("/Relationships/{id}/Accept"), json!({})).await;
    accept(&first).await.result(200);
    accept(&second).await.fails(429, "quotaExhausted");
    one.put(&format!("/Relationships/{second}/Reject"), json!({})).await.result(200);
    let template = three.post("/RelationshipTemplates", json!({"content": "AAAA"})).await.id(201);
    two.post("/Relationships", json!({"relationshipTemplateId": template})).await.fails(429, "quotaExhausted");
    // A terminated one makes room, a request to reactivate it takes the room again.
    two.put(&format!("/Relationships/{first}/Terminate"), json!({})).await.result(200);
    two.put(&format!("/Relationships/{first}/Reactivate"), json!({})).await.result(200);
    two.post("/Relationships", json!({"relationshipTemplateId": template})).await.fails(429, "quotaExhausted");
    two.put(&format!("/Relationships/{first}/Reactivate/Revoke"), json!({})).await.result(200);
    two.post("/Relationships", json!({"relationshipTemplateId": template})).await.result(201);
}

#[tokio::test]
async fn individual_quotas_take_the_place_of_the_tiers() {
    let server = Server::start_with_file(&tier(json!([quota("NumberOfTokens", 0, "Total")]))).await;
    let (one, other) = (server.identity().await, server.identity().await);
    let token = async |device: &Device| {
        device.post("/Tokens", json!({"content": "AAAA", "expiresAt": server.in_minutes(1)})).await
    };
    token(&one).await.fails(429, "quotaExhausted");
    let mut file = tier(json!([quota("NumberOfTokens", 0, "Total")]));
    file["individualQuotas"] =
        json!([{"identity": one.address, "metricKey": "NumberOfTokens", "max": 1, "period": "Hour"}]);
    server.reload(&file).await;
    token(&one).await.result(201);
    token(&other).await.fails(429, "quotaExhausted");
    let exhausted = token(&one).await;
    let until = json!([{"metricKey": "NumberOfTokens", "isExhaustedUntil": "2026-01-01T00:59:59.999Z"}]);
    is_exhausted(&exhausted, until);
    let quotas = one.get("/Quotas").await.result(200)[0]["quotas"].clone();
    let sources: Vec<_> = quotas.as_array().unwrap().iter().map(|quota| quota["source"].clone()).collect();
    assert_eq!(sources, ["Individual", "Tier"]);
    // In deletion no Identity is privileged.
    one.post("/Identities/Self/DeletionProcesses", json!({})).await.result(201);
    let quotas = one.get("/Quotas").await.result(200);
    assert_eq!(quotas.as_array().unwrap().len(), 8);
    assert_eq!(
        quotas[0]["quotas"][0],
        json!({
        "source": "Tier", "metricKey": "NumberOfSentMessages", "max": 0, "usage": 0, "period": "Total"})
    );
    token(&one).await.fails(429, "quotaExhausted");
}

#[tokio::test]
async fn without_a_word_of_the_administrator_there_are_generous_quotas() {
    let server = Server::start().await;
    let device = server.identity().await;
    let quotas = device.get("/Quotas").await.result(200);
    let of = |metric: &str| {
        let metrics = quotas.as_array().unwrap();
        metrics.iter().find(|entry| entry["metricKey"] == metric).map(|entry| entry["quotas"].clone())
    };
    let tier = |metric: &str, max: u64, period: &str| {
        Some(json!([{"source": "Tier", "metricKey": metric, "max": max, "usage": 0, "period": period}]))
    };
    for (metric, max, period) in [
        ("NumberOfSentMessages", 100_000, "Day"),
        ("NumberOfRelationships", 100_000, "Total"),
        ("NumberOfRelationshipTemplates", 20_000, "Day"),
        ("NumberOfTokens", 20_000, "Day"),
        ("NumberOfFiles", 20_000, "Day"),
        ("UsedFileStorageSpace", 10_240, "Total"),
    ] {
        assert_eq!(of(metric), tier(metric, max, period));
    }
    assert_eq!(quotas.as_array().unwrap().len(), 6);
}
