//! An embedded Backbone whose answers can be lost, and accounts on it.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        Method, StatusCode,
        header::{CONTENT_LENGTH, DATE},
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use backbone::{Backbone, BackboneConfig, OAuthClient};
use core_types::{Clock, IdentityAddress, Reference, RelationshipId, SystemClock, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::{NewEvent, Store, StoreConfig};
use tempfile::TempDir;
use tokio::sync::Notify;
use transport::{
    Account, AccountOptions, Causes, EventRecorder, SendTemplate, SynchronisedCollection, TransportConfig,
    TransportError, TransportEvent,
    documents::{Relationship, RelationshipTemplate},
};

/// The fault of the next matching request.
pub(crate) enum Fault {
    /// The request never arrives.
    Unreachable,
    /// The request is served, but its answer is lost.
    AnswerLost,
    /// The request is served, but something else answers.
    Replaced(Interference),
    /// The answer waits until it is released.
    Delayed(DelayedAnswer),
    /// The answer waits, and then something else answers.
    DelayedAndReplaced(DelayedAnswer, Interference),
    /// The answer is altered on its way.
    Tampered(Box<dyn Fn(&mut Value) + Send>),
}

/// An answer that is held back for as long as a test wants.
#[derive(Clone, Default)]
pub(crate) struct DelayedAnswer {
    served: Arc<Notify>,
    go: Arc<Notify>,
}

impl DelayedAnswer {
    /// Waits until the Backbone has served the request.
    pub(crate) async fn served(&self) {
        self.served.notified().await;
    }

    async fn wait(&self) {
        self.served.notify_one();
        self.go.notified().await;
    }

    /// Releases the answer.
    pub(crate) fn go(&self) {
        self.go.notify_one();
    }
}

/// The system clock, moved ahead.
#[derive(Debug, Default)]
pub(crate) struct ShiftedClock(AtomicI64);

impl ShiftedClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.0.load(Ordering::SeqCst))
    }
}

struct Rule {
    method: Method,
    path_part: &'static str,
    fault: Fault,
}

/// The answer of something between the accounts and the Backbone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interference {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static str,
}

impl IntoResponse for Interference {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap();
        (status, [("content-type", self.content_type)], self.body).into_response()
    }
}

/// Requests that are about to fail, and all that were made.
#[derive(Default)]
pub(crate) struct Network {
    interference: Mutex<Option<(&'static str, Interference)>>,
    rules: Mutex<Vec<Rule>>,
    requests: Mutex<Vec<String>>,
    finalized: Mutex<Vec<Value>>,
    bodies: Mutex<Vec<RecordedBody>>,
    clock: Arc<ShiftedClock>,
}

/// A body that arrived at the Backbone, whatever it answered.
#[derive(Clone)]
pub(crate) struct RecordedBody {
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

impl Network {
    /// Makes the next request with this method, whose path contains `path_part`, fail.
    pub(crate) fn fail_next(&self, method: Method, path_part: &'static str, fault: Fault) {
        self.rules.lock().unwrap().push(Rule { method, path_part, fault });
    }

    /// Answers every `GET` of a path that contains `path_part` in place of the Backbone, until [`mend`](Self::mend).
    pub(crate) fn interfere(&self, path_part: &'static str, interference: Interference) {
        *self.interference.lock().unwrap() = Some((path_part, interference));
    }

    pub(crate) fn mend(&self) {
        *self.interference.lock().unwrap() = None;
    }

    fn interference(&self, request: &Request) -> Option<Interference> {
        let interference = *self.interference.lock().unwrap();
        let is_met = |part: &str| request.method() == Method::GET && request.uri().path().contains(part);
        interference.filter(|(part, _)| is_met(part)).map(|(_, interference)| interference)
    }

    /// Holds back the answer to the next request with this method, whose path contains `path_part`.
    pub(crate) fn delay_next_answer(&self, method: Method, path_part: &'static str) -> DelayedAnswer {
        let answer = DelayedAnswer::default();
        self.fail_next(method, path_part, Fault::Delayed(answer.clone()));
        answer
    }

    /// `METHOD path` of all requests since the last call.
    pub(crate) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// The codes under which external events were reported as failed since the last call.
    pub(crate) fn take_reported_codes(&self) -> Vec<String> {
        let results = std::mem::take(&mut *self.finalized.lock().unwrap());
        results.iter().filter_map(|result| result["errorCode"].as_str().map(str::to_owned)).collect()
    }

    /// The bodies of all requests so far.
    pub(crate) fn bodies(&self) -> Vec<RecordedBody> {
        self.bodies.lock().unwrap().clone()
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.rules.lock().unwrap().is_empty()
    }

    fn note(&self, request: &Request) {
        self.requests.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
    }

    fn meet(&self, request: &Request) -> Option<Fault> {
        let path = request.uri().path();
        self.note(request);
        let mut rules = self.rules.lock().unwrap();
        let position =
            rules.iter().position(|rule| rule.method == request.method() && path.contains(rule.path_part))?;
        Some(rules.remove(position).fault)
    }
}

async fn faulty(State(network): State<Arc<Network>>, mut request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path().to_owned();
    if path.ends_with("/FinalizeExternalEventSync") {
        let sent: Value = serde_json::from_slice(&body).unwrap();
        network.finalized.lock().unwrap().extend(sent["externalEventResults"].as_array().unwrap().clone());
    }
    if !body.is_empty() {
        network.bodies.lock().unwrap().push(RecordedBody { path, body: body.clone() });
    }
    request = Request::from_parts(parts, Body::from(body));
    let clock = Arc::clone(&network.clock);
    let mut answer = serve(&network, request, next).await;
    // The time in the answers is that of all other times of the Backbone.
    let now = jiff::Timestamp::from_millisecond(clock.now().as_millis()).unwrap();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap();
    answer.headers_mut().insert(DATE, date.parse().unwrap());
    answer
}

async fn serve(network: &Network, request: Request, next: Next) -> Response {
    if let Some(interference) = network.interference(&request) {
        network.note(&request);
        return interference.into_response();
    }
    match network.meet(&request) {
        None => next.run(request).await,
        Some(Fault::Unreachable) => StatusCode::BAD_GATEWAY.into_response(),
        Some(Fault::AnswerLost) => {
            let answer = next.run(request).await;
            assert!(answer.status().is_success(), "a lost answer must have been a success: {}", answer.status());
            StatusCode::BAD_GATEWAY.into_response()
        }
        Some(Fault::Replaced(interference)) => {
            next.run(request).await;
            interference.into_response()
        }
        Some(Fault::Delayed(delayed)) => {
            let answer = next.run(request).await;
            delayed.wait().await;
            answer
        }
        Some(Fault::DelayedAndReplaced(delayed, interference)) => {
            next.run(request).await;
            delayed.wait().await;
            interference.into_response()
        }
        Some(Fault::Tampered(tamper)) => {
            let (mut parts, body) = next.run(request).await.into_parts();
            let mut answer: Value = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
            tamper(&mut answer);
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(answer.to_string()))
        }
    }
}

/// A Backbone on a port of its own.
pub(crate) struct TestBackbone {
    backbone: Backbone,
    pub(crate) base_url: String,
    pub(crate) network: Arc<Network>,
    pub(crate) clock: Arc<ShiftedClock>,
    _data: TempDir,
}

impl TestBackbone {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let network = Arc::new(Network::default());
        let clock = Arc::clone(&network.clock);
        let config = BackboneConfig {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            notification_codes: vec!["TestCode".to_owned()],
            tags: serde_json::from_value(tags()).unwrap(),
            ..BackboneConfig::new(data.path(), vec![OAuthClient::new("test", "test")])
        };
        let backbone = Backbone::open(config).await.unwrap();
        let router = backbone.router().layer(middleware::from_fn_with_state(Arc::clone(&network), faulty));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { backbone, base_url, network, clock, _data: data }
    }

    /// Deletes Identities whose grace period is over.
    pub(crate) async fn delete_expired_identities(&self) {
        self.backbone.delete_expired_identities().await.unwrap();
    }

    pub(crate) fn config(&self) -> TransportConfig {
        TransportConfig {
            base_url: self.base_url.clone(),
            platform_client_id: "test".to_owned(),
            platform_client_secret: SecretString::from("test"),
            ..TransportConfig::default()
        }
    }

    /// A new account with a database of its own.
    pub(crate) async fn account(&self) -> TestAccount {
        let folder = tempfile::tempdir().unwrap();
        let account = self.open(folder.path()).await.unwrap();
        TestAccount { account, folder }
    }

    /// The account in a folder, new or as it was left.
    pub(crate) async fn open(&self, folder: &Path) -> Result<Account, TransportError> {
        self.open_with(folder, Arc::new(())).await
    }

    pub(crate) async fn open_with(&self, folder: &Path, causes: Arc<dyn Causes>) -> Result<Account, TransportError> {
        open_at(folder, self.config(), Arc::clone(&self.clock) as Arc<dyn Clock>, causes).await
    }

    /// Two accounts with an active relationship.
    pub(crate) async fn related_accounts(&self) -> (TestAccount, TestAccount) {
        let (templator, requestor) = (self.account().await, self.account().await);
        relate(&templator, &requestor).await;
        (templator, requestor)
    }
}

pub(crate) async fn open(folder: &Path, config: TransportConfig) -> Result<Account, TransportError> {
    open_at(folder, config, Arc::new(SystemClock), Arc::new(())).await
}

async fn open_at(
    folder: &Path,
    config: TransportConfig,
    clock: Arc<dyn Clock>,
    causes: Arc<dyn Causes>,
) -> Result<Account, TransportError> {
    let store = open_store(folder).await;
    let options = AccountOptions {
        store: store.clone(),
        config,
        clock,
        randomness: core_types::Randomness::system(),
        recorder: Arc::new(Recorder),
        causes,
        collections: vec![SynchronisedCollection::kept("Settings")],
    };
    let result = Account::open(options).await;
    if result.is_err() {
        store.close().await.unwrap();
    }
    result
}

pub(crate) async fn open_store(folder: &Path) -> Store {
    let connection_string = format!("sqlite://{}", folder.display());
    Store::open(&StoreConfig { connection_string, db_name: "account".to_owned() }).await.unwrap()
}

/// An account and its folder.
pub(crate) struct TestAccount {
    pub(crate) account: Account,
    pub(crate) folder: TempDir,
}

impl std::ops::Deref for TestAccount {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}

impl TestAccount {
    pub(crate) fn address(&self) -> IdentityAddress {
        self.account.identity().address.clone()
    }

    /// Ends the account as a crash would, and returns the folder for the next start.
    pub(crate) async fn crash(self) -> TempDir {
        self.account.store().close().await.unwrap();
        self.folder
    }

    /// Namespaces of all events so far.
    pub(crate) async fn events(&self) -> Vec<String> {
        let events = self.account.store().events_after(0, 10_000).await.unwrap();
        events.into_iter().map(|event| event.namespace).collect()
    }

    pub(crate) async fn count_events(&self, namespace: &str) -> usize {
        self.events().await.iter().filter(|event| *event == namespace).count()
    }

    /// The relationship to another account.
    pub(crate) async fn relationship_to(&self, peer: &TestAccount) -> Relationship {
        self.relationships().to_identity(&peer.address(), None).await.unwrap().unwrap()
    }

    pub(crate) async fn relationship_of(&self, id: &RelationshipId) -> Relationship {
        self.relationships().get(id).await.unwrap().unwrap()
    }

    pub(crate) async fn template(&self) -> RelationshipTemplate {
        self.templates().send(new_template()).await.unwrap()
    }

    pub(crate) fn reference(&self, template: &RelationshipTemplate) -> Reference {
        Reference::parse(&template.reference(&self.config().base_url).to_truncated()).unwrap()
    }
}

/// Records namespaces only.
pub(crate) struct Recorder;

/// `transport.messageReceived` of a `MessageReceived`.
fn name_of(event: &TransportEvent) -> String {
    let text = format!("{event:?}");
    let variant = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
    format!("transport.{}{}", variant[..1].to_lowercase(), &variant[1..])
}

impl EventRecorder for Recorder {
    fn record(&self, own_address: &IdentityAddress, event: &TransportEvent) -> Vec<NewEvent> {
        vec![NewEvent {
            namespace: name_of(event),
            object_id: Some(own_address.as_str().to_owned()),
            data: None,
            correlation_id: None,
        }]
    }
}

/// The tags that the Backbone offers.
pub(crate) fn tags() -> Value {
    let private = json!({ "displayNames": { "en": "private" }, "children": {} });
    json!({ "supportedLanguages": ["en"], "tagsForAttributeValueTypes": { "PhoneNumber": { "private": private } } })
}

pub(crate) fn in_one_hour() -> Timestamp {
    SystemClock.now().saturating_add(Duration::from_secs(3600))
}

pub(crate) fn new_template() -> SendTemplate {
    SendTemplate {
        content: json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": { "hello": "wörld" } }),
        expires_at: in_one_hour(),
        max_number_of_allocations: None,
        for_identity: None,
        password_protection: None,
    }
}

pub(crate) fn creation_content() -> Value {
    json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 })
}

/// A pending relationship, known to both sides.
pub(crate) async fn request(templator: &TestAccount, requestor: &TestAccount) -> Relationship {
    let template = templator.template().await;
    let loaded = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
    let relationship = requestor.relationships().send(&loaded, creation_content()).await.unwrap();
    templator.sync().everything().await.unwrap();
    relationship
}

/// An active relationship, known to both sides.
pub(crate) async fn relate(templator: &TestAccount, requestor: &TestAccount) -> Relationship {
    let relationship = request(templator, requestor).await;
    templator.relationships().accept(&relationship.id).await.unwrap();
    requestor.sync().everything().await.unwrap();
    requestor.relationships().get(&relationship.id).await.unwrap().unwrap()
}
