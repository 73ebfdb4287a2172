//! An embedded Backbone with Accounts.

use std::path::Path;
use std::sync::Arc;

use backbone::{Backbone, BackboneConfig, OAuthClient};
use core_types::SystemClock;
use runtime::{AccountServices, HostedAccount, HostedAccountOptions, Runtime};
use serde_json::{Map, Value, json};
use store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub struct World {
    pub base_url: String,
    shutdown: CancellationToken,
    _guard: DropGuard,
    _dir: TempDir,
}

impl World {
    pub async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let config = BackboneConfig::new(dir.path(), vec![OAuthClient::new("client", "secret")]);
        let backbone = Backbone::open(config).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let shutdown = CancellationToken::new();
        let token = shutdown.clone();
        tokio::spawn(async move { backbone.serve(listener, token).await });
        Self { base_url, _guard: shutdown.clone().drop_guard(), shutdown, _dir: dir }
    }

    /// Shuts the Backbone down.
    pub fn stop_backbone(&self) {
        self.shutdown.cancel();
    }

    pub async fn account(&self) -> Arc<HostedAccount> {
        let transport =
            json!({ "baseUrl": self.base_url, "platformClientId": "client", "platformClientSecret": "secret" });
        let options = HostedAccountOptions {
            store: Store::in_memory().await.unwrap(),
            transport: serde_json::from_value(transport).unwrap(),
            clock: Arc::new(SystemClock),
            randomness: core_types::Randomness::system(),
            modules: Vec::new(),
            causes: Arc::new(()),
        };
        Runtime::new().open_account(options).await.unwrap()
    }
}

/// Connects the Accounts by an active Relationship, requested by `requestor`. Returns its id.
pub async fn connect(templator: &AccountServices, requestor: &AccountServices) -> String {
    let body = json!({
        "expiresAt": "2099-01-01", "content": { "@type": "ArbitraryRelationshipTemplateContent", "value": {} },
    });
    let template = templator.templates().create_own(parsed(&body, templator)).await.unwrap();
    let body = json!({ "reference": template.reference.truncated });
    let request = runtime::input::LoadPeerRelationshipTemplateRequest::parse(&body).unwrap();
    requestor.templates().load_peer(request).await.unwrap();
    let content = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": { "hello": 1 } });
    let body = json!({ "templateId": template.id, "creationContent": content });
    let request = runtime::input::CreateRelationshipRequest::parse(&body).unwrap();
    let relationship = requestor.relationships().create(request).await.unwrap();
    templator.account().sync().await.unwrap();
    templator.relationships().accept(&relationship.id).await.unwrap();
    requestor.account().sync().await.unwrap();
    relationship.id
}

fn parsed(body: &Value, services: &AccountServices) -> runtime::input::CreateOwnRelationshipTemplateRequest {
    runtime::input::CreateOwnRelationshipTemplateRequest::parse(body, services.now()).unwrap()
}

/// The recorded response of this name.
pub fn recorded(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/rest-recordings.json");
    let recordings: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let found = recordings.into_iter().find(|recording| recording["name"] == name);
    let body = found.unwrap_or_else(|| panic!("{name}"))["response"]["body"].take();
    body.get("result").or(body.get("error")).cloned().unwrap()
}

/// Names of members in their order, with the kinds of values.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), shape(member))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "flag".into(),
        Value::Null => "null".into(),
    }
}

/// Asserts that `dto` has the members of the recorded result, in the same order.
pub fn assert_shape(dto: &impl serde::Serialize, name: &str) {
    let actual = shape(&serde_json::to_value(dto).unwrap()).to_string();
    assert_eq!(actual, shape(&recorded(name)).to_string(), "{name}");
}
