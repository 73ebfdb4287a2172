//! The course of a test.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use system_tests::{BackboneProcess, ConnectorOptions, ConnectorProcess, Database, RestClient, WorkFolder};

use crate::audit::{self, Audit, EVENTS};
use crate::goal::Goal;

/// The interval between checks of deliveries: their progress is not announced.
const LOOK: Duration = Duration::from_millis(10);
/// The time limit for a part of the deliveries on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Stops the target after a third of the events, kills the Connector, restarts both, kills the Connector once more
/// while it delivers, and checks what arrived.
#[expect(clippy::print_stderr, reason = "how many came twice is worth knowing")]
pub(crate) async fn interrupt(mut goal: impl Goal, database: &Database) -> anyhow::Result<()> {
    let folder = WorkFolder::create("outages")?;
    let mut backbone = BackboneProcess::start(folder.path()).await?;
    let port = backbone.port().borrow().context("the Backbone is down")?;
    let modules = goal.modules();
    let options = ConnectorOptions {
        name: "outages",
        backbone_url: &format!("http://localhost:{port}"),
        database,
        modules: modules.as_object().cloned().context("modules must be an object")?,
    };
    let mut connector = ConnectorProcess::start(folder.path(), options).await?;
    let client = connector.client()?;
    // From now on the targets have their positions in the log.
    let first = delivered(&client, "the target").await?;
    connector.stop().await?;
    audit::write_events(connector.store()).await?;

    connector.run().await?;
    until_delivered(&client, first.delivered + EVENTS as u64 / 3).await?;
    goal.stop().await?;
    connector.kill().await?;
    connector.run().await?;
    goal.start_again().await?;
    until_delivered(&client, EVENTS as u64 / 3).await?;
    connector.kill().await?;
    connector.run().await?;
    until_nothing_waits(&client).await?;

    let mut audit = Audit::new();
    goal.read(&mut audit).await?;
    eprintln!("{} of {EVENTS} events arrived more than once", audit.repeated());
    audit.accept()?;
    let dead = target(&client, true).await?;
    ensure!(dead["waiting"].as_u64() >= Some(EVENTS as u64), "the dead target took something: {dead}");
    ensure!(dead["delivered"] == 0 && dead["state"] == "failing", "the dead target is {dead}");

    connector.stop().await?;
    backbone.stop().await?;
    folder.delete()
}

struct Progress {
    delivered: u64,
    waiting: u64,
}

/// The REST view of the target under test, or of the dead one.
async fn target(client: &RestClient, dead: bool) -> anyhow::Result<Value> {
    let targets = client.delivery_targets().await?;
    let is_dead = |target: &Value| target["endpoint"].as_str().is_some_and(|endpoint| endpoint.contains(":9/"));
    let found = targets.as_array().into_iter().flatten().find(|target| is_dead(target) == dead);
    found.cloned().with_context(|| format!("the target is missing: {targets}"))
}

async fn delivered(client: &RestClient, what: &str) -> anyhow::Result<Progress> {
    let target = target(client, false).await?;
    let number = |name: &str| target[name].as_u64().with_context(|| format!("{what} has no {name}: {target}"));
    Ok(Progress { delivered: number("delivered")?, waiting: number("waiting")? })
}

async fn until_delivered(client: &RestClient, count: u64) -> anyhow::Result<()> {
    until(client, |progress| progress.delivered >= count).await
}

async fn until_nothing_waits(client: &RestClient) -> anyhow::Result<()> {
    until(client, |progress| progress.waiting == 0).await
}

async fn until(client: &RestClient, reached: impl Fn(&Progress) -> bool) -> anyhow::Result<()> {
    let end = tokio::time::Instant::now() + LIMIT;
    while !reached(&delivered(client, "the target").await?) {
        if tokio::time::Instant::now() > end {
            bail!("the target did not get on: {}", target(client, false).await?);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
