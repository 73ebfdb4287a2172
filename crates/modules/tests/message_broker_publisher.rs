//! Publishing the events of an Account to several brokers, read by independent clients.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(unreachable_pub, dead_code, reason = "the support module is private to this test and shared with other ones")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use modules::message_broker_publisher::{MessageBrokerPublisherConfig, MessageBrokerPublisherModule};
use runtime::{HostedAccount, Module, ModuleState};
use serde_json::{Value, json};
use support::{PATIENCE, World, raise};
use system_tests::{Broker, BrokerKind, Consumer};
use tokio::process::Command;
use tokio::time::timeout;

const EVENTS: usize = 200;
const OBJECTS: usize = 7;

fn module(config: &Value) -> Vec<Arc<dyn Module>> {
    let config = MessageBrokerPublisherConfig::parse("modules.messageBrokerPublisher", config).unwrap();
    vec![Arc::new(MessageBrokerPublisherModule::new(config))]
}

async fn raise_all(account: &HostedAccount) {
    for number in 0..EVENTS {
        raise(account, &format!("{number}"), Some(&format!("OBJ{}", number % OBJECTS))).await;
    }
}

/// Mosquitto's own client, whose session is kept while neither it nor the server is running.
async fn mosquitto(broker: &Broker, options: &[&str]) -> Vec<(String, String)> {
    let port = broker.port().to_string();
    let mut command = Command::new("mosquitto_sub");
    command.args(["-h", "127.0.0.1", "-p", &port, "-c", "-i", "consumer", "-q", "1", "-t", "#", "-F", "%t %p"]);
    let output = timeout(PATIENCE * 3, command.args(options).kill_on_drop(true).output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let message = |line: &str| line.split_once(' ').map(|(topic, body)| (topic.to_owned(), body.to_owned())).unwrap();
    lines.lines().map(message).collect()
}

/// Checks that every event arrived once, in order for each object.
fn check(messages: impl Iterator<Item = (String, String)>) {
    let mut next = BTreeMap::<usize, usize>::new();
    let mut count = 0;
    for (topic, body) in messages {
        let number: usize = topic.strip_prefix("test/").unwrap().parse().unwrap();
        assert_eq!(body, json!({ "name": number.to_string() }).to_string());
        let object = number % OBJECTS;
        let expected = next.entry(object).or_insert(object);
        assert_eq!(number, *expected, "about object {object}");
        *expected += OBJECTS;
        count += 1;
    }
    assert_eq!(count, EVENTS);
}

async fn until(account: &HostedAccount, condition: impl Fn(&ModuleState) -> bool) -> ModuleState {
    let reached = async {
        loop {
            let state = account.modules().first().unwrap().state.clone();
            if condition(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap()
}

#[tokio::test]
async fn a_broker_that_is_down_holds_up_no_other_and_gets_everything_when_it_is_back() {
    let world = World::start().await;
    let (down, up, redis) = tokio::join!(
        Broker::start(BrokerKind::Mosquitto),
        Broker::start(BrokerKind::Mosquitto),
        Broker::start(BrokerKind::Redis),
    );
    let (mut down, up, redis) = (down.unwrap(), up.unwrap(), redis.unwrap());
    // From here on the sessions exist.
    mosquitto(&down, &["-E"]).await;
    mosquitto(&up, &["-E"]).await;
    let mut listener = Consumer::start("redis", &json!({ "url": redis.url(), "pattern": "*" })).await.unwrap();
    down.stop().await.unwrap();

    let mqtt =
        |broker: &Broker| json!({ "type": "MQTT", "configuration": { "url": broker.url() }, "triggers": ["test.*"] });
    let modules = module(&json!({
        "brokers": [
            mqtt(&down), mqtt(&up),
            { "type": "Redis", "configuration": { "url": redis.url() } },
            { "type": "Kafka", "configuration": {} },
        ],
        "delivery": { "retryDelayMilliseconds": 20, "maxRetryDelaySeconds": 1 },
    }));
    let account = world.account("own", modules).await;
    raise_all(&account).await;

    // The one with all triggers also gets the events of the Account itself, without data.
    assert_eq!(listener.next().await.unwrap(), json!({ "channel": "runtime.modulesStarted", "message": "{}" }));
    let listened = listener.take(EVENTS).await.unwrap().into_iter().map(|message| {
        let text = |name: &str| message[name].as_str().unwrap().to_owned();
        (text("channel").replace('.', "/"), text("message"))
    });
    check(listened);
    let count = EVENTS.to_string();
    check(mosquitto(&up, &["-C", &count]).await.into_iter());

    let state = until(&account, |state| matches!(state, ModuleState::Degraded(_))).await;
    let ModuleState::Degraded(reason) = state else { panic!("{state:?}") };
    assert!(reason.starts_with("MQTT: "), "{reason}");
    // The positions of the others in the log follow their acknowledgements.
    let waiting = async {
        loop {
            let targets = account.services().deliveries().targets().await.unwrap();
            let waiting: Vec<_> = targets.into_iter().map(|target| (target.name, target.waiting)).collect();
            if waiting.iter().filter(|(_, waiting)| *waiting == 0).count() == 2 {
                return waiting;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waiting = timeout(PATIENCE, waiting).await.unwrap();
    assert_eq!(waiting, [("MQTT", EVENTS as u64), ("MQTT 2", 0), ("Redis", 0)].map(|(name, n)| (name.to_owned(), n)));

    down.start_again().await.unwrap();
    check(mosquitto(&down, &["-C", &count]).await.into_iter());
    until(&account, |state| *state == ModuleState::Running).await;
}

#[tokio::test]
async fn what_the_former_module_configured_is_published_as_before() {
    let world = World::start().await;
    let broker = Broker::start(BrokerKind::RabbitMq).await.unwrap();
    let options = json!({ "url": broker.url(), "queue": "mine", "exchange": "events", "keys": ["test.*"] });
    let mut consumer = Consumer::start("amqp", &options).await.unwrap();
    // As it was documented at the time.
    let config = json!({ "enabled": true, "url": broker.url(), "exchange": "events", "timeout": 2000 });
    let config = MessageBrokerPublisherConfig::parse_amqp_publisher("modules.amqpPublisher", &config).unwrap();
    let account = world.account("own", vec![Arc::new(MessageBrokerPublisherModule::new(config))]).await;
    raise_all(&account).await;
    let received = consumer.take(EVENTS).await.unwrap().into_iter().map(|message| {
        assert_eq!(message["exchange"], "events");
        let text = |name: &str| message[name].as_str().unwrap().to_owned();
        (text("routingKey").replace('.', "/"), text("body"))
    });
    check(received);
    assert_eq!(account.modules().first().unwrap().state, ModuleState::Running);
}

#[tokio::test]
async fn without_a_broker_of_a_known_type_the_module_says_so_and_the_account_works() {
    let world = World::start().await;
    let account = world.account("own", module(&json!({ "brokers": [{ "type": "Kafka", "configuration": {} }] }))).await;
    let expected = ModuleState::Degraded("no broker of a known type is configured".to_owned());
    assert_eq!(account.modules().first().unwrap().state, expected);
    account.services().account().sync().await.unwrap();
}
