//! Chaos: two Connectors exchange numbered messages, synchronise and deliver webhooks, while processes are killed
//! at random moments. Afterwards everything is counted.

mod arena;
mod audit;
mod interruption;
mod ledger;
mod load;
mod relationship;

use std::fmt;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use arena::Arena;
pub use interruption::Interruption;
pub use ledger::Outcomes;

use crate::{Database, Postgres};

/// Progress must be made within this time, whatever was interrupted: longer than any back-off that delays work, on a
/// busy machine.
const PROGRESS_LIMIT: Duration = Duration::from_secs(120);

/// The kinds, targets and number of interruptions.
#[derive(Debug)]
pub struct Scenario {
    /// The name of the folder.
    pub name: &'static str,
    /// The kinds of interruptions, with weights.
    pub interruptions: &'static [(Interruption, u32)],
    /// Their number.
    pub count: u32,
    /// The seed of all decisions.
    pub seed: u64,
    /// The load continues until this many messages are sent and acknowledged.
    pub messages: usize,
    /// A third Connector and the first one change their Relationship this many times; 0 for never.
    pub relationship_changes: usize,
    /// Uses a PostgreSQL server of their own for the Connectors, instead of SQLite.
    pub postgres: bool,
}

/// The figures of a run. A report exists only if all promises were kept.
#[derive(Debug)]
pub struct Report {
    /// The outcomes as the clients know them.
    pub outcomes: Outcomes,
    /// Messages that were given up because they were not in the list of messages, but appeared in it later.
    pub appeared_late: usize,
    /// Changes of the Relationship to the third Connector.
    pub relationship_changes: usize,
    /// Requests with ciphers that were sent to the Backbone.
    pub ciphers: usize,
    /// Events of both logs that had to be delivered.
    pub events: usize,
    /// Deliveries of these, repetitions included.
    pub deliveries: usize,
    /// The duration of the interruptions, in seconds.
    pub interrupted_seconds: f64,
    /// The total duration, in seconds.
    pub seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages acknowledged, {} found in the list after an unknown outcome, {} refused, {} given up, {} of these sent after all; \
             {} changes of a relationship; {} ciphers; {} events in {} deliveries; {:.1} s of interruptions, {:.1} s in all",
            self.outcomes.acknowledged,
            self.outcomes.found_later,
            self.outcomes.refused,
            self.outcomes.given_up,
            self.appeared_late,
            self.relationship_changes,
            self.ciphers,
            self.events,
            self.deliveries,
            self.interrupted_seconds,
            self.seconds,
        )
    }
}

/// Runs a scenario and checks the conditions that must hold after it.
///
/// # Errors
/// All violations, or the reason why the scenario could not be run. The folder with all databases and logs
/// is kept then; the error names it.
pub async fn play(scenario: &Scenario) -> anyhow::Result<Report> {
    let started = Instant::now();
    let postgres = if scenario.postgres { Some(Postgres::start().await?) } else { None };
    let database = postgres.as_ref().map_or(Database::Sqlite, |postgres| Database::Postgres { url: postgres.url() });
    let mut arena = Arena::start(scenario.name, &database, scenario.relationship_changes > 0).await?;
    let report = match interrupt_and_audit(scenario, &mut arena, postgres.as_ref(), started).await {
        Ok(report) => report,
        Err(error) => return Err(error.context(format!("databases and logs: {}", arena.folder().display()))),
    };
    arena.delete().await?;
    if let Some(postgres) = postgres {
        postgres.delete().await?;
    }
    Ok(report)
}

async fn interrupt_and_audit(
    scenario: &Scenario,
    arena: &mut Arena,
    postgres: Option<&Postgres>,
    started: Instant,
) -> anyhow::Result<Report> {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let load = load::start(arena, &stop, &tasks)?;
    let changes = relationship::start(arena, &stop, scenario.relationship_changes)?;

    let interruptions_started = Instant::now();
    let mut rng = StdRng::seed_from_u64(scenario.seed);
    for number in 0..scenario.count {
        // Every other one meets a system at work, however slow the machine is.
        if number % 2 == 0 {
            load.until_sent(load.sent() + 1).await?;
        }
        interruption::one(scenario.interruptions, &mut rng, arena, postgres).await?;
    }
    let interrupted_seconds = interruptions_started.elapsed().as_secs_f64();
    load.until_sent(scenario.messages).await?;
    let changes = match changes {
        Some(changes) => Some(changes.await??),
        None => None,
    };

    stop.cancel();
    tasks.close();
    tasks.wait().await;
    let ledgers = load.finish().await?;
    audit::audit(arena, ledgers, changes, interrupted_seconds, started).await
}
