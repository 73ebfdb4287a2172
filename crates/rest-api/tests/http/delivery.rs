//! The administration of deliveries, with a real engine and a target whose behaviour is prescribed.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use delivery::{DeliveryError, DeliveryOptions, Engine, OutboundEvent, Receipt, Target, TargetSpec};
use runtime::HostedAccount;
use serde_json::{Value, json};
use store::NewEvent;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, call, post, production};

const PREFIX: &str = "/api/delivery/v1";
const TARGET: &str = "webhooks.target.crm";
const SECRET: &str = "what-nobody-else-may-see";
const PATIENCE: Duration = Duration::from_secs(30);

type Behaviour = Arc<Mutex<Option<DeliveryError>>>;

/// Fails as prescribed, or reports the id of the accepted message.
struct Obedient {
    behaviour: Behaviour,
    taken: UnboundedSender<String>,
}

#[async_trait]
impl Target for Obedient {
    async fn deliver(&self, message: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        match self.behaviour.lock().unwrap().clone() {
            Some(error) => Err(error),
            None => {
                // A test that has ended no longer listens.
                let _ = self.taken.send(message.id.clone());
                Ok(Receipt::Accepted)
            }
        }
    }
}

struct World {
    account: Arc<HostedAccount>,
    router: Router,
    behaviour: Behaviour,
    taken: UnboundedReceiver<String>,
    shutdown: CancellationToken,
    engine: Engine,
}

impl World {
    async fn new() -> Self {
        let account = crate::support::account::open().await;
        let router = production(&account, json!({}));
        let behaviour = Behaviour::default();
        let (sender, taken) = unbounded_channel();
        let spec = TargetSpec {
            subscriber: "webhooks/target/crm".to_owned(),
            name: "crm".to_owned(),
            kind: "webhook",
            module: "webhooks",
            endpoint: "https://crm.example.com/hooks".to_owned(),
            triggers: vec!["order.*".to_owned()],
            options: DeliveryOptions { retry_delay: Duration::from_secs(600), ..DeliveryOptions::default() },
            target: Arc::new(Obedient { behaviour: Arc::clone(&behaviour), taken: sender }),
        };
        let shutdown = CancellationToken::new();
        let deliveries = account.services().deliveries();
        let engine = Engine::start(&deliveries, vec![spec], shutdown.clone(), |_| {});
        Self { account, router, behaviour, taken, shutdown, engine }
    }

    fn behave(&self, behaviour: Option<DeliveryError>) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    async fn append(&self, namespace: &str, object: &str) {
        let mut transaction = self.account.store().begin().await.unwrap();
        let event = NewEvent {
            namespace: namespace.to_owned(),
            object_id: Some(object.to_owned()),
            data: Some(json!({"text": SECRET})),
            correlation_id: Some("c1".to_owned()),
        };
        transaction.append_event(event).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn get(&self, path: &str) -> Value {
        let answer = call(&self.router, "GET", &format!("{PREFIX}{path}"), &[]).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        assert!(!String::from_utf8_lossy(&answer.body).contains(SECRET), "{path} shows what the event carries");
        answer.json()["result"].take()
    }

    /// Repeats the request until the list has this many deliveries.
    async fn deliveries(&self, query: &str, count: usize) -> Vec<Value> {
        let asking = async {
            loop {
                let list = self.get(&format!("/Deliveries{query}")).await;
                if list.as_array().unwrap().len() == count {
                    return list.as_array().unwrap().clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the deliveries in time")
    }

    /// Repeats the request until the target has accepted this many messages and nothing waits for it any more.
    async fn settled(&self, delivered: u64) -> Value {
        let asking = async {
            loop {
                let target = self.get(&format!("/Targets/{TARGET}")).await;
                if target["waiting"] == 0 && target["delivered"] == delivered {
                    return target;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the target in time")
    }

    async fn replay(&self, body: &Value) -> Answer {
        post(&self.router, &format!("{PREFIX}/Replays"), "application/json", body.to_string()).await
    }

    async fn taken(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.taken.recv()).await.expect("a message in time").unwrap()
    }

    async fn refused(&self, method: &str, path: &str) -> (u16, String) {
        let answer = call(&self.router, method, &format!("{PREFIX}{path}"), &[]).await;
        (answer.status.as_u16(), answer.code())
    }
}

fn permanent() -> Option<DeliveryError> {
    Some(DeliveryError::Permanent("the message is too large".to_owned()))
}

#[tokio::test]
async fn a_target_is_shown_with_what_it_took() {
    let mut world = World::new().await;
    world.append("order.placed", "o1").await;
    world.append("invoice.paid", "o1").await;
    world.taken().await;
    let target = world.settled(1).await;
    assert_eq!(world.get("/Targets").await, json!([target]));
    for (member, value) in [
        ("id", json!(TARGET)),
        ("name", json!("crm")),
        ("kind", json!("webhook")),
        ("module", json!("webhooks")),
        ("endpoint", json!("https://crm.example.com/hooks")),
        ("triggers", json!(["order.*"])),
        ("state", json!("delivering")),
        ("parked", json!(0)),
        ("deadLetters", json!(0)),
        ("failed", json!(0)),
    ] {
        assert_eq!(target[member], value, "{member}");
    }
    assert!(target["lastDeliveredAt"].is_string() && target.get("lagSeconds").is_none(), "{target}");
    assert_eq!(world.get("/Deliveries").await, json!([]));
    world.shutdown.cancel();
    world.engine.stopped().await;
    assert_eq!(world.get(&format!("/Targets/{TARGET}")).await["state"], "stopped");
}

#[tokio::test]
async fn dead_letters_are_listed_sent_once_more_and_removed() {
    let mut world = World::new().await;
    world.behave(permanent());
    for object in ["o1", "o2", "o3"] {
        world.append("order.placed", object).await;
    }
    let dead = world.deliveries(&format!("?target={TARGET}&state=dead"), 3).await;
    assert!(world.get("/Deliveries?state=waiting").await.as_array().unwrap().is_empty());
    let first = &dead[0];
    let path = format!("/Deliveries/{}", first["id"]);
    assert_eq!(&world.get(&path).await, first);
    for (member, value) in [
        ("target", json!(TARGET)),
        ("state", json!("dead")),
        ("trigger", json!("order.placed")),
        ("objectId", json!("o1")),
        ("correlationId", json!("c1")),
        ("attempts", json!(1)),
        ("lastError", json!("the message is too large")),
    ] {
        assert_eq!(first[member], value, "{member}");
    }
    assert!(
        first["eventId"].is_string() && first["eventCreatedAt"].is_string() && first.get("nextAttemptAt").is_none()
    );
    let page = world.get(&format!("/Deliveries?limit=1&after={}", first["id"])).await;
    assert_eq!(page, json!([dead[1]]));

    world.behave(None);
    let answer = world.replay(&json!({"delivery": first["id"]})).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (202, json!({"result": {"count": 1}})));
    assert_eq!(json!(world.taken().await), first["eventId"], "the id is the one it had");
    world.deliveries("", 2).await;
    assert_eq!(world.refused("GET", &path).await, (404, "error.delivery.deliveryNotFound".to_owned()));

    let path = format!("/Deliveries/{}", dead[1]["id"]);
    assert_eq!(call(&world.router, "DELETE", &format!("{PREFIX}{path}"), &[]).await.status, 204);
    assert_eq!(world.refused("DELETE", &path).await, (404, "error.delivery.deliveryNotFound".to_owned()));
    let answer = world.replay(&json!({"target": TARGET, "deadLetters": true})).await;
    assert_eq!(answer.json(), json!({"result": {"count": 1}}));
    assert_eq!(json!(world.taken().await), dead[2]["eventId"]);
    world.deliveries("", 0).await;
}

#[tokio::test]
async fn a_range_of_time_is_sent_once_more() {
    let mut world = World::new().await;
    for (namespace, object) in [("order.placed", "o1"), ("order.paid", "o1"), ("invoice.paid", "o1")] {
        world.append(namespace, object).await;
    }
    let taken = [world.taken().await, world.taken().await];
    world.settled(2).await;
    let range = |triggers: Value| {
        let mut body = json!({"target": TARGET, "from": "2000-01-01T00:00:00.000Z", "to": "2999-01-01T00:00:00.000Z"});
        if !triggers.is_null() {
            body["triggers"] = triggers;
        }
        body
    };
    assert_eq!(world.replay(&range(Value::Null)).await.json(), json!({"result": {"count": 2}}));
    assert_eq!([world.taken().await, world.taken().await], taken);
    world.settled(4).await;
    assert_eq!(world.replay(&range(json!(["*.paid"]))).await.json(), json!({"result": {"count": 1}}));
    assert_eq!(world.taken().await, taken[1]);
    for (body, code) in [
        (range(json!(["a b"])), "error.delivery.invalidTrigger"),
        (json!({"target": "nobody", "deadLetters": true}), "error.delivery.targetNotFound"),
        (json!({"deliveries": [1, 999_999]}), "error.delivery.deliveryNotFound"),
        (json!({}), "error.delivery.invalidReplay"),
    ] {
        assert_eq!(world.replay(&body).await.code(), code, "{body}");
    }
}

#[tokio::test]
async fn what_is_still_needed_is_not_removed() {
    let world = World::new().await;
    world.behave(Some(DeliveryError::Refused("not today".to_owned())));
    world.append("order.placed", "o1").await;
    let waiting = world.deliveries("?state=waiting", 1).await;
    assert!(waiting[0]["nextAttemptAt"].is_string(), "{waiting:?}");
    let path = format!("/Deliveries/{}", waiting[0]["id"]);
    assert_eq!(world.refused("DELETE", &path).await, (400, "error.delivery.deliveryIsWaiting".to_owned()));
    let target = format!("/Targets/{TARGET}");
    assert_eq!(world.refused("DELETE", &target).await, (400, "error.delivery.targetIsConfigured".to_owned()));

    let mut transaction = world.account.store().begin().await.unwrap();
    transaction.set_target_cursor("webhooks/target/old one", 1).await.unwrap();
    transaction.commit().await.unwrap();
    let targets = world.get("/Targets").await;
    let removed = &targets[1];
    assert_eq!((&removed["id"], &removed["state"]), (&json!("webhooks.target.old~20one"), &json!("removed")));
    let path = "/Targets/webhooks.target.old~20one";
    assert_eq!(world.get(path).await, *removed);
    assert_eq!(call(&world.router, "DELETE", &format!("{PREFIX}{path}"), &[]).await.status, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(world.refused(method, path).await, (404, "error.delivery.targetNotFound".to_owned()));
    }
}
