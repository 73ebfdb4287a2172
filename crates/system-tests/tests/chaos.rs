//! Kill -9 at random moments, while two Connectors exchange messages, synchronise and deliver webhooks.
//!
//! `CHAOS_INTERRUPTIONS` sets their number (`scripts/chaos`: 200), `CHAOS_SEED` repeats the decisions of a run.
#![expect(clippy::print_stderr, reason = "the seed of a failed run must be known")]

use anyhow::ensure;
use core_types::Randomness;
use rand::Rng as _;
use system_tests::chaos::{Interruption, Report, Scenario, play};

/// The interruptions of an ordinary test run, so that it stays short on two cores; `scripts/chaos` does ten times as
/// many.
const DEFAULT_INTERRUPTIONS: u32 = 20;

/// If all kinds of faults are mixed, this many messages are sent for each: 5,000 for 200 faults.
const MESSAGES_PER_FAULT: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_connectors_lose_and_double_nothing() -> anyhow::Result<()> {
    run("killed-connectors", &[(Interruption::KillConnector, 9), (Interruption::KillConnectorTwice, 1)], false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_backbone_loses_and_doubles_nothing() -> anyhow::Result<()> {
    run("killed-backbone", &[(Interruption::KillBackbone, 1)], false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_postgres_loses_and_doubles_nothing() -> anyhow::Result<()> {
    let interruptions =
        &[(Interruption::EndPostgresSessions, 6), (Interruption::RestartPostgres, 2), (Interruption::KillConnector, 2)];
    run("restarted-postgres", interruptions, true).await
}

/// Everything at once: answers of all kinds, full disks and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_all_kinds_lose_and_double_nothing() -> anyhow::Result<()> {
    let interruptions = &[
        (Interruption::DisturbAnswers, 12),
        (Interruption::FillDiskOfConnector, 2),
        (Interruption::FillDiskOfBackbone, 2),
        (Interruption::KillConnector, 2),
        (Interruption::KillBackbone, 2),
    ];
    run("faults", interruptions, false).await
}

async fn run(name: &'static str, interruptions: &'static [(Interruption, u32)], postgres: bool) -> anyhow::Result<()> {
    let seed = setting("CHAOS_SEED")?.unwrap_or_else(|| Randomness::system().next_u64());
    let count = match setting("CHAOS_INTERRUPTIONS")? {
        Some(count) => u32::try_from(count)?,
        None => DEFAULT_INTERRUPTIONS,
    };
    eprintln!("{name}: CHAOS_SEED={seed} CHAOS_INTERRUPTIONS={count}");
    let with_changes = interruptions.iter().any(|(kind, _)| *kind == Interruption::DisturbAnswers);
    let messages = if with_changes { count as usize * MESSAGES_PER_FAULT } else { 0 };
    let relationship_changes = if with_changes { count as usize } else { 0 };
    let scenario = Scenario { name, interruptions, count, seed, messages, relationship_changes, postgres };
    let report = play(&scenario).await?;
    eprintln!("{name}: {report}");
    ensure!(report.relationship_changes >= relationship_changes, "too few changes of a relationship: {report}");
    not_vacuous(&report, count)
}

/// The absence of losses proves little if little was done.
fn not_vacuous(report: &Report, count: u32) -> anyhow::Result<()> {
    let sent = report.outcomes.acknowledged + report.outcomes.found_later;
    ensure!(sent >= count.div_ceil(2) as usize, "only {sent} messages were sent in {count} interruptions");
    ensure!(report.ciphers > sent && report.events > sent, "the records are incomplete: {report}");
    Ok(())
}

fn setting(name: &str) -> anyhow::Result<Option<u64>> {
    std::env::var(name).ok().map(|text| Ok(text.parse()?)).transpose()
}
