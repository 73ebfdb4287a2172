use backbone::{Backbone, BackboneConfig, OAuthClient};
use core_types::Randomness;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{Server, pass};

#[tokio::test]
async fn serves_over_http_until_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = BackboneConfig::new(folder.path(), vec![OAuthClient::new("test", "secret")]);
    config.randomness = Randomness::seeded(1);
    let backbone = Backbone::open(config).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn({
        let (backbone, shutdown) = (backbone.clone(), shutdown.clone());
        async move { backbone.serve(listener, shutdown).await }
    });
    let client = reqwest::Client::builder().build().unwrap();
    let version = client.get(format!("http://localhost:{port}/api/v2/version")).send().await.unwrap();
    assert_eq!(version.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(version.json::<Value>().await.unwrap(), json!({"result": {"majorVersion": "7"}}));
    let form = reqwest::multipart::Form::new().text("content", "x");
    let refused = client.post(format!("http://localhost:{port}/api/v2/Files")).multipart(form).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    shutdown.cancel();
    serving.await.unwrap().unwrap();
    backbone.close().await;
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let mut server = Server::start().await;
    let (mut templator, mut requestor, relationship) = server.related().await;
    templator.create_datawallet().await;
    let message = requestor.send_message(&templator).await.id(201);
    let run = templator.start_sync_run("ExternalEventSync").await.result(201);
    server.restart().await;
    for device in [&mut templator, &mut requestor] {
        device.move_to(&server);
    }
    // Bearer tokens are good until they expire, whichever process gave them.
    templator.get("/Devices/Self").await.result(200);
    let path = format!("/SyncRuns/{}/ExternalEvents", run["syncRun"]["id"].as_str().unwrap());
    assert_eq!(templator.get(&path).await.result(200).as_array().unwrap().len(), 2);
    assert_eq!(templator.get(&format!("/Messages/{message}")).await.result(200)["body"], "AAAA");
    assert_eq!(requestor.get(&format!("/Relationships/{relationship}")).await.result(200)["status"], "Active");
    pass(&server, 300);
    templator.get("/Devices/Self").await.is_empty_with(401);
    templator.log_in().await;
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    type Change = fn(&mut BackboneConfig);
    let changes: [(&str, Change); 13] = [
        ("did_domain", |config| config.did_domain = "127.0.0.1".to_owned()),
        ("did_domain", |config| config.did_domain = "x".to_owned()),
        ("clients", |config| config.clients.clear()),
        ("clients", |config| config.clients.push(OAuthClient::new("other", ""))),
        ("access_token_lifetime", |config| config.access_token_lifetime = std::time::Duration::from_secs(59)),
        ("max_message_recipients", |config| config.max_message_recipients = 0),
        ("max_unreceived_messages", |config| config.max_unreceived_messages = 101),
        ("tags", |config| config.tags.supported_languages.clear()),
        ("grace_period_days", |config| config.grace_period_days = f64::NAN),
        ("grace_period_days", |config| config.grace_period_days = -1.0),
        ("sse_keep_alive", |config| config.sse_keep_alive = std::time::Duration::ZERO),
        ("maintenance_interval", |config| config.maintenance_interval = std::time::Duration::ZERO),
        ("admin_file_interval", |config| config.admin_file_interval = std::time::Duration::ZERO),
    ];
    for (setting, change) in changes {
        let mut config = BackboneConfig::new(folder.path(), vec![OAuthClient::new("test", "secret")]);
        change(&mut config);
        let error = Backbone::open(config).await.unwrap_err();
        assert!(error.to_string().contains(setting), "{error}");
        assert_eq!(error.code(), "error.backbone.configuration");
    }
}

#[tokio::test]
async fn an_unusable_folder_is_reported() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = BackboneConfig::new(file.path().join("below"), vec![OAuthClient::new("test", "secret")]);
    assert_eq!(Backbone::open(config).await.unwrap_err().code(), "error.backbone.dataDirectory");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_once_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backbone.db");
    std::fs::write(&path, "something else ".repeat(1000)).unwrap();
    let config = BackboneConfig::new(folder.path(), vec![OAuthClient::new("test", "secret")]);
    let error = Backbone::open(config).await.unwrap_err();
    assert!(std::error::Error::source(&error).is_none());
    let text = error.to_string();
    assert_eq!(text.matches("not a database").count(), 1, "{text}");
    assert!(text.contains(&path.display().to_string()) && text.contains("backup"), "{text}");
}

#[tokio::test]
async fn a_database_needs_some_room() {
    for (size, is_enough) in [(0, false), (1024 * 1024 - 1, false), (1024 * 1024, true)] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = BackboneConfig::new(folder.path(), vec![OAuthClient::new("test", "secret")]);
        config.max_database_size = Some(size);
        let opened = Backbone::open(config).await;
        assert_eq!(opened.is_ok(), is_enough, "{size}");
        if let Err(error) = opened {
            assert!(error.to_string().contains("at least 1 MiB"), "{error}");
        }
    }
}
