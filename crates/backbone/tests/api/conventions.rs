use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn unknown_routes_and_methods_have_empty_answers() {
    let server = Server::start().await;
    let client = server.anonymous();
    client.get("/Unknown").await.is_empty_with(404);
    client.get("/").await.is_empty_with(404);
    client.send(Request::get("/api/v1/Version").body(Body::empty()).unwrap()).await.is_empty_with(404);
    client.put("/Version", json!({})).await.is_empty_with(405);
}

#[tokio::test]
async fn paths_are_found_in_any_case() {
    let server = Server::start().await;
    let client = server.anonymous();
    for path in ["/API/v2/VERSION", "/api/V2/version"] {
        client.send(Request::get(path).body(Body::empty()).unwrap()).await.result(200);
    }
}

#[tokio::test]
async fn lists_are_paged_only_when_they_have_more_than_one_page() {
    let server = Server::start().await;
    let device = server.identity().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(device.template(&server).await);
    }
    let list = format!("/RelationshipTemplates?ids={}", ids.join("&ids="));
    assert!(device.get(&list).await.json(200).get("pagination").is_none());
    assert!(device.get(&format!("{list}&pageSize=5")).await.json(200).get("pagination").is_none());
    let page = device.get(&format!("{list}&pagesize=2&PageNumber=3")).await.json(200);
    assert_eq!(page["pagination"], json!({"pageNumber": 3, "pageSize": 2, "totalPages": 3, "totalRecords": 5}));
    assert_eq!(page["result"].as_array().unwrap().len(), 1);
    assert_eq!(page["result"][0]["id"], ids[4].as_str());
    device.get(&format!("{list}&pageSize=201")).await.fails(400, "validation.pagination.invalidPageSize");
    // As wide as the numbers of the reference.
    assert_eq!(device.get(&format!("{list}&pageNumber=2147483647")).await.json(200)["result"], json!([]));
    for parameter in ["pageNumber=2147483648", "pageSize=99999999999"] {
        device.get(&format!("{list}&{parameter}")).await.fails(400, "inputCannotBeParsed");
    }
    device.get(&format!("{list}&pageNumber=x")).await.fails(400, "inputCannotBeParsed");
}

#[tokio::test]
async fn every_page_of_a_database_list_has_the_total() {
    let server = Server::start().await;
    let device = server.identity().await;
    for _ in 0..3 {
        device.further_device().await;
    }
    for page in 1..=2 {
        let answer = device.get(&format!("/Devices?pageSize=2&pageNumber={page}")).await.json(200);
        assert_eq!(
            answer["pagination"],
            json!({"pageNumber": page, "pageSize": 2, "totalPages": 2, "totalRecords": 4})
        );
    }
}

#[tokio::test]
async fn answers_carry_timing_and_correlation() {
    let server = Server::start().await;
    let client = server.anonymous();
    let request =
        |id: &str| Request::get("/api/v2/Version").header("x-correlation-id", id).body(Body::empty()).unwrap();
    let headers = client.send(request("abc")).await.headers;
    assert_eq!(headers["x-correlation-id"], "abc");
    assert_eq!(headers["x-request-time"], "2026-01-01T00:00:00.000Z");
    assert_eq!(headers["x-response-time"], "2026-01-01T00:00:00.000Z");
    assert!(headers["x-response-duration-ms"].to_str().unwrap().parse::<u64>().is_ok());
    assert!(headers.contains_key("x-trace-id"));
    assert_eq!(client.send(request(&"x".repeat(150))).await.headers["x-correlation-id"].len(), 100);
    assert_eq!(client.get("/Version").await.headers["x-correlation-id"].len(), 20);
}

#[tokio::test]
async fn errors_carry_an_id_and_the_time_and_have_a_length() {
    let server = Server::start().await;
    let device = server.identity().await;
    let path = "/api/v2/Files/FIL00000000000000001/metadata";
    let answer = device.send(Request::get(path).body(Body::empty()).unwrap()).await;
    let error = &answer.json(404)["error"];
    assert_eq!(error["id"].as_str().unwrap().len(), 20);
    assert_eq!(error["time"], "2026-01-01T00:00:00.000Z");
    assert_eq!(answer.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(answer.headers["content-length"], answer.body.len().to_string());
    let head = device.send(Request::head(path).body(Body::empty()).unwrap()).await;
    head.is_empty_with(404);
    assert_eq!(head.headers["content-length"], answer.headers["content-length"]);
}

#[tokio::test]
async fn bodies_must_be_json_objects_of_the_expected_shape_and_size() {
    let server = Server::start().await;
    let device = server.identity().await;
    for body in ["", "null", "[]", "{", "{} {}", "\"x\"", "\u{feff}{}"] {
        let request = Request::put("/api/v2/Devices/Self").body(Body::from(body)).unwrap();
        device.send(request).await.fails(400, "inputCannotBeParsed");
    }
    let answer = device.put("/Devices/Self", json!({"communicationLanguage": 5})).await;
    answer.fails(400, "inputCannotBeParsed");
    let message = answer.json(400)["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("'communicationLanguage': "), "{message}");

    let large = format!("{{\"content\":\"{}\"}}", "A".repeat(20 * 1024 * 1024));
    let request = Request::post("/api/v2/RelationshipTemplates").body(Body::from(large)).unwrap();
    device.send(request).await.fails(400, "requestBodyTooLarge");
}

#[tokio::test]
async fn bytes_are_read_in_both_alphabets_and_written_without_padding() {
    let server = Server::start().await;
    let device = server.identity().await;
    for content in ["-_8", "-_8=", "+/8="] {
        let id = device.post("/RelationshipTemplates", json!({"content": content})).await.id(201);
        let template = device.get(&format!("/RelationshipTemplates/{id}")).await.result(200);
        assert_eq!(template["content"], "-_8", "{content}");
    }
}

#[tokio::test]
async fn large_pages_are_sent_piece_by_piece_and_look_alike() {
    let server = Server::start().await;
    let device = server.identity().await;
    let mut ids = Vec::new();
    for letter in ["A", "B", "C", "D", "E"] {
        let content = letter.repeat(600_000);
        let token = json!({"content": content, "expiresAt": server.in_minutes(60)});
        ids.push(device.post("/Tokens", token).await.id(201));
    }
    let list = format!("/Tokens?ids={}", ids.join("&ids="));
    let small = device.get(&format!("/Tokens?ids={}", ids[0])).await;
    assert!(small.headers.contains_key("content-length"));
    let page = device.get(&format!("{list}&pageSize=4")).await;
    assert!(!page.headers.contains_key("content-length"));
    assert_eq!(page.headers["content-type"], small.headers["content-type"]);
    let page = page.json(200);
    assert_eq!(page["pagination"], json!({"pageNumber": 1, "pageSize": 4, "totalPages": 2, "totalRecords": 5}));
    let tokens = page["result"].as_array().unwrap();
    assert_eq!(tokens.len(), 4);
    for (token, id) in tokens.iter().zip(&ids) {
        assert_eq!(*token, device.get(&format!("/Tokens/{id}")).await.result(200));
    }
    let whole = device.get(&list).await.json(200);
    assert!(whole.get("pagination").is_none());
    assert_eq!(whole["result"].as_array().unwrap().len(), 5);
}
