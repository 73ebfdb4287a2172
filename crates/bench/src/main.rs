//! Measures the whole program as it is used: processes of the release build, REST, webhooks, the embedded Backbone.
//! Several runs each, medians, one table. `scripts/bench` builds and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod bare;
mod clock;
mod fill;
mod generator;
mod machine;
mod measure;
mod pair;
mod report;

use std::path::PathBuf;

use anyhow::bail;
use clap::{Parser, Subcommand};
use system_tests::{Database, Postgres};

use pair::Place;
use report::{Report, Row};

/// Measures the `connector` program that `CONNECTOR_BIN` names, or that is beside this one.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    helper: Option<Helper>,
    /// Fewer runs and smaller stores: to see that everything works.
    #[arg(long)]
    quick: bool,
    /// Measures with PostgreSQL as well, on a server started for it.
    #[arg(long)]
    postgres: bool,
    /// Measures only what has this in its name: start, messages, webhooks, latency, brokers, files, sizes (with reads).
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Writes the figures into this document, between its markers.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// The processes that the measurements start.
#[derive(Debug, Subcommand)]
enum Helper {
    /// Answers every request with the content of a file.
    #[command(hide = true)]
    Bare { file: PathBuf },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Some(Helper::Bare { file }) = cli.helper {
        return bare::serve(&file).await;
    }
    if cfg!(debug_assertions) {
        bail!("figures of a build without optimisation mean nothing: scripts/bench");
    }
    let mut report = Report::new(machine::describe().await?);
    report.add(measure::program_size()?);
    measure_with("SQLite", &Database::Sqlite, &cli, &mut report).await?;
    if cli.postgres {
        let postgres = Postgres::start().await?;
        measure_with("PostgreSQL", &Database::Postgres { url: postgres.url() }, &cli, &mut report).await?;
        postgres.delete().await?;
    }
    println!("{}", report.markdown());
    match &cli.write {
        Some(file) => report.write_into(file),
        None => Ok(()),
    }
}

async fn measure_with(name: &'static str, database: &Database, cli: &Cli, report: &mut Report) -> anyhow::Result<()> {
    let place = Place { name, database, quick: cli.quick };
    let wanted = |part: &str| cli.only.as_deref().is_none_or(|only| part.contains(only));
    let mut add = |rows: Vec<Row>| rows.into_iter().for_each(|row| report.add(row));
    if wanted("start") {
        eprintln!("{name}: start");
        add(measure::start(&place).await?);
    }
    if wanted("messages") {
        eprintln!("{name}: messages");
        add(measure::messages(&place).await?);
    }
    if wanted("webhooks") {
        eprintln!("{name}: webhooks");
        add(measure::webhooks(&place).await?);
    }
    if wanted("latency") {
        eprintln!("{name}: latency");
        add(measure::latency(&place).await?);
    }
    if wanted("brokers") {
        eprintln!("{name}: brokers");
        add(measure::brokers(&place).await?);
    }
    if wanted("files") {
        eprintln!("{name}: files");
        add(measure::files(&place).await?);
    }
    if wanted("sizes") {
        eprintln!("{name}: sizes");
        add(measure::sizes(&place).await?);
    }
    Ok(())
}
