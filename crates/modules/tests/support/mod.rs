//! An embedded Backbone, Accounts with modules at it, and a receiver of webhooks.

pub mod unruly;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use backbone::{Backbone, BackboneConfig, OAuthClient};
use core_types::{Clock, SystemClock};
use delivery::{Deliveries, DeliveryQuery, DeliveryState, DeliveryView};
use runtime::{HostedAccount, HostedAccountOptions, Module, Runtime};
use serde_json::{Value, json};
use store::{NewEvent, Store, StoreConfig, StoreOptions};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct World {
    pub base_url: String,
    shutdown: CancellationToken,
    _guard: DropGuard,
    pub dir: TempDir,
}

impl World {
    pub async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let config = BackboneConfig::new(dir.path().join("backbone"), vec![OAuthClient::new("client", "secret")]);
        let backbone = Backbone::open(config).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let shutdown = CancellationToken::new();
        let token = shutdown.clone();
        tokio::spawn(async move { backbone.serve(listener, token).await });
        Self { base_url, _guard: shutdown.clone().drop_guard(), shutdown, dir }
    }

    pub fn stop_backbone(&self) {
        self.shutdown.cancel();
    }

    /// An Account that can be reopened under the same name after it was stopped.
    pub async fn account(&self, name: &str, modules: Vec<Arc<dyn Module>>) -> Arc<HostedAccount> {
        self.account_at(name, modules, Arc::new(SystemClock)).await
    }

    /// As [`Self::account`], with a test's own clock.
    pub async fn account_at(
        &self,
        name: &str,
        modules: Vec<Arc<dyn Module>>,
        clock: Arc<dyn Clock>,
    ) -> Arc<HostedAccount> {
        let folder = self.dir.path().join("accounts");
        let connection_string = format!("sqlite://{}", folder.display());
        let config = StoreConfig { connection_string, db_name: name.to_owned() };
        let options = StoreOptions { clock: Arc::clone(&clock), ..StoreOptions::default() };
        let store = Store::open_with(&config, options).await.unwrap();
        let transport =
            json!({ "baseUrl": self.base_url, "platformClientId": "client", "platformClientSecret": "secret" });
        let transport = serde_json::from_value(transport).unwrap();
        let options = HostedAccountOptions {
            store,
            transport,
            clock,
            randomness: core_types::Randomness::system(),
            modules,
            causes: Arc::new(()),
        };
        let account = Runtime::new().open_account(options).await.unwrap();
        account.start_subscribers().await;
        account.start_pullers().await;
        account
    }
}

/// Records an event.
pub async fn raise(account: &HostedAccount, name: &str, object: Option<&str>) {
    raise_together(account, &[(name, object)]).await;
}

/// Records events that become visible at the same moment.
pub async fn raise_together(account: &HostedAccount, events: &[(&str, Option<&str>)]) {
    let mut transaction = account.store().begin().await.unwrap();
    for (name, object) in events {
        let event = NewEvent {
            namespace: format!("test.{name}"),
            object_id: object.map(str::to_owned),
            data: Some(json!({ "name": name })),
            correlation_id: None,
        };
        transaction.append_event(event).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Waits until this many attempts to deliver to the only target have failed, and the engine knows.
pub async fn until_failed(account: &HostedAccount, attempts: u64) {
    let failed = async {
        while account.services().deliveries().targets().await.unwrap().first().unwrap().failed < attempts {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, failed).await.unwrap();
}

/// An address where nobody listens, as long as the socket exists.
pub fn deserted() -> (tokio::net::TcpSocket, String) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    (socket, url)
}

/// The deliveries that were given up.
pub async fn dead_letters(account: &HostedAccount) -> Vec<DeliveryView> {
    let deliveries = Deliveries::new(account.store().clone(), Arc::new(SystemClock), core_types::Randomness::system());
    let query = DeliveryQuery { state: Some(DeliveryState::Dead), ..DeliveryQuery::default() };
    deliveries.list(&query).await.unwrap()
}

/// A received request.
#[derive(Debug)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The name with which an event was raised.
    pub fn name(&self) -> String {
        self.json()["data"]["name"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The answer of a receiver.
#[derive(Clone)]
pub enum Reply {
    Status(u16),
    Json(Value),
    RedirectTo(String),
    /// 200, after a while.
    Slow,
    /// This status, once the test allows it.
    WhenTold(u16, Arc<Notify>),
    Never,
}

struct Script {
    next: Mutex<VecDeque<Reply>>,
    then: Mutex<Reply>,
    seen: mpsc::UnboundedSender<Received>,
    at_the_same_time: Mutex<(usize, usize)>,
}

/// A server on loopback that keeps the requests it gets.
pub struct Receiver {
    pub url: String,
    script: Arc<Script>,
    seen: mpsc::UnboundedReceiver<Received>,
    _guard: DropGuard,
}

impl Receiver {
    pub async fn start(then: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, seen) = mpsc::unbounded_channel();
        let script = Arc::new(Script {
            next: Mutex::default(),
            then: Mutex::new(then),
            seen: sender,
            at_the_same_time: Mutex::default(),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&script));
        let shutdown = CancellationToken::new();
        let token = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                _ = async { axum::serve(listener, router).await } => {}
            }
        });
        Self { url, script, seen, _guard: shutdown.drop_guard() }
    }

    /// Sets the next answers; after them the usual one applies again.
    pub fn reply_next(&self, replies: &[Reply]) {
        self.script.next.lock().unwrap().extend(replies.iter().cloned());
    }

    pub fn reply(&self, then: Reply) {
        *self.script.then.lock().unwrap() = then;
    }

    pub async fn next(&mut self) -> Received {
        timeout(PATIENCE, self.seen.recv()).await.unwrap().unwrap()
    }

    pub async fn names(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.next().await.name());
        }
        names
    }

    /// The largest number of slow requests that were answered at the same time.
    pub fn most_at_the_same_time(&self) -> usize {
        self.script.at_the_same_time.lock().unwrap().1
    }

    pub fn is_idle(&mut self) -> bool {
        self.seen.try_recv().is_err()
    }
}

async fn receive(State(script): State<Arc<Script>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let next = script.next.lock().unwrap().pop_front();
    let reply = next.unwrap_or_else(|| script.then.lock().unwrap().clone());
    // The test may have ended.
    let _ = script.seen.send(Received { path: uri.to_string(), headers, body });
    match reply {
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Json(value) => axum::Json(value).into_response(),
        Reply::RedirectTo(url) => (StatusCode::TEMPORARY_REDIRECT, [("location", url)]).into_response(),
        Reply::Slow => {
            {
                let (now, most) = &mut *script.at_the_same_time.lock().unwrap();
                *now += 1;
                *most = (*now).max(*most);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            script.at_the_same_time.lock().unwrap().0 -= 1;
            StatusCode::OK.into_response()
        }
        Reply::WhenTold(status, told) => {
            told.notified().await;
            StatusCode::from_u16(status).unwrap().into_response()
        }
        Reply::Never => std::future::pending().await,
    }
}
