//! The enmeshed Connector: one organisation's agent in the enmeshed network.
//!
//! This crate is the program: configuration, command line and wiring. The parts it wires are in the crates below it.

mod cli;
mod commands;
mod config;
mod dev;
mod doctor;
mod enabled_modules;
mod lease_lost;
mod logging;
mod measurement;
mod notify;
mod output;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command, ConfigCommand, IdentityCommand};

/// The program: executes the command line of the process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            let _ = message.print();
            // Asking for help is not a failure; anything else is (docs/protocol/07 §3).
            let asked_for =
                matches!(message.kind(), clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
            return if asked_for { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    match run(cli) {
        Ok(status) => status,
        Err(error) => {
            output::complain(format_args!("Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Checks if a configuration file and environment variables together make a valid configuration; otherwise returns all
/// mistakes. Reads nothing else.
///
/// # Errors
/// The mistakes that `connector start` would report.
pub fn check_configuration(file: &str, variables: &[(String, String)]) -> Result<(), String> {
    config::read(file, variables).map(drop).map_err(|error| error.to_string())
}

/// The stack size of a worker. Contents are nested values, up to 256 levels deep, and everything that handles them is
/// recursive; only the pages that are touched cost memory.
const STACK_BYTES: usize = 16 * 1024 * 1024;

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_stack_size(STACK_BYTES).build()?.block_on(run_on_workers(cli))
}

async fn run_on_workers(cli: Cli) -> anyhow::Result<ExitCode> {
    signals::outlive_limits_of_files()?;
    match cli.command {
        Command::Start(options) => commands::start::run(options).await?,
        Command::Dev(options) => dev::run(options).await?,
        Command::Backbone(options) => commands::backbone::run(options).await?,
        Command::Healthcheck(options) => commands::healthcheck::run(options).await?,
        Command::Config(ConfigCommand::Check(options)) => return commands::config_check::run(options),
        Command::Config(ConfigCommand::Schema) => output::say(commands::config_check::schema().trim_end()),
        Command::Doctor(options) => return Ok(doctor::run(options).await),
        Command::Identity(IdentityCommand::Status(config)) => return Ok(commands::identity::status(config).await),
        Command::IdentityDeletion(command) => return Ok(commands::identity_deletion::run(command).await),
    }
    Ok(ExitCode::SUCCESS)
}
