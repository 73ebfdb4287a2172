use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Device, Server, pass, within};

fn announcement(number: u8) -> Value {
    json!({
        "id": format!("ANC{number:017}"), "severity": "High",
        "texts": {"en": {"title": "Hello", "body": "World"}, "de": {"title": "Hallo", "body": "Welt"}},
        "actions": [{"displayName": {"en": "More", "fr": "Plus"}, "link": "https://example.com"}],
    })
}

async fn read(device: &Device, language: &str) -> Vec<Value> {
    device.get(&format!("/Announcements?language={language}")).await.result(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn announcements_are_read_in_a_language_or_in_english() {
    let server = Server::start_with_file(&json!({"announcements": [announcement(1)]})).await;
    let device = server.identity().await;
    let expected = json!({
        "id": "ANC00000000000000001", "createdAt": "2026-01-01T00:00:00.000Z", "expiresAt": null, "severity": "High",
        "title": "Hallo", "body": "Welt",
        "actions": [{"displayName": "More", "link": "https://example.com", "iqlQuery": null}], "iqlQuery": null,
    });
    assert_eq!(read(&device, "de").await, [expected]);
    let french = &read(&device, "fr").await[0];
    assert_eq!((&french["title"], &french["actions"][0]["displayName"]), (&json!("Hello"), &json!("Plus")));
    assert_eq!(read(&device, "aa").await[0]["title"], "Hello");
    device.get("/Announcements?language=xx").await.fails(400, "validation.invalidPropertyValue");
    device.get("/Announcements?language=DE").await.fails(400, "validation.invalidPropertyValue");
    device.get("/Announcements").await.fails(400, "inputCannotBeParsed");
    server.anonymous().get("/Announcements?language=en").await.is_empty_with(401);
}

#[tokio::test]
async fn recipients_are_notified_of_new_ones_once() {
    let mut server = Server::start_with_file(&json!({})).await;
    let (mut one, mut other) = (server.identity().await, server.identity().await);
    let (mut to_one, mut to_other) = (one.listen().await, other.listen().await);
    let for_one = json!({"recipients": [one.address]});
    let mut personal = announcement(2);
    personal.as_object_mut().unwrap().extend(for_one.as_object().unwrap().clone());
    server.reload(&json!({"announcements": [announcement(1)]})).await;
    to_one.expect("NewAnnouncement").await;
    to_other.expect("NewAnnouncement").await;
    pass(&server, 60);
    server.reload(&json!({"announcements": [personal, announcement(1)]})).await;
    to_one.expect("NewAnnouncement").await;
    let mut silent = announcement(3);
    silent["isSilent"] = json!(true);
    silent["expiresAt"] = json!("2026-01-02T00:00:00.000Z");
    let file = json!({"announcements": [personal, announcement(1), silent]});
    server.reload(&file).await;
    server.reload(&file).await;
    for (device, events) in [(&one, &mut to_one), (&other, &mut to_other)] {
        device.post("/Identities/Self/DeletionProcesses", json!({})).await.result(201);
        events.expect("DeletionProcessStarted").await;
    }

    let ids = async |device: &Device| -> Vec<String> {
        let announcements = read(device, "en").await;
        let number = |id: &str| id.trim_start_matches(['A', 'N', 'C', '0']).to_owned();
        announcements.iter().map(|announcement| number(announcement["id"].as_str().unwrap())).collect()
    };
    assert_eq!(ids(&one).await, ["1", "2", "3"]);
    assert_eq!(ids(&other).await, ["1", "3"]);

    // Neither a restart nor a correction makes them new.
    server.restart().await;
    for device in [&mut one, &mut other] {
        device.move_to(&server);
    }
    assert_eq!(read(&one, "en").await[0]["createdAt"], "2026-01-01T00:00:00.000Z");
    assert_eq!(read(&one, "en").await[1]["createdAt"], "2026-01-01T00:01:00.000Z");
    // Expired ones vanish after a month.
    pass(&server, 31 * 24 * 3600 - 120);
    let late = server.identity().await;
    assert_eq!(ids(&late).await, ["1", "3"]);
    pass(&server, 60);
    assert_eq!(ids(&late).await, ["1"]);
}

#[tokio::test]
async fn a_served_backbone_notices_a_changed_file() {
    let server = Server::start_with(|config| {
        let path = config.data_dir.join("admin.json");
        std::fs::write(&path, "{}").unwrap();
        config.admin_file = Some(path);
        config.admin_file_interval = Duration::from_millis(10);
    })
    .await;
    let device = server.identity().await;
    let mut events = device.listen().await;
    let serving = server.serve().await;
    let client = reqwest::Client::builder().build().unwrap();
    let url = format!("http://localhost:{}/health", serving.port);
    assert_eq!(within(client.get(url).send()).await.unwrap().status(), 200);
    // A file that makes no sense changes nothing, and the next one is read all the same.
    server.write_file("{\"announcements\": 1}");
    server.write_file(&json!({"announcements": [announcement(1)]}).to_string());
    events.expect("NewAnnouncement").await;
    assert_eq!(read(&device, "de").await[0]["title"], "Hallo");
    within(serving.stop()).await;
}
