use core_types::Clock as _;
use serde_json::json;

use crate::support::{PASSWORD, Server, pass};

#[tokio::test]
async fn passwords_of_templates_can_be_guessed_ten_times_an_hour() {
    let server = Server::start().await;
    let (owner, guesser, mut other) = (server.identity().await, server.identity().await, server.identity().await);
    let body = json!({"content": "AAAA", "password": "AAAA"});
    let id = owner.post("/RelationshipTemplates", body.clone()).await.id(201);
    let with = |password: &str| format!("/RelationshipTemplates/{id}?password={password}");
    let among = |password: &str| format!("/RelationshipTemplates?templates.0.id={id}&templates.0.password={password}");
    // No password is no guess.
    for _ in 0..20 {
        guesser.get(&format!("/RelationshipTemplates/{id}")).await.fails(404, "recordNotFound");
    }
    for _ in 0..5 {
        guesser.get(&with("BBBB")).await.fails(404, "recordNotFound");
        assert_eq!(guesser.get(&among("BBBB")).await.result(200), json!([]));
    }
    for password in ["BBBB", "AAAA"] {
        let answer = guesser.get(&with(password)).await;
        answer.fails(429, "tooManyRequests");
        assert_eq!(answer.headers["retry-after"], "3600");
        assert_eq!(guesser.get(&among(password)).await.result(200), json!([]));
    }
    // No other caller is concerned, and no other template.
    owner.get(&with("BBBB")).await.result(200);
    let another = owner.post("/RelationshipTemplates", body).await.id(201);
    guesser.get(&format!("/RelationshipTemplates/{another}?password=AAAA")).await.result(200);
    other.get(&with("AAAA")).await.result(200);
    pass(&server, 3600);
    other.log_in().await;
    other.get(&with("BBBB")).await.result(200);
    let mut guesser = guesser;
    guesser.log_in().await;
    guesser.get(&with("AAAA")).await.result(200);
}

#[tokio::test]
async fn many_guessers_are_stopped_together() {
    let server = Server::start().await;
    let owner = server.identity().await;
    let id = owner.post("/RelationshipTemplates", json!({"content": "AAAA", "password": "AAAA"})).await.id(201);
    let path = format!("/RelationshipTemplates/{id}?password=");
    for _ in 0..10 {
        let guesser = server.identity().await;
        for _ in 0..10 {
            guesser.get(&format!("{path}BBBB")).await.fails(404, "recordNotFound");
        }
    }
    server.identity().await.get(&format!("{path}AAAA")).await.fails(429, "tooManyRequests");
}

#[tokio::test]
async fn a_clock_that_is_put_back_lengthens_no_lock() {
    let server = Server::start().await;
    let device = server.identity().await;
    let (owner, guesser) = (server.identity().await, server.identity().await);
    let id = owner.post("/RelationshipTemplates", json!({"content": "AAAA", "password": "AAAA"})).await.id(201);
    for _ in 0..10 {
        guesser.get(&format!("/RelationshipTemplates/{id}?password=BBBB")).await.fails(404, "recordNotFound");
    }
    for _ in 0..3 {
        device.log_in_as(&device.username, "wrong").await.json(400);
    }
    let long_ago = server.clock.now().as_millis() - 95 * 24 * 3_600_000;
    server.clock.set(core_types::Timestamp::from_millis(long_ago));
    let answer = guesser.get(&format!("/RelationshipTemplates/{id}?password=AAAA")).await;
    answer.fails(429, "tooManyRequests");
    assert_eq!(answer.headers["retry-after"], "3600");
    device.log_in_again().await.json(200);
}

#[tokio::test]
async fn secrets_of_clients_can_be_guessed_ten_times_an_hour() {
    let server = Server::start().await;
    let device = server.identity().await;
    let ask = async |secret: &str| {
        let fields = [("grant_type", "password"), ("client_id", "test"), ("username", "USR1"), ("password", "x")];
        device.ask_for_token(&[&fields[..], &[("client_secret", secret)]].concat()).await
    };
    let key = server.new_key();
    for number in 0..5 {
        assert_eq!(ask(&number.to_string()).await.json(401)["error"], "invalid_client");
        let create = server.create_identity(&key, |body| body["clientSecret"] = json!(format!("also {number}")));
        create.await.fails(400, "unauthorized");
    }
    let answer = ask("client-secret").await;
    answer.fails(429, "tooManyRequests");
    assert_eq!(answer.headers["retry-after"], "3600");
    server.create_identity(&key, |_| {}).await.fails(429, "tooManyRequests");
    // A secret that was wrong before is still wrong, so that nothing is learned.
    assert_eq!(ask("0").await.json(401)["error"], "invalid_client");
    pass(&server, 3600);
    device.log_in_again().await.json(200);
}

#[tokio::test]
async fn the_old_password_of_a_device_can_be_guessed_ten_times_an_hour() {
    let server = Server::start().await;
    let mut device = server.identity().await;
    let change = async |device: &crate::support::Device, old: &str| {
        device.put("/Devices/Self/Password", json!({"oldPassword": old, "newPassword": "Other-Passw0rd"})).await
    };
    let guesses = futures_util::future::join_all((0..30).map(|_| change(&device, "wrong"))).await;
    let refused = guesses.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((guesses.len() - refused, refused), (10, 20));
    change(&device, PASSWORD).await.fails(429, "tooManyRequests");
    pass(&server, 3600);
    device.log_in().await;
    change(&device, PASSWORD).await.is_empty_with(204);
}
