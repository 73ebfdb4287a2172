//! An embedded Backbone behind a network that can fail, and Accounts at it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use backbone::{Backbone, BackboneConfig, OAuthClient};
use core_types::{Clock, SystemClock, Timestamp};
use runtime::dto::RelationshipDto;
use runtime::input::{
    CreateOwnRelationshipTemplateRequest, CreateRelationshipRequest, LoadPeerRelationshipTemplateRequest,
    SendMessageRequest,
};
use runtime::{AccountServices, HostedAccount, HostedAccountOptions, Module, ModuleState, Runtime};
use serde_json::json;
use store::{Event, Store, StoreConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::network::{MARK, Network, interfere};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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

pub(crate) struct World {
    pub(crate) base_url: String,
    /// Between the Backbone and the Accounts with modules.
    pub(crate) network: Arc<Network>,
    /// The Backbone's clock.
    pub(crate) clock: Arc<ShiftedClock>,
    /// The time for which Accounts wait for an answer, in milliseconds.
    pub(crate) platform_timeout: u64,
    dir: TempDir,
    _guard: DropGuard,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut BackboneConfig)) -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(ShiftedClock::default());
        let mut config = BackboneConfig::new(dir.path().join("backbone"), vec![OAuthClient::new("client", "secret")]);
        config.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        config.max_unreceived_messages = 100;
        change(&mut config);
        let backbone = Backbone::open(config).await.unwrap();
        let network = Arc::new(Network::new());
        let router = backbone.router().layer(from_fn_with_state(Arc::clone(&network), interfere));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let shutdown = CancellationToken::new();
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(async move { axum::serve(listener, router).await }));
        Self { base_url, network, clock, platform_timeout: 3000, dir, _guard: shutdown.drop_guard() }
    }

    /// An Account without faults.
    pub(crate) async fn peer(&self, name: &str) -> AccountServices {
        self.open(name, Vec::new(), json!({})).await.services()
    }

    /// An Account behind the network, which can be reopened under the same name after it was stopped.
    pub(crate) async fn account(&self, name: &str, modules: Vec<Arc<dyn Module>>) -> Arc<HostedAccount> {
        let account = self.open(name, modules, json!({ MARK: "yes" })).await;
        account.start_subscribers().await;
        account.start_pullers().await;
        account
    }

    async fn open(&self, name: &str, modules: Vec<Arc<dyn Module>>, headers: serde_json::Value) -> Arc<HostedAccount> {
        let connection_string = format!("sqlite://{}", self.dir.path().join("accounts").display());
        let store = Store::open(&StoreConfig { connection_string, db_name: name.to_owned() }).await.unwrap();
        let transport = json!({
            "baseUrl": self.base_url, "platformClientId": "client", "platformClientSecret": "secret",
            "platformTimeout": self.platform_timeout, "platformAdditionalHeaders": headers,
        });
        let transport = serde_json::from_value(transport).unwrap();
        let options = HostedAccountOptions {
            store,
            transport,
            clock: Arc::new(SystemClock),
            randomness: core_types::Randomness::system(),
            modules,
            causes: Arc::new(()),
        };
        Runtime::new().open_account(options).await.unwrap()
    }
}

/// The first requests a Relationship with the second.
pub(crate) async fn request(requestor: &AccountServices, templator: &AccountServices) -> RelationshipDto {
    let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
    let body = json!({ "content": content, "expiresAt": "2099-01-01" });
    let request = CreateOwnRelationshipTemplateRequest::parse(&body, templator.now()).unwrap();
    let template = templator.templates().create_own(request).await.unwrap();
    let body = json!({ "reference": template.reference.truncated });
    requestor.templates().load_peer(LoadPeerRelationshipTemplateRequest::parse(&body).unwrap()).await.unwrap();
    let content = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 });
    let body = json!({ "templateId": template.id, "creationContent": content });
    requestor.relationships().create(CreateRelationshipRequest::parse(&body).unwrap()).await.unwrap()
}

/// A Relationship in which both can send messages.
pub(crate) async fn connect(peer: &AccountServices, own: &AccountServices) -> RelationshipDto {
    let relationship = request(peer, own).await;
    own.account().sync().await.unwrap();
    own.relationships().accept(&relationship.id).await.unwrap();
    peer.account().sync().await.unwrap();
    relationship
}

/// Sends a message; returns its id.
pub(crate) async fn write(from: &AccountServices, to: &AccountServices) -> String {
    let address = to.account().identity_info().await.unwrap().address;
    let content = json!({ "@type": "ArbitraryMessageContent", "value": "news" });
    let body = json!({ "recipients": [address], "content": content });
    from.messages().send(SendMessageRequest::parse(&body).unwrap()).await.unwrap().id
}

async fn events(account: &HostedAccount) -> Vec<Event> {
    account.store().events_after(0, 100_000).await.unwrap()
}

/// The events, as soon as they satisfy the condition.
pub(crate) async fn until(account: &HostedAccount, what: &str, wanted: impl Fn(&[Event]) -> bool) -> Vec<Event> {
    let mut commits = account.store().event_commits();
    let waiting = async {
        loop {
            commits.borrow_and_update();
            let events = events(account).await;
            if wanted(&events) {
                return events;
            }
            commits.changed().await.unwrap();
        }
    };
    match timeout(PATIENCE, waiting).await {
        Ok(events) => events,
        Err(_) => panic!("waited in vain for {what}; the modules: {:?}", account.modules()),
    }
}

/// Waits until all of these messages have arrived, and checks that each arrived once.
pub(crate) async fn arrived(account: &HostedAccount, messages: &[String]) {
    let received = |events: &[Event]| -> Vec<String> {
        let received = events.iter().filter(|event| event.namespace == "transport.messageReceived");
        received.filter_map(|event| event.object_id.clone()).collect()
    };
    let wanted: HashSet<&String> = messages.iter().collect();
    let all = until(account, "messages", |events| {
        let received = received(events);
        wanted.iter().all(|message| received.contains(message))
    })
    .await;
    let received = received(&all);
    assert_eq!(received.iter().collect::<HashSet<_>>().len(), received.len(), "none comes twice");
    assert_eq!(received.len(), messages.len());
}

/// Waits until the only module is in this state.
pub(crate) async fn state(account: &HostedAccount, what: &str, wanted: impl Fn(&ModuleState) -> bool) -> ModuleState {
    let waiting = async {
        loop {
            let state = account.modules().first().unwrap().state.clone();
            if wanted(&state) {
                return state;
            }
            tokio::task::yield_now().await;
        }
    };
    match timeout(PATIENCE, waiting).await {
        Ok(state) => state,
        Err(_) => panic!("the module is never {what}: {:?}", account.modules()),
    }
}

pub(crate) fn is_degraded(state: &ModuleState) -> bool {
    matches!(state, ModuleState::Degraded(_))
}

pub(crate) fn is_running(state: &ModuleState) -> bool {
    *state == ModuleState::Running
}
