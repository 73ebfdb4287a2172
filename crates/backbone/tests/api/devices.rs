use serde_json::json;

use crate::support::{PASSWORD, Server, sign};

#[tokio::test]
async fn adds_devices_to_an_identity() {
    let server = Server::start().await;
    let first = server.identity().await;
    let second = first.further_device().await;
    let devices = first.get("/Devices").await.result(200);
    let ids: Vec<_> = devices.as_array().unwrap().iter().map(|device| device["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [first.id.as_str(), second.id.as_str()]);
    assert_eq!(devices[1]["createdByDevice"], first.id.as_str());
    let one = first.get(&format!("/Devices?ids={}", second.id)).await.result(200);
    assert_eq!(one.as_array().unwrap().len(), 1);
    let stranger = server.identity().await;
    assert_eq!(stranger.get(&format!("/Devices?ids={}", second.id)).await.result(200), json!([]));
}

#[tokio::test]
async fn a_new_device_needs_the_identity_key_and_a_good_password() {
    let server = Server::start().await;
    let device = server.identity().await;
    let stranger = server.identity().await;
    let create = async |challenge, password: &str| {
        device.post("/Devices", json!({"devicePassword": password, "signedChallenge": challenge})).await
    };
    create(stranger.signed_challenge().await, PASSWORD).await.fails(400, "validation.device.invalidSignature");
    let text = r#"{"id":"CHL00000000000000000","expiresAt":""}"#;
    create(sign(&device.key, text), PASSWORD).await.fails(404, "recordNotFound");
    create(device.signed_challenge().await, "weak").await.fails(400, "validation.device.registrationFailed");
    create(device.signed_challenge().await, "").await.fails(400, "validation.invalidPropertyValue");
}

#[tokio::test]
async fn one_backup_device_waits_for_its_first_login() {
    let server = Server::start().await;
    let device = server.identity().await;
    let create = async || {
        let challenge = device.signed_challenge().await;
        let body = json!({"devicePassword": PASSWORD, "signedChallenge": challenge, "isBackupDevice": true});
        device.post("/Devices", body).await
    };
    let backup = create().await.result(201);
    assert_eq!(backup["isBackupDevice"], true);
    create().await.fails(400, "validation.device.onlyOneBackupDeviceCanExist");
    device.log_in_as(backup["username"].as_str().unwrap(), PASSWORD).await.json(200);
    let path = format!("/Devices?ids={}", backup["id"].as_str().unwrap());
    assert_eq!(device.get(&path).await.result(200)[0]["isBackupDevice"], false);
    create().await.result(201);
}

#[tokio::test]
async fn only_own_devices_that_never_logged_in_are_deleted() {
    let server = Server::start().await;
    let device = server.identity().await;
    let stranger = server.identity().await;
    let body = json!({"devicePassword": PASSWORD, "signedChallenge": device.signed_challenge().await});
    let new = device.post("/Devices", body).await.id(201);
    let path = format!("/Devices/{new}");
    stranger.delete(&path).await.fails(400, "validation.device.deviceCannotBeDeleted");
    device.delete(&path).await.is_empty_with(204);
    device.delete(&path).await.fails(404, "recordNotFound");
    device.delete(&format!("/Devices/{}", device.id)).await.fails(400, "validation.device.deviceCannotBeDeleted");
    device.delete("/Devices/x").await.fails(400, "validation.invalidPropertyValue");
}

#[tokio::test]
async fn changes_the_password() {
    let server = Server::start().await;
    let device = server.identity().await;
    let change = async |old: &str, new: &str| {
        device.put("/Devices/Self/Password", json!({"oldPassword": old, "newPassword": new})).await
    };
    change("wrong", "Other-Passw0rd").await.fails(400, "validation.device.changePasswordFailed");
    change(PASSWORD, "weak").await.fails(400, "validation.device.changePasswordFailed");
    change("", "Other-Passw0rd").await.fails(400, "validation.invalidPropertyValue");
    change(PASSWORD, "Other-Passw0rd").await.is_empty_with(204);
    assert_eq!(device.log_in_again().await.json(400)["error"], "invalid_grant");
    device.log_in_as(&device.username, "Other-Passw0rd").await.json(200);
    device.get("/Devices/Self").await.result(200);
}

#[tokio::test]
async fn sets_the_language() {
    let server = Server::start().await;
    let device = server.identity().await;
    let set = async |code: &str| device.put("/Devices/Self", json!({"communicationLanguage": code})).await;
    set("fra").await.fails(400, "validation.invalidDeviceCommunicationLanguage");
    set("fr").await.is_empty_with(204);
    assert_eq!(device.get("/Devices/Self").await.result(200)["communicationLanguage"], "fr");
}

#[tokio::test]
async fn registers_for_pushes_with_a_stable_identifier() {
    let server = Server::start().await;
    let device = server.identity().await;
    let register = async |platform: &str, handle: &str, app: &str| {
        let body = json!({"platform": platform, "handle": handle, "appId": app});
        device.put("/Devices/Self/PushNotifications", body).await
    };
    let dummy = register("dummy", "0123456789", "app").await.result(200);
    let identifier = dummy["devicePushIdentifier"].as_str().unwrap();
    assert!(identifier.starts_with("DPI") && identifier.len() == 20, "{identifier}");
    assert_eq!(register("sse", "9876543210", "other").await.result(200), dummy);
    register("fcm", "0123456789", "app").await.fails(400, "unsupportedAppId");
    register("pigeon", "0123456789", "app").await.fails(400, "validation.invalidPnsPlatform");
    register("dummy", "short", "app").await.fails(400, "validation.invalidPropertyValue");
    register("dummy", "0123456789", "").await.fails(400, "validation.invalidPropertyValue");
    device.delete("/Devices/Self/PushNotifications").await.is_empty_with(204);
    device.delete("/Devices/Self/PushNotifications").await.is_empty_with(204);
}
