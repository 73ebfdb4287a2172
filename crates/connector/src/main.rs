//! The enmeshed Connector: one organisation's agent in the enmeshed network.
//!
//! This crate is the program: configuration, command line and wiring. What it wires is in the crates below it.

mod cli;
mod commands;
mod config;
mod dev;
mod logging;
mod modules;
mod notify;
mod output;
mod signals;
mod takeover;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            let _ = message.print();
            // Asking for help is no failure; anything else is (docs/protocol/07 §3).
            let asked_for =
                matches!(message.kind(), clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
            return if asked_for { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(format_args!("Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Start(options) => commands::start::run(options).await,
        Command::Dev(options) => dev::run(options).await,
        Command::Backbone(options) => commands::backbone::run(options).await,
        Command::Healthcheck(options) => commands::healthcheck::run(options).await,
    }
}
