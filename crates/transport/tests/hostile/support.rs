//! A Backbone behind a [`Meddler`], and accounts on it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use backbone::{Backbone, BackboneConfig, OAuthClient};
use bytes::Bytes;
use core_types::{Clock, IdentityAddress, Reference, SystemClock, Timestamp};
use serde_json::{Value, json};
use store::{NewEvent, Query, Store};
use tempfile::TempDir;
use transport::documents::{File, Message, RelationshipTemplate};
use transport::{
    Account, AccountOptions, EventRecorder, SendFile, SendMessage, SendTemplate, TransportConfig, TransportError,
    TransportEvent,
};

use crate::meddler::{Meddler, pass};

/// No operation takes longer, whatever the Backbone does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// After this time a sync run that nobody has finalised expires.
const RUN_LIFETIME: Duration = Duration::from_secs(11);

#[derive(Debug, Default)]
struct ShiftedClock(AtomicI64);

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) meddler: Meddler,
    base_url: String,
    clock: Arc<ShiftedClock>,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        watch_for_panics();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ShiftedClock::default());
        let config = BackboneConfig {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..BackboneConfig::new(folder.path(), vec![OAuthClient::new("test", "test")])
        };
        let meddler = Meddler::default();
        let router = Backbone::open(config).await.unwrap().router().layer(from_fn_with_state(meddler.clone(), pass));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { meddler, base_url, clock, _folder: folder }
    }

    /// Lets a sync run expire that an account could not finalise.
    pub(crate) fn let_sync_runs_expire(&self) {
        self.clock.0.fetch_add(i64::try_from(RUN_LIFETIME.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) async fn account(&self) -> Agent {
        let config = TransportConfig {
            base_url: self.base_url.clone(),
            platform_client_id: "test".to_owned(),
            platform_client_secret: "test".into(),
            platform_timeout: 3_000,
            ..TransportConfig::default()
        };
        let store = Store::in_memory().await.unwrap();
        let options = AccountOptions {
            store,
            config,
            clock: Arc::new(SystemClock),
            randomness: core_types::Randomness::system(),
            recorder: Arc::new(Recorder),
            causes: Arc::new(()),
            collections: Vec::new(),
        };
        Agent(Account::open(options).await.unwrap())
    }

    /// Two accounts with an active relationship.
    pub(crate) async fn related_accounts(&self) -> (Agent, Agent) {
        let (one, other) = (self.account().await, self.account().await);
        relate(&one, &other).await;
        (one, other)
    }
}

pub(crate) async fn relate(templator: &Agent, requestor: &Agent) {
    let template = templator.template(json!("hi")).await;
    let template = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
    let content = json!({"@type": "ArbitraryRelationshipCreationContent", "value": 1});
    let relationship = requestor.relationships().send(&template, content).await.unwrap();
    templator.sync().everything().await.unwrap();
    templator.relationships().accept(&relationship.id).await.unwrap();
    requestor.sync().everything().await.unwrap();
}

/// One account.
#[derive(Clone)]
pub(crate) struct Agent(Account);

impl std::ops::Deref for Agent {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.0
    }
}

impl Agent {
    pub(crate) fn address(&self) -> IdentityAddress {
        self.identity().address.clone()
    }

    pub(crate) async fn send(&self, recipient: &Agent, content: Value, attachments: Vec<File>) -> Message {
        let message = SendMessage { recipients: vec![recipient.address()], content, attachments };
        self.messages().send(message).await.unwrap()
    }

    pub(crate) async fn template(&self, value: Value) -> RelationshipTemplate {
        let new = SendTemplate {
            content: json!({"@type": "ArbitraryRelationshipTemplateContent", "value": value}),
            expires_at: in_one_day(),
            max_number_of_allocations: None,
            for_identity: None,
            password_protection: None,
        };
        self.templates().send(new).await.unwrap()
    }

    pub(crate) async fn file(&self, content: &'static [u8]) -> File {
        let new = SendFile {
            content: Bytes::from_static(content),
            filename: "f".to_owned(),
            mimetype: "text/plain".to_owned(),
            expires_at: in_one_day(),
            title: None,
            description: None,
            filemodified: None,
            tags: None,
        };
        self.files().send(new).await.unwrap()
    }

    pub(crate) fn reference(&self, template: &RelationshipTemplate) -> Reference {
        Reference::parse(&template.reference(&self.config().base_url).to_truncated()).unwrap()
    }

    /// A synchronisation that ends in time, whatever its result.
    pub(crate) async fn sync_somehow(&self) -> Result<(), TransportError> {
        in_time(self.sync().everything()).await.map(drop)
    }

    pub(crate) async fn received(&self) -> Vec<Message> {
        let messages = self.messages().find(&Query::default()).await.unwrap();
        messages.into_iter().filter(|message| !message.is_own).collect()
    }

    pub(crate) async fn count_events(&self, namespace: &str) -> usize {
        let events = self.store().events_after(0, 100_000).await.unwrap();
        events.iter().filter(|event| event.namespace == namespace).count()
    }
}

/// Runs work that must not hang.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("an end in time")
}

fn in_one_day() -> Timestamp {
    SystemClock.now().saturating_add(Duration::from_secs(24 * 3600))
}

struct Recorder;

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

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Panics in tasks of an account are caught there; they are recorded here. For tests that do not panic themselves.
fn watch_for_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.lock().unwrap().push(panic.to_string());
            report(panic);
        }));
    });
}

pub(crate) fn assert_no_panics() {
    let panics = PANICS.lock().unwrap().clone();
    assert!(panics.is_empty(), "{panics:?}");
}
