use serde_json::json;

use crate::support::{PASSWORD, Server, pass};

#[tokio::test]
async fn gives_a_token_without_envelope() {
    let server = Server::start().await;
    let device = server.identity().await;
    let answer = device.log_in_again().await.json(200);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 300);
    assert!(answer.get("result").is_none());
    let upper_case = format!(" {} ", device.username.to_uppercase());
    device.log_in_as(&upper_case, PASSWORD).await.json(200);
}

#[tokio::test]
async fn refuses_wrong_credentials_with_400_and_wrong_clients_with_401() {
    let server = Server::start().await;
    let device = server.identity().await;
    for (username, password) in [(device.username.as_str(), "wrong"), ("USR00000000000000000", PASSWORD)] {
        assert_eq!(device.log_in_as(username, password).await.json(400)["error"], "invalid_grant");
    }
    let fields = |grant, id, secret| {
        [("grant_type", grant), ("client_id", id), ("client_secret", secret), ("username", "USR1"), ("password", "x")]
    };
    let ask = async |grant, id, secret, status| {
        device.ask_for_token(&fields(grant, id, secret)).await.json(status)["error"].clone()
    };
    assert_eq!(ask("password", "other", "client-secret", 401).await, "invalid_client");
    assert_eq!(ask("password", "test", "wrong", 401).await, "invalid_client");
    assert_eq!(ask("refresh_token", "test", "client-secret", 400).await, "unsupported_grant_type");
    assert_eq!(ask("", "test", "client-secret", 400).await, "invalid_request");
    assert_eq!(ask("password", "", "client-secret", 400).await, "invalid_request");
    assert_eq!(device.ask_for_token(&[]).await.json(400)["error"], "invalid_request");
}

#[tokio::test]
async fn three_wrong_passwords_lock_the_account_for_a_while() {
    let server = Server::start().await;
    let device = server.identity().await;
    for _ in 0..3 {
        assert_eq!(device.log_in_as(&device.username, "wrong").await.json(400)["error"], "invalid_grant");
    }
    assert_eq!(device.log_in_again().await.json(400)["error"], "access_denied");
    pass(&server, 600);
    device.log_in_again().await.json(200);
}

#[tokio::test]
async fn a_success_resets_the_count_of_failures() {
    let server = Server::start().await;
    let device = server.identity().await;
    for _ in 0..3 {
        device.log_in_as(&device.username, "wrong").await.json(400);
        device.log_in_as(&device.username, "wrong").await.json(400);
        device.log_in_again().await.json(200);
    }
}

#[tokio::test]
async fn parallel_guesses_do_not_outrun_the_lock() {
    let server = Server::start().await;
    let device = server.identity().await;
    let guesses = (0..20).map(|_| {
        let device = device.clone();
        tokio::spawn(async move { device.log_in_as(&device.username, "wrong").await.json(400)["error"].clone() })
    });
    let mut refused = 0;
    for guess in guesses.collect::<Vec<_>>() {
        refused += usize::from(guess.await.unwrap() == "invalid_grant");
    }
    assert_eq!(refused, 3);
}

#[tokio::test]
async fn tokens_expire_and_bad_ones_are_refused_without_body() {
    let server = Server::start().await;
    let mut device = server.identity().await;
    device.get("/Devices/Self").await.result(200);
    pass(&server, 300);
    let answer = device.get("/Devices/Self").await;
    answer.is_empty_with(401);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    device.post("/Challenges", json!({})).await.is_empty_with(401);
    server.anonymous().get("/Devices/Self").await.is_empty_with(401);
    device.log_in().await;
    device.get("/Devices/Self").await.result(200);
}

#[tokio::test]
async fn logging_in_is_noted_at_the_device() {
    let server = Server::start().await;
    let mut device = server.identity().await;
    pass(&server, 60);
    device.log_in().await;
    let own = device.get("/Devices/Self").await.result(200);
    assert_eq!(own["lastLogin"]["time"], "2026-01-01T00:01:00.000Z");
}
