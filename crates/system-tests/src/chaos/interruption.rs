use std::time::Duration;

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::arena::Arena;
use crate::{Disturbance, Postgres, ServerProcess, Trouble};

/// A fault that must not do any harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// SIGKILL to one of the Connectors while it works.
    KillConnector,
    /// SIGKILL to one of the Connectors while it works, and again while it starts.
    KillConnectorTwice,
    /// SIGKILL to the Backbone.
    KillBackbone,
    /// Immediate stop and start of the PostgreSQL server.
    RestartPostgres,
    /// End of all sessions of the PostgreSQL server.
    EndPostgresSessions,
    /// Wrong, missing and late answers of the Backbone.
    DisturbAnswers,
    /// One of the Connectors cannot write.
    FillDiskOfConnector,
    /// The Backbone cannot write.
    FillDiskOfBackbone,
}

/// The faults of answers.
const TROUBLES: [Trouble; 12] = [
    Trouble::Refused(500),
    Trouble::Refused(503),
    Trouble::Refused(521),
    Trouble::Refused(404),
    Trouble::AnswerReplaced(500),
    Trouble::AnswerReplaced(502),
    Trouble::AnswerReplaced(404),
    Trouble::AnswerReplaced(200),
    Trouble::Page,
    Trouble::Cut,
    Trouble::Lost,
    Trouble::Late(Duration::from_millis(300)),
];
/// The requests that are subject to faults.
const DISTURBED: [&str; 5] = ["", "/Messages/", "/Relationships/", "/SyncRuns", "/connect/token"];
/// The longest duration of a disturbance.
const DISTURBED_FOR: Duration = Duration::from_secs(1);

/// The longest undisturbed period; several messages and synchronisations happen in it.
const QUIET: Duration = Duration::from_millis(200);
/// A start is cut off within this time, mostly before the Connector serves.
const START: Duration = Duration::from_millis(120);

/// Waits for a random moment, causes an interruption, and restores the service.
pub(super) async fn one(
    kinds: &[(Interruption, u32)],
    rng: &mut StdRng,
    arena: &mut Arena,
    postgres: Option<&Postgres>,
) -> anyhow::Result<()> {
    // A generator for each interruption: one decision more or less in it must not change all that follow.
    let mut rng = StdRng::seed_from_u64(rng.random());
    let kind = choose(kinds, &mut rng);
    let side = rng.random_range(0..2);
    tokio::time::sleep(QUIET.mul_f64(rng.random())).await;
    let connector = arena.sides.get_mut(side).map(|side| &mut side.connector).context("there are two sides")?;
    match kind {
        Interruption::DisturbAnswers => {
            let proxy = arena.sides.get(side).map(|side| &side.proxy).context("there are two sides")?;
            proxy.disturb(Disturbance {
                trouble: one_of(&TROUBLES, &mut rng)?,
                method: None,
                path_part: one_of(&DISTURBED, &mut rng)?,
                one_of: rng.random_range(1..4),
            });
            tokio::time::sleep(DISTURBED_FOR.mul_f64(rng.random())).await;
            proxy.calm();
            Ok(())
        }
        Interruption::FillDiskOfConnector => fill_disk(connector.process(), &mut rng).await,
        Interruption::FillDiskOfBackbone => fill_disk(arena.backbone.process(), &mut rng).await,
        Interruption::KillConnector => {
            connector.kill().await?;
            connector.run().await
        }
        Interruption::KillConnectorTwice => {
            connector.kill().await?;
            let starting = connector.spawn()?;
            tokio::time::sleep(START.mul_f64(rng.random())).await;
            starting.kill().await?;
            connector.run().await
        }
        Interruption::KillBackbone => {
            arena.backbone.kill().await?;
            arena.backbone.run().await
        }
        Interruption::RestartPostgres => postgres.context("no PostgreSQL")?.crash_and_restart().await,
        Interruption::EndPostgresSessions => postgres.context("no PostgreSQL")?.end_sessions().await,
    }
}

/// Prevents a process from writing for a while.
async fn fill_disk(process: Option<&ServerProcess>, rng: &mut StdRng) -> anyhow::Result<()> {
    let process = process.context("the process runs")?;
    process.fill_disk().await?;
    tokio::time::sleep(DISTURBED_FOR.mul_f64(rng.random())).await;
    process.free_disk().await
}

fn one_of<T: Copy>(choices: &[T], rng: &mut StdRng) -> anyhow::Result<T> {
    choices.get(rng.random_range(0..choices.len())).copied().context("there is nothing to choose from")
}

fn choose(kinds: &[(Interruption, u32)], rng: &mut StdRng) -> Interruption {
    let total: u32 = kinds.iter().map(|(_, weight)| weight).sum();
    let mut drawn = rng.random_range(0..total.max(1));
    for (kind, weight) in kinds {
        match drawn.checked_sub(*weight) {
            None => return *kind,
            Some(rest) => drawn = rest,
        }
    }
    Interruption::KillConnector
}
