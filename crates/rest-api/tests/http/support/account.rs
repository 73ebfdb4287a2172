//! An embedded Backbone with Accounts.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use backbone::{Backbone, BackboneConfig, OAuthClient};
use core_types::SystemClock;
use runtime::{HostedAccount, HostedAccountOptions, Runtime};
use serde_json::{Value, json};
use store::Store;
use tokio::net::TcpListener;
use transport::TransportConfig;

/// A Backbone that listens on this machine until the test ends. It can be made to misbehave.
pub(crate) struct TestBackbone {
    base_url: String,
    misbehaviour: Arc<Mutex<Misbehaviour>>,
}

/// The behaviour of the Backbone instead of its normal one.
#[derive(Clone, Default)]
pub(crate) struct Misbehaviour {
    /// Answers every request like this.
    pub(crate) failure: Option<(StatusCode, &'static str, String)>,
    /// The code returned if asked whether a Relationship can be created.
    pub(crate) cannot_create: Option<String>,
}

impl TestBackbone {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clients = vec![OAuthClient::new("test", "test")];
        let config = BackboneConfig {
            notification_codes: vec!["SomeCode".to_owned()],
            tags: serde_json::from_value(tags()).unwrap(),
            ..BackboneConfig::new(folder.path(), clients)
        };
        let backbone = Backbone::open(config).await.unwrap();
        let misbehaviour = Arc::<Mutex<Misbehaviour>>::default();
        let router = Router::new()
            .fallback_service(backbone.router())
            .layer(from_fn_with_state(Arc::clone(&misbehaviour), misbehave));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            let _folder = folder;
            axum::serve(listener, router).await.unwrap();
        });
        Self { base_url, misbehaviour }
    }

    pub(crate) fn misbehave(&self, change: impl FnOnce(&mut Misbehaviour)) {
        change(&mut self.misbehaviour.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A new Identity with its own store.
    pub(crate) async fn open_account(&self) -> Arc<HostedAccount> {
        self.open_account_in(Store::in_memory().await.unwrap()).await
    }

    /// A new Identity in an empty store.
    pub(crate) async fn open_account_in(&self, store: Store) -> Arc<HostedAccount> {
        let options = HostedAccountOptions {
            store,
            transport: TransportConfig {
                base_url: self.base_url.clone(),
                platform_client_id: "test".into(),
                platform_client_secret: "test".into(),
                ..TransportConfig::default()
            },
            clock: Arc::new(SystemClock),
            randomness: core_types::Randomness::system(),
            modules: Vec::new(),
            causes: Arc::new(()),
        };
        Runtime::new().open_account(options).await.unwrap()
    }
}

/// A new Identity on its own Backbone.
pub(crate) async fn open() -> Arc<HostedAccount> {
    TestBackbone::start().await.open_account().await
}

async fn misbehave(State(misbehaviour): State<Arc<Mutex<Misbehaviour>>>, request: Request, next: Next) -> Response {
    let misbehaviour = misbehaviour.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((status, content_type, body)) = misbehaviour.failure {
        return (status, [(CONTENT_TYPE, content_type)], body).into_response();
    }
    if request.uri().path().ends_with("/Relationships/CanCreate")
        && let Some(code) = misbehaviour.cannot_create
    {
        let answer: Value = json!({"result": {"canCreate": false, "code": code}});
        return axum::Json(answer).into_response();
    }
    if request.uri().path().ends_with("/Announcements") {
        return axum::Json(announcements(request.uri().query().unwrap_or_default())).into_response();
    }
    next.run(request).await
}

/// The tags offered by the Backbone of the recordings.
fn tags() -> Value {
    let named = |de: &str, en: &str| json!({"de": de, "en": en});
    let degree = json!({
        "displayNames": named("Schulabschluss", "Degree"),
        "children": {"realschule": {"displayNames": named("Realschule", "Secondary school")}},
    });
    json!({
        "supportedLanguages": ["de", "en"],
        "tagsForAttributeValueTypes": {
            "IdentityFileReference": {"schulabschluss": degree},
            "PhoneNumber": {"private": {"displayNames": named("privat", "private")}},
        },
    })
}

/// The announcement of the Backbone of the recordings; it is older than any of a fresh Backbone.
fn announcements(query: &str) -> Value {
    let language = query.split('&').find_map(|parameter| parameter.strip_prefix("language=")).unwrap_or_default();
    json!({"result": [{
        "id": "ANC00000000000000001",
        "createdAt": "2025-01-01T00:00:00.000Z",
        "expiresAt": null,
        "severity": "Low",
        "title": format!("Title {language}"),
        "body": "Body",
        "actions": [{"displayName": "Open", "link": "https://enmeshed.eu", "iqlQuery": null}],
        "iqlQuery": null,
    }]})
}
