//! Databases, targets that follow a script, and engines that can be killed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use core_types::{Clock, ManualClock, SystemClock, Timestamp};
use delivery::{
    Deliveries, DeliveryError, DeliveryOptions, Engine, OutboundEvent, Receipt, Target, TargetSpec, TargetState,
};
use serde_json::json;
use store::{NewEvent, Store, StoreOptions};
use testing::TestDatabase;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const START: Timestamp = Timestamp::from_millis(1_704_067_200_000);

/// An open store, and the environment of an Account.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) manual: Option<Arc<ManualClock>>,
    pub(crate) deliveries: Deliveries,
    pub(crate) health: watch::Sender<Vec<(String, String)>>,
}

impl World {
    pub(crate) async fn open(database: &TestDatabase) -> Self {
        Self::with_clock(database, Arc::new(SystemClock), None).await
    }

    /// Opens it with a clock that only moves when a test advances it.
    pub(crate) async fn manual(database: &TestDatabase) -> Self {
        let manual = Arc::new(ManualClock::new(START));
        Self::with_clock(database, Arc::clone(&manual) as Arc<dyn Clock>, Some(manual)).await
    }

    /// The world of a process that starts this long after the end of this one.
    pub(crate) async fn after(self, off: Duration, database: &TestDatabase) -> Self {
        self.store.close().await.unwrap();
        self.advance(off);
        let Self { clock, manual, .. } = self;
        Self::with_clock(database, clock, manual).await
    }

    async fn with_clock(database: &TestDatabase, clock: Arc<dyn Clock>, manual: Option<Arc<ManualClock>>) -> Self {
        let store = database.open_with(StoreOptions { clock: Arc::clone(&clock), ..StoreOptions::default() }).await;
        let deliveries = Deliveries::new(store.clone(), Arc::clone(&clock), core_types::Randomness::system());
        Self { store, clock, manual, deliveries, health: watch::Sender::default() }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.manual.as_ref().unwrap().advance(by);
    }

    /// Sets the clock, without letting any time pass.
    pub(crate) fn put_clock(&self, to: Timestamp) {
        self.manual.as_ref().unwrap().set(to);
    }

    pub(crate) fn start(&self, specs: Vec<TargetSpec>) -> Running {
        let shutdown = CancellationToken::new();
        let health = self.health.clone();
        let report = move |failing: &[(String, String)]| {
            health.send_replace(failing.to_vec());
        };
        let engine = Engine::start(&self.deliveries, specs, shutdown.clone(), report);
        Running { engine, shutdown }
    }

    /// As [`Self::start`], in a runtime of its own, which can end in the middle of everything.
    pub(crate) async fn start_process(&self, spec: TargetSpec) -> Process {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let deliveries = self.deliveries.clone();
        let shutdown = CancellationToken::new();
        let token = shutdown.clone();
        let start = async move { Engine::start(&deliveries, vec![spec], token, |_| {}) };
        let engine = runtime.spawn(start).await.unwrap();
        Process { runtime, running: Running { engine, shutdown } }
    }

    /// Ends the process. Returns the world of a new one: writes that the former one had begun are undone.
    pub(crate) async fn crash(self, process: Process, database: &TestDatabase) -> Self {
        process.runtime.shutdown_background();
        self.store.close().await.ok();
        Self::open(database).await
    }

    /// Appends events in one transaction, each named with its object.
    pub(crate) async fn append(&self, events: &[(&str, Option<&str>)]) {
        let mut transaction = self.store.begin().await.unwrap();
        for (name, object) in events {
            transaction.append_event(event(name, *object)).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// Appends events `test.0` … in transactions of 500, each about the object that `object` assigns to its number.
    pub(crate) async fn append_many(&self, count: usize, object: impl Fn(usize) -> Option<String>) {
        let numbers: Vec<usize> = (0..count).collect();
        for chunk in numbers.chunks(500) {
            let mut transaction = self.store.begin().await.unwrap();
            for number in chunk {
                let object = object(*number);
                transaction.append_event(event(&number.to_string(), object.as_deref())).await.unwrap();
            }
            transaction.commit().await.unwrap();
        }
    }

    pub(crate) async fn state(&self, subscriber: &str) -> TargetState {
        self.deliveries.target(subscriber).await.unwrap().unwrap()
    }

    /// As [`Self::until`], while the clock advances.
    pub(crate) async fn advance_until(
        &self,
        subscriber: &str,
        condition: impl Fn(&TargetState) -> bool,
    ) -> TargetState {
        let time = async {
            loop {
                self.advance(Duration::from_millis(10));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            () = time => unreachable!(),
            state = self.until(subscriber, condition) => state,
        }
    }

    /// Waits until a target satisfies the condition.
    pub(crate) async fn until(&self, subscriber: &str, condition: impl Fn(&TargetState) -> bool) -> TargetState {
        let waiting = async {
            loop {
                let state = self.state(subscriber).await;
                if condition(&state) {
                    return state;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(state) => state,
            Err(_) => panic!("it stayed {:?}", self.state(subscriber).await),
        }
    }
}

pub(crate) fn event(name: &str, object: Option<&str>) -> NewEvent {
    NewEvent {
        namespace: format!("test.{name}"),
        object_id: object.map(str::to_owned),
        data: Some(json!({ "name": name })),
        correlation_id: None,
    }
}

/// An engine at work.
pub(crate) struct Running {
    pub(crate) engine: Engine,
    shutdown: CancellationToken,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.engine.stopped()).await.unwrap();
    }
}

/// An engine in a runtime of its own.
pub(crate) struct Process {
    runtime: tokio::runtime::Runtime,
    running: Running,
}

impl Process {
    pub(crate) async fn stop(self) {
        self.running.stop().await;
        self.runtime.shutdown_background();
    }
}

/// The answer of a target to a message.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Take,
    Drop,
    TakeAfter(Duration),
    Fail(DeliveryError),
    /// Fails when it is notified.
    FailWhenNotified(Arc<Notify>),
    TakeWhenNotified(Arc<Notify>),
    Never,
}

pub(crate) fn unreachable() -> Reply {
    Reply::Fail(DeliveryError::Unreachable("nobody is there".to_owned()))
}

pub(crate) fn refused() -> Reply {
    Reply::Fail(DeliveryError::Refused("no".to_owned()))
}

/// A message that a target got, with its acceptance.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) message: OutboundEvent,
    pub(crate) taken: bool,
}

type Script = Box<dyn Fn(&OutboundEvent) -> Reply + Send + Sync>;

/// A target that follows its script, and records everything.
pub(crate) struct Scripted {
    script: Mutex<Script>,
    pub(crate) got: Mutex<Vec<Got>>,
    count: watch::Sender<usize>,
    /// Objects with a message that was not answered yet.
    out: Mutex<HashMap<String, usize>>,
    most_out: Mutex<(usize, usize)>,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(&OutboundEvent) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(Box::new(script)),
            got: Mutex::default(),
            count: watch::Sender::new(0),
            out: Mutex::default(),
            most_out: Mutex::default(),
        })
    }

    pub(crate) fn taking() -> Arc<Self> {
        Self::new(|_| Reply::Take)
    }

    pub(crate) fn now_does(&self, script: impl Fn(&OutboundEvent) -> Reply + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// Waits until it has got this many messages, accepted or not.
    pub(crate) async fn attempts(&self, count: usize) -> Vec<Got> {
        let mut counts = self.count.subscribe();
        let enough = timeout(PATIENCE, counts.wait_for(|got| *got >= count)).await;
        assert!(enough.is_ok(), "{} attempts only", self.got.lock().unwrap().len());
        self.got.lock().unwrap().clone()
    }

    /// The events it accepted, by the last segments of their names, in order.
    pub(crate) fn taken(&self) -> Vec<String> {
        let got = self.got.lock().unwrap();
        got.iter().filter(|got| got.taken).map(|got| name(&got.message).to_owned()).collect()
    }

    pub(crate) fn most_at_the_same_time(&self) -> usize {
        self.most_out.lock().unwrap().1
    }
}

pub(crate) fn name(message: &OutboundEvent) -> &str {
    message.namespace.rsplit('.').next().unwrap()
}

/// Counts unanswered messages, also when an attempt is dropped.
struct Out<'a>(&'a Scripted, Option<String>);

impl<'a> Out<'a> {
    fn new(target: &'a Scripted, object: Option<String>) -> Self {
        if let Some(object) = &object {
            let mut out = target.out.lock().unwrap();
            let count = out.entry(object.clone()).or_default();
            *count += 1;
            assert_eq!(*count, 1, "two messages about {object} at the same time");
        }
        let (now, most) = &mut *target.most_out.lock().unwrap();
        *now += 1;
        *most = (*now).max(*most);
        Self(target, object)
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        if let Some(object) = &self.1 {
            *self.0.out.lock().unwrap().get_mut(object).unwrap() -= 1;
        }
        self.0.most_out.lock().unwrap().0 -= 1;
    }
}

#[async_trait]
impl Target for Scripted {
    async fn deliver(&self, message: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        let _out = Out::new(self, message.object_id.clone());
        let reply = self.script.lock().unwrap()(message);
        let keep = |taken: bool| {
            self.got.lock().unwrap().push(Got { message: message.clone(), taken });
            self.count.send_modify(|count| *count += 1);
        };
        match reply {
            Reply::Take => {
                keep(true);
                Ok(Receipt::Accepted)
            }
            Reply::Drop => {
                keep(true);
                Ok(Receipt::Unroutable("nobody listens".to_owned()))
            }
            Reply::TakeAfter(time) => {
                tokio::time::sleep(time).await;
                keep(true);
                Ok(Receipt::Accepted)
            }
            Reply::Fail(error) => {
                keep(false);
                Err(error)
            }
            Reply::FailWhenNotified(signal) => {
                keep(false);
                signal.notified().await;
                Err(DeliveryError::Unreachable("notified".to_owned()))
            }
            Reply::TakeWhenNotified(signal) => {
                signal.notified().await;
                keep(true);
                Ok(Receipt::Accepted)
            }
            Reply::Never => {
                keep(false);
                std::future::pending().await
            }
        }
    }
}

/// Fast enough for tests.
pub(crate) fn quick() -> DeliveryOptions {
    DeliveryOptions {
        attempt_timeout: Duration::from_secs(5),
        retry_delay: Duration::from_millis(5),
        max_retry_delay: Duration::from_millis(50),
        ..DeliveryOptions::default()
    }
}

pub(crate) fn spec(name: &str, target: &Arc<Scripted>) -> TargetSpec {
    spec_with(name, target, quick())
}

pub(crate) fn spec_with(name: &str, target: &Arc<Scripted>, options: DeliveryOptions) -> TargetSpec {
    TargetSpec {
        subscriber: format!("test/{name}"),
        name: name.to_owned(),
        kind: "test",
        module: "tests",
        endpoint: format!("memory:{name}"),
        triggers: vec!["**".to_owned()],
        options,
        target: Arc::clone(target) as Arc<dyn Target>,
    }
}
