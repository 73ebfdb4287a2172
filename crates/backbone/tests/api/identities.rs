use serde_json::json;

use crate::support::{Server, pass, sign, signed_challenge};

#[tokio::test]
async fn creates_an_identity_with_its_first_device() {
    let server = Server::start().await;
    let key = server.new_key();
    let answer = server.create_identity(&key, |_| {}).await.result(201);
    let expected = core_types::identity_address::compute(&key.public_key, "localhost");
    assert_eq!(answer["address"], expected.as_str());
    assert_eq!(answer["createdAt"], "2026-01-01T00:00:00.000Z");
    assert!(answer["device"]["id"].as_str().unwrap().starts_with("DVC"));
    assert!(answer["device"]["username"].as_str().unwrap().starts_with("USR"));

    let device = server.identity().await;
    let own = device.get("/Identities/Self").await.result(200);
    assert_eq!(own["address"], device.address.as_str());
    assert_eq!(own["status"], "Active");
    assert_eq!(own["identityVersion"], 1);
    assert!(own["deletionGracePeriodEndsAt"].is_null());
    let own = device.get("/Devices/Self").await.result(200);
    assert_eq!(own["createdByDevice"], own["id"]);
    assert_eq!(own["communicationLanguage"], "en");
    assert_eq!(own["isBackupDevice"], false);
    device.get("/Datawallet").await.fails(404, "recordNotFound");
}

#[tokio::test]
async fn refuses_in_the_documented_order() {
    let server = Server::start().await;
    let key = server.new_key();
    let stranger = server.new_key();
    let forged = sign(&stranger, r#"{"id":"CHL00000000000000000","expiresAt":"2026-01-01T00:00:00.000Z"}"#);
    let unknown = sign(&key, r#"{"id":"CHL00000000000000000","expiresAt":"2026-01-01T00:00:00.000Z"}"#);
    let valid = signed_challenge(&server.anonymous(), &key).await;
    // Each step repairs what the one before was refused for.
    let steps = [
        ("wrong", "", "fra", &forged, 400, "unauthorized"),
        ("client-secret", "", "fra", &forged, 400, "validation.invalidPropertyValue"),
        ("client-secret", "x", "fra", &forged, 400, "validation.invalidDeviceCommunicationLanguage"),
        ("client-secret", "x", "de", &forged, 400, "validation.device.invalidSignature"),
        ("client-secret", "x", "de", &unknown, 404, "recordNotFound"),
        ("client-secret", "x", "de", &valid, 400, "validation.device.registrationFailed"),
    ];
    for (secret, password, language, challenge, status, code) in steps {
        let answer = server.create_identity(&key, |body| {
            body["clientSecret"] = json!(secret);
            body["devicePassword"] = json!(password);
            body["deviceCommunicationLanguage"] = json!(language);
            body["signedChallenge"] = challenge.clone();
        });
        answer.await.fails(status, code);
    }
}

#[tokio::test]
async fn an_address_is_created_once() {
    let server = Server::start().await;
    let key = server.new_key();
    server.create_identity(&key, |_| {}).await.result(201);
    server.create_identity(&key, |_| {}).await.fails(400, "validation.device.addressAlreadyExists");
}

#[tokio::test]
async fn a_client_creates_as_many_identities_as_it_may() {
    let server = Server::start_with(|config| config.clients[0].max_identities = Some(2)).await;
    server.identity().await;
    server.identity().await;
    let key = server.new_key();
    server.create_identity(&key, |_| {}).await.fails(400, "validation.device.clientReachedIdentitiesLimit");
}

#[tokio::test]
async fn keys_and_signatures_of_odd_form_are_refused() {
    let server = Server::start().await;
    let key = server.new_key();
    for odd in ["", "AAAA", "e30"] {
        let answer = server.create_identity(&key, |body| body["identityPublicKey"] = json!(odd)).await;
        answer.fails(400, "validation.invalidPropertyValue");
    }
    for odd in ["", "AAAA", "e30"] {
        let answer = server.create_identity(&key, |body| body["signedChallenge"]["signature"] = json!(odd)).await;
        answer.fails(400, "inputCannotBeParsed");
    }
    let answer = server.create_identity(&key, |body| body["signedChallenge"] = sign(&key, "no challenge")).await;
    answer.fails(400, "inputCannotBeParsed");
}

#[tokio::test]
async fn challenges_live_ten_minutes_and_are_readable_an_hour_longer() {
    let server = Server::start().await;
    let mut device = server.identity().await;
    let anonymous = server.anonymous().post("/Challenges", json!({})).await.result(201);
    assert_eq!(anonymous["expiresAt"], "2026-01-01T00:10:00.000Z");
    assert!(anonymous["createdBy"].is_null() && anonymous["createdByDevice"].is_null());
    let own = device.post("/Challenges", json!({})).await.result(201);
    assert_eq!(own["createdBy"], device.address.as_str());
    assert_eq!(own["createdByDevice"], device.id.as_str());
    let path = format!("/Challenges/{}", own["id"].as_str().unwrap());

    let key = server.new_key();
    let challenge = signed_challenge(&server.anonymous(), &key).await;
    pass(&server, 601);
    let answer = server.create_identity(&key, |body| body["signedChallenge"] = challenge).await;
    answer.fails(400, "validation.device.challengeHasExpired");

    pass(&server, 3599);
    device.log_in().await;
    assert_eq!(device.get(&path).await.result(200), own);
    pass(&server, 1);
    device.get(&path).await.fails(404, "recordNotFound");
    server.anonymous().get(&path).await.is_empty_with(401);
    device.get("/Challenges/XYZ").await.fails(400, "validation.invalidPropertyValue");
}

#[tokio::test]
async fn is_deleted_recognises_deleted_identities() {
    let server = Server::start().await;
    let device = server.identity().await;
    let client = server.anonymous();
    let path = format!("/Identities/IsDeleted?USERNAME={}", device.username);
    assert_eq!(client.get(&path).await.result(200), json!({"isDeleted": false, "deletionDate": null}));
    let unknown = client.get("/Identities/IsDeleted?username=USR00000000000000000").await.result(200);
    assert_eq!(unknown, json!({"isDeleted": false, "deletionDate": null}));
    client.get("/Identities/IsDeleted?username=x").await.fails(400, "validation.invalidPropertyValue");
    client.get("/Identities/IsDeleted").await.fails(400, "inputCannotBeParsed");
    client.get("/Identities/IsDeleted?username=").await.fails(400, "inputCannotBeParsed");
}
