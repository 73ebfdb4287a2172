use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, header};
use backbone::{Backbone, BackboneConfig, BackboneError, OAuthClient};
use core_types::{Clock as _, ManualClock, Randomness, Timestamp};
use crypto::{CryptoObject as _, HashLabel, SignatureKeypair};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "Secret-Passw0rd";
pub(crate) const VERSION_HEADER: (&str, &str) = ("x-supported-datawallet-version", "1");

/// Bytes of a length an encrypted key may have.
pub(crate) const ENCRYPTED_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A Backbone in a folder of its own, with a clock that stands still.
pub(crate) struct Server {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) backbone: Backbone,
    router: Router,
    config: BackboneConfig,
    folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut BackboneConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00.000Z".parse().unwrap()));
        let mut config = BackboneConfig::new(folder.path(), vec![OAuthClient::new("test", "client-secret")]);
        config.clock = clock.clone();
        config.randomness = Randomness::seeded(1);
        change(&mut config);
        let backbone = Backbone::open(config.clone()).await.unwrap();
        Self { clock, router: backbone.router(), backbone, config, folder }
    }

    /// The directory of the database.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A Backbone with this administrator's file.
    pub(crate) async fn start_with_file(file: &Value) -> Self {
        Self::start_with(|config| {
            let path = config.data_dir.join("admin.json");
            std::fs::write(&path, file.to_string()).unwrap();
            config.admin_file = Some(path);
        })
        .await
    }

    /// Writes the administrator's file anew, without having it read.
    pub(crate) fn write_file(&self, text: &str) {
        std::fs::write(self.folder().join("admin.json"), text).unwrap();
    }

    /// Writes the administrator's file anew and has it read.
    pub(crate) async fn reload(&self, file: &Value) {
        self.write_file(&file.to_string());
        self.backbone.reload().await.unwrap();
    }

    /// Serves over a socket, maintenance included.
    pub(crate) async fn serve(&self) -> Serving {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = CancellationToken::new();
        let (backbone, stop) = (self.backbone.clone(), shutdown.clone());
        Serving { port, shutdown, task: tokio::spawn(async move { backbone.serve(listener, stop).await }) }
    }

    /// Closes the Backbone and opens another one on the same folder.
    pub(crate) async fn restart(&mut self) {
        self.backbone.close().await;
        self.backbone = Backbone::open(self.config.clone()).await.unwrap();
        self.router = self.backbone.router();
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client { router: self.router.clone(), token: None }
    }

    pub(crate) fn in_minutes(&self, minutes: u64) -> Timestamp {
        self.clock.now().saturating_add(Duration::from_secs(60 * minutes))
    }

    /// A key for an Identity.
    pub(crate) fn new_key(&self) -> SignatureKeypair {
        SignatureKeypair::generate(&mut self.config.randomness.clone())
    }

    /// A new Identity with its first device, logged in.
    pub(crate) async fn identity(&self) -> Device {
        let key = self.new_key();
        let answer = self.create_identity(&key, |_| {}).await.result(201);
        let username = answer["device"]["username"].as_str().unwrap().to_owned();
        let mut device = Device {
            client: self.anonymous(),
            key,
            address: answer["address"].as_str().unwrap().to_owned(),
            id: answer["device"]["id"].as_str().unwrap().to_owned(),
            username,
            password: PASSWORD.to_owned(),
        };
        device.log_in().await;
        device
    }

    /// Two Identities with an active relationship from the second to the first, and its id.
    pub(crate) async fn related(&self) -> (Device, Device, String) {
        let (templator, requestor) = (self.identity().await, self.identity().await);
        let id = pending(&templator, &requestor).await;
        templator.put(&format!("/Relationships/{id}/Accept"), json!({})).await.result(200);
        (templator, requestor, id)
    }

    pub(crate) async fn create_identity(&self, key: &SignatureKeypair, change: impl FnOnce(&mut Value)) -> Answer {
        let client = self.anonymous();
        let mut body = json!({
            "clientId": "test",
            "clientSecret": "client-secret",
            "identityPublicKey": base64url(key.public_key.to_verbose_json()),
            "devicePassword": PASSWORD,
            "identityVersion": 1,
            "signedChallenge": signed_challenge(&client, key).await,
        });
        change(&mut body);
        client.post("/Identities", body).await
    }
}

/// A Backbone that is served.
pub(crate) struct Serving {
    pub(crate) port: u16,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), BackboneError>>,
}

impl Serving {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// An open stream of server-sent events.
pub(crate) struct Events(Body);

impl Events {
    /// The name of the next event; nothing at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = within(self.0.frame()).await?.unwrap().into_data().unwrap();
        let frame = std::str::from_utf8(&frame).unwrap();
        let name = frame.strip_prefix("event: ").and_then(|rest| rest.strip_suffix("\ndata: _\n\n"));
        assert!(name.is_some(), "not an event: {frame:?}");
        name.map(str::to_owned)
    }

    pub(crate) async fn expect(&mut self, name: &str) {
        assert_eq!(self.next().await.as_deref(), Some(name));
    }

    pub(crate) async fn expect_all<const N: usize>(&mut self, names: [&str; N]) {
        for name in names {
            self.expect(name).await;
        }
    }
}

/// Fails when it takes longer than anything here may.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap()
}

/// A device of an Identity.
#[derive(Clone)]
pub(crate) struct Device {
    client: Client,
    pub(crate) key: SignatureKeypair,
    pub(crate) address: String,
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

impl std::ops::Deref for Device {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Device {
    /// Takes a fresh bearer token, for after the clock was moved or the server restarted.
    pub(crate) async fn log_in(&mut self) {
        let answer = self.client.log_in(&self.username, &self.password).await;
        self.client.token = Some(answer.json(200)["access_token"].as_str().unwrap().to_owned());
    }

    pub(crate) async fn log_in_again(&self) -> Answer {
        self.client.log_in(&self.username, &self.password).await
    }

    pub(crate) async fn log_in_as(&self, username: &str, password: &str) -> Answer {
        self.client.log_in(username, password).await
    }

    /// Talks to the restarted server with the token of before.
    pub(crate) fn move_to(&mut self, server: &Server) {
        self.client.router = server.anonymous().router;
    }

    /// Listens to server-sent events.
    pub(crate) async fn listen(&self) -> Events {
        let mut request = Request::get("/api/v1/sse").body(Body::empty()).unwrap();
        self.authorize(&mut request);
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let mut events = Events(response.into_body());
        events.expect("ConnectionOpened").await;
        events
    }

    pub(crate) async fn signed_challenge(&self) -> Value {
        signed_challenge(self, &self.key).await
    }

    /// Another device of the same Identity, logged in.
    pub(crate) async fn further_device(&self) -> Device {
        let body = json!({"devicePassword": PASSWORD, "signedChallenge": self.signed_challenge().await});
        let answer = self.post("/Devices", body).await.result(201);
        let mut device = Device {
            id: answer["id"].as_str().unwrap().to_owned(),
            username: answer["username"].as_str().unwrap().to_owned(),
            ..self.clone()
        };
        device.log_in().await;
        device
    }

    /// Creates the datawallet, as clients do right after creating the Identity.
    pub(crate) async fn create_datawallet(&self) {
        let run = self.start_sync_run("DatawalletVersionUpgrade").await.result(201);
        let path = format!("/SyncRuns/{}/FinalizeDatawalletVersionUpgrade", run["syncRun"]["id"].as_str().unwrap());
        self.put(&path, json!({"newDatawalletVersion": 1, "datawalletModifications": []})).await.result(200);
    }

    pub(crate) async fn start_sync_run(&self, r#type: &str) -> Answer {
        self.post("/SyncRuns", json!({"type": r#type})).await
    }

    /// Processes all external events with success; their types and payloads in order.
    pub(crate) async fn sync(&self) -> Vec<(String, Value)> {
        let answer = self.start_sync_run("ExternalEventSync").await;
        if answer.status == 200 {
            return Vec::new();
        }
        let run = answer.result(201)["syncRun"]["id"].as_str().unwrap().to_owned();
        let events = self.get(&format!("/SyncRuns/{run}/ExternalEvents")).await.result(200);
        let events = events.as_array().unwrap();
        let results: Vec<Value> = events.iter().map(|event| json!({"externalEventId": event["id"]})).collect();
        let body = json!({"externalEventResults": results, "datawalletModifications": []});
        self.put(&format!("/SyncRuns/{run}/FinalizeExternalEventSync"), body).await.result(200);
        events.iter().map(|event| (event["type"].as_str().unwrap().to_owned(), event["payload"].clone())).collect()
    }

    pub(crate) async fn synced_types(&self) -> Vec<String> {
        self.sync().await.into_iter().map(|(r#type, _)| r#type).collect()
    }

    pub(crate) async fn template(&self, server: &Server) -> String {
        let body = json!({"content": "AAAA", "expiresAt": server.in_minutes(60)});
        self.post("/RelationshipTemplates", body).await.id(201)
    }

    pub(crate) async fn send_message(&self, recipient: &Device) -> Answer {
        let recipients = json!([{"address": recipient.address, "encryptedKey": ENCRYPTED_KEY}]);
        self.post("/Messages", json!({"recipients": recipients, "body": "AAAA", "attachments": []})).await
    }
}

/// A relationship request from the second to the first; its id.
pub(crate) async fn pending(templator: &Device, requestor: &Device) -> String {
    let template = templator.post("/RelationshipTemplates", json!({"content": "AAAA"})).await.id(201);
    requestor
        .post("/Relationships", json!({"relationshipTemplateId": template, "creationContent": "AAAA"}))
        .await
        .id(201)
}

/// The database of a server.
pub(crate) async fn database(server: &Server) -> sqlx::SqliteConnection {
    let path = format!("sqlite://{}", server.folder().join("backbone.db").display());
    sqlx::SqliteConnection::connect(&path).await.unwrap()
}

/// A caller of the server, with or without a bearer token.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    pub(crate) token: Option<String>,
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Calls a resource below `/api/v2` with the header of synchronization calls.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v2{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(VERSION_HEADER.0, VERSION_HEADER.1);
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Answer {
        let fields = [
            ("client_id", "test"),
            ("client_secret", "client-secret"),
            ("grant_type", "password"),
            ("username", username),
            ("password", password),
        ];
        self.ask_for_token(&fields).await
    }

    pub(crate) async fn ask_for_token(&self, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post("/connect/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        Self { token: None, ..self.clone() }.send(request.unwrap()).await
    }

    /// Sends any request; the bearer token is added.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        self.authorize(&mut request);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        // A stream of events does not end.
        let is_stream = head.headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "text/event-stream");
        let body = if is_stream { Body::empty() } else { body };
        Answer { status: head.status.as_u16(), headers: head.headers, body: to_bytes(body, usize::MAX).await.unwrap() }
    }
}

impl Client {
    /// The head of an answer below `/api/v2`, with its body still unread.
    pub(crate) async fn begin(&self, path: &str) -> Response<Body> {
        let mut request = Request::get(format!("/api/v2{path}")).body(Body::empty()).unwrap();
        self.authorize(&mut request);
        self.router.clone().oneshot(request).await.unwrap()
    }

    fn authorize(&self, request: &mut Request<Body>) {
        if let Some(token) = &self.token {
            request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
    }
}

/// The answer of the server.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The result of a success with this status.
    #[track_caller]
    pub(crate) fn result(&self, status: u16) -> Value {
        self.json(status)["result"].clone()
    }

    /// The id of what was created.
    #[track_caller]
    pub(crate) fn id(&self, status: u16) -> String {
        self.result(status)["id"].as_str().unwrap().to_owned()
    }

    /// Expects a status and, after `error.platform.`, this code.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: &str) {
        let error = &self.json(status)["error"];
        assert_eq!(error["code"].as_str().unwrap().strip_prefix("error.platform.").unwrap(), code);
        assert!(error["id"].as_str().unwrap().starts_with("ERR"), "{error}");
        assert!(error["time"].as_str().unwrap().parse::<Timestamp>().is_ok(), "{error}");
    }

    #[track_caller]
    pub(crate) fn is_empty_with(&self, status: u16) {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert!(self.body.is_empty());
    }
}

pub(crate) async fn signed_challenge(client: &Client, key: &SignatureKeypair) -> Value {
    let challenge = client.post("/Challenges", json!({})).await.result(201);
    sign(key, &json!({"expiresAt": challenge["expiresAt"], "id": challenge["id"], "type": "Identity"}).to_string())
}

pub(crate) fn sign(key: &SignatureKeypair, text: &str) -> Value {
    let signature = key.sign(text.as_bytes(), HashLabel::Sha512).unwrap();
    json!({"challenge": text, "signature": base64url(signature.to_verbose_json())})
}

pub(crate) fn base64url(text: String) -> String {
    crypto::encoding::base64url_encode(text)
}

/// Advances a clock by some seconds.
pub(crate) fn pass(server: &Server, seconds: u64) {
    server.clock.advance(Duration::from_secs(seconds));
}
