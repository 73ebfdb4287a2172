//! The fate of 10,000 events while their target is stopped and the Connector is killed (kill -9) in the middle of them:
//! the target gets each at least once, very few twice, and those about one object in their order. A second target is
//! dead all the time, which delays no other.
//!
//! The targets are real servers; independent clients read what they received.

mod audit;
mod goal;
mod pubsub;
mod world;

use system_tests::{BrokerKind, Database, Postgres};

use goal::{BrokerGoal, WebhookGoal};
use pubsub::PubSubGoal;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amqp() -> anyhow::Result<()> {
    world::interrupt(BrokerGoal::start(BrokerKind::RabbitMq).await?, &Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mqtt() -> anyhow::Result<()> {
    world::interrupt(BrokerGoal::start(BrokerKind::Mosquitto).await?, &Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis() -> anyhow::Result<()> {
    world::interrupt(BrokerGoal::start(BrokerKind::Redis).await?, &Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats() -> anyhow::Result<()> {
    world::interrupt(BrokerGoal::start(BrokerKind::Nats).await?, &Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pubsub() -> anyhow::Result<()> {
    world::interrupt(PubSubGoal::start().await?, &Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook() -> anyhow::Result<()> {
    world::interrupt(WebhookGoal::start()?, &Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_with_postgres() -> anyhow::Result<()> {
    let postgres = Postgres::start().await?;
    world::interrupt(WebhookGoal::start()?, &Database::Postgres { url: postgres.url() }).await?;
    postgres.delete().await
}
