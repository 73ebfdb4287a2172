//! `connector doctor`: checks everything a Connector needs, and gives advice on every problem.
//!
//! Nothing is changed anywhere, and every check has a time limit. Independent checks run concurrently.

mod api_keys;
mod backbone;
mod brokers;
mod certificate;
mod configuration;
mod database;
mod finding;
mod network;
mod report;
mod rest_api;
mod targets;
mod tls;

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::DoctorOptions;
use crate::config::{self, Sources};
use finding::Finding;

/// The time limit for one check.
const LIMIT: Duration = Duration::from_secs(5);

/// Prints the findings. Fails if any of them is a problem.
pub(crate) async fn run(options: DoctorOptions) -> ExitCode {
    let findings = examine(&Sources::of_process(options.config.path)).await;
    if options.json {
        report::as_json(&findings);
    } else {
        report::as_text(&findings);
    }
    if findings.iter().any(Finding::is_problem) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn examine(sources: &Sources) -> Vec<Finding> {
    let configuration = match config::load(sources) {
        Ok(configuration) => configuration,
        // Without a configuration it is unknown what else to check.
        Err(error) => return configuration::problems(&error),
    };
    let trust = &configuration.transport.trust;
    let (database, backbone, port, targets, brokers) = tokio::join!(
        database::check(&configuration),
        backbone::check(&configuration.transport),
        rest_api::check(&configuration.http_server),
        targets::check(&configuration.modules, trust),
        brokers::check(&configuration.modules, trust),
    );
    let credentials = match backbone.answers {
        true => backbone::credentials(&configuration.transport, database.account.as_ref()).await,
        // The reason has been reported.
        false => Vec::new(),
    };
    let lease = rest_api::lease(database.writer.as_deref(), &port.state);
    [
        configuration::check(&configuration),
        database.findings,
        lease,
        backbone.findings,
        credentials,
        port.findings,
        api_keys::check(&configuration.http_server),
        targets,
        brokers,
    ]
    .concat()
}

/// The outcome of a check, unless it takes too long.
async fn in_time<T>(check: impl Future<Output = T>) -> Result<T, String> {
    tokio::time::timeout(LIMIT, check).await.map_err(|_| format!("no answer within {} s", LIMIT.as_secs()))
}
