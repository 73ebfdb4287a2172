//! A Connector with a peer and one object of each kind, and the rules for every answer.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use runtime::HostedAccount;
use serde_json::{Value, json};
use store::{CollectionSpec, Document, Query, Store};
use testing::TestDatabase;
use transport::documents;

use crate::support::account::TestBackbone;
use crate::support::{Answer, KEY, production, request, send};

/// No answer takes longer than this; most take a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ids of objects that exist.
pub(crate) struct Ids {
    pub(crate) file: String,
    pub(crate) file_reference: String,
    pub(crate) template: String,
    pub(crate) peer_template: String,
    pub(crate) relationship: String,
    pub(crate) peer: String,
    pub(crate) message: String,
    pub(crate) token: String,
}

/// The number of events, and all documents.
pub(crate) type Snapshot = (i64, String);

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) ids: Ids,
    store: Store,
    codes: BTreeSet<String>,
    failures: Mutex<Vec<String>>,
    last_snapshot: Mutex<Option<Snapshot>>,
    refusals: AtomicU64,
    _peer: Arc<HostedAccount>,
    database: TestDatabase,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(TestDatabase::sqlite()).await
    }

    pub(crate) async fn on(database: TestDatabase) -> Self {
        let store = database.open().await;
        let backbone = TestBackbone::start().await;
        let (account, peer) = (backbone.open_account_in(store).await, backbone.open_account().await);
        let (router, peer_router) = (production(&account, json!({})), production(&peer, json!({})));

        let template_content = json!({"@type": "ArbitraryRelationshipTemplateContent", "value": 1});
        let new_template = json!({"expiresAt": "2099-01-01", "content": template_content});
        let template = created(&router, "/RelationshipTemplates/Own", &new_template).await;
        let peer_template = created(&peer_router, "/RelationshipTemplates/Own", &new_template).await;
        let reference = json!({"reference": peer_template["reference"]["truncated"]});
        created(&router, "/RelationshipTemplates/Peer", &reference).await;
        let creation_content = json!({"@type": "ArbitraryRelationshipCreationContent", "value": 1});
        let new_relationship = json!({"templateId": peer_template["id"], "creationContent": creation_content});
        let relationship = text(&created(&router, "/Relationships", &new_relationship).await["id"]);
        put(&peer_router, "/Account/Sync", "POST", 204).await;
        put(&peer_router, &format!("/Relationships/{relationship}/Accept"), "PUT", 200).await;
        put(&router, "/Account/Sync", "POST", 204).await;

        let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\ncontent\r\n--b--\r\n";
        let headers = [("x-api-key", KEY), ("content-type", "multipart/form-data; boundary=b")];
        let uploaded = send(&router, request("POST", "/api/core/v1/Files/Own", &headers, form)).await;
        assert_eq!(uploaded.status, 201);
        let file = uploaded.json()["result"].clone();
        let peer_address = text(&peer_template["createdBy"]);
        let mail = json!({"@type": "Mail", "to": [peer_address], "subject": "s", "body": "b"});
        let new_message = json!({"recipients": [peer_address], "content": mail, "attachments": [file["id"]]});
        let message = created(&router, "/Messages", &new_message).await;
        let new_token = json!({"content": {"a": 1}, "expiresAt": "2099-01-01"});
        let token = created(&router, "/Tokens/Own", &new_token).await;

        let ids = Ids {
            file: text(&file["id"]),
            file_reference: text(&file["reference"]["truncated"]),
            template: text(&template["id"]),
            peer_template: text(&peer_template["id"]),
            relationship,
            peer: peer_address,
            message: text(&message["id"]),
            token: text(&token["id"]),
        };
        let store = account.store().clone();
        let world = Self {
            router,
            ids,
            store,
            codes: documented_codes(),
            failures: Mutex::default(),
            last_snapshot: Mutex::default(),
            refusals: AtomicU64::default(),
            _peer: peer,
            database,
        };
        *world.last_snapshot.lock().unwrap() = Some(world.snapshot().await);
        world
    }

    /// Sends a request with credentials and checks the rules for every answer.
    pub(crate) async fn probe(&self, what: &str, mut request: Request<Body>) -> Answer {
        request.headers_mut().entry("x-api-key").or_insert(KEY.parse().unwrap());
        let (method, uri) = (request.method().clone(), request.uri().to_string());
        let uri: String = uri.chars().take(200).collect();
        let answer = tokio::time::timeout(PATIENCE, send(&self.router, request)).await.expect("an answer in time");
        let code =
            if answer.status.is_client_error() && method != Method::HEAD { answer.code() } else { String::new() };
        if answer.status.is_server_error() || !(code.is_empty() || self.codes.contains(&code)) {
            let body = String::from_utf8_lossy(&answer.body);
            self.fail(format!("{what}: {method} {uri}: {} {body}", answer.status));
        }
        answer
    }

    /// Records a violated rule; the test fails at its end, with all records.
    pub(crate) fn fail(&self, what: String) {
        self.failures.lock().unwrap().push(what);
    }

    /// As [`probe`](Self::probe), and only a success may change the store.
    pub(crate) async fn attack(&self, what: &str, request: Request<Body>) -> Answer {
        let (method, uri) = (request.method().clone(), request.uri().to_string());
        let answer = self.probe(what, request).await;
        if !answer.status.is_success() && !self.is_due() {
            return answer;
        }
        let after = self.snapshot().await;
        let before = self.last_snapshot.lock().unwrap().replace(after.clone());
        if !answer.status.is_success() && before.is_some_and(|before| before != after) {
            self.fail(format!("{what}: {method} {uri}, or one shortly before, failed and changed the store"));
        }
        answer
    }

    /// Returns true if it is time to check the store. A server is only queried after every tenth refusal, as that takes
    /// time.
    fn is_due(&self) -> bool {
        let refusals = self.refusals.fetch_add(1, Ordering::Relaxed) + 1;
        !self.database.is_postgres() || refusals.is_multiple_of(10)
    }

    /// Everything that is stored, except counters: they always advance, because no nonce may be used twice.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        let mut text = String::new();
        for spec in collections() {
            for document in self.store.find_raw(&spec, &Query::default()).await.unwrap() {
                if document["name"] != "secret_lastnonce" {
                    text.push_str(&document.to_string());
                }
            }
        }
        (self.store.last_event_sequence().await.unwrap(), text)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let failures = self.failures.get_mut().unwrap();
        let shown: Vec<&str> = failures.iter().take(40).map(|failure| failure.get(..1000).unwrap_or(failure)).collect();
        assert!(failures.is_empty() || std::thread::panicking(), "{} failures:\n{}", failures.len(), shown.join("\n"));
    }
}

fn collections() -> [CollectionSpec; 13] {
    [
        documents::AccountInfoEntry::COLLECTION,
        documents::Device::COLLECTION,
        documents::DeviceSecretEntry::COLLECTION,
        documents::File::COLLECTION,
        documents::IdentityDeletionProcess::COLLECTION,
        documents::Message::COLLECTION,
        documents::PendingRelationship::COLLECTION,
        documents::ProcessedExternalEvent::COLLECTION,
        documents::Relationship::COLLECTION,
        documents::RelationshipTemplate::COLLECTION,
        documents::Secret::COLLECTION,
        documents::SyncInfoEntry::COLLECTION,
        documents::Token::COLLECTION,
    ]
}

/// All codes in the reference documents, with lists in braces expanded, and our own.
fn documented_codes() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol");
    let document: String = ["03-backbone-api.md", "06-rest-api.md", "../error-codes.md"]
        .map(|name| std::fs::read_to_string(folder.join(name)).unwrap())
        .concat();
    let mut codes = BTreeSet::new();
    for line in document.lines() {
        let mut last_prefix = "";
        for part in line.split('`').skip(1).step_by(2) {
            if let Some((prefix, names)) = part.split_once('{')
                && prefix.starts_with("error.")
            {
                let names = names.trim_end_matches('}').split(',').map(|name| name.trim().trim_end_matches("(A)"));
                codes.extend(names.map(|name| format!("{prefix}{name}")));
            } else if part.starts_with("error.") {
                last_prefix = part.rsplit_once('.').map_or("", |(prefix, _)| prefix);
                codes.insert(part.to_owned());
            } else if part.starts_with('.') {
                codes.insert(format!("{last_prefix}{part}"));
            }
        }
    }
    assert!(codes.contains("error.transport.files.maxFileSizeExceeded") && codes.len() > 100, "{}", codes.len());
    codes
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn created(router: &Router, path: &str, body: &Value) -> Value {
    let path = format!("/api/core/v1{path}");
    let answer = crate::support::post(router, &path, "application/json", body.to_string()).await;
    assert_eq!(answer.status, 201, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()["result"].take()
}

async fn put(router: &Router, path: &str, method: &str, status: u16) {
    let answer = crate::support::call(router, method, &format!("/api/core/v1{path}"), &[]).await;
    assert_eq!(answer.status, status, "{path}");
}
