use super::finding::Finding;
use crate::commands::config_check::{notices, sources};
use crate::config::{ConfigError, Configuration};

const CHECK: &str = "configuration";

/// What is remarkable about a valid configuration.
pub(super) fn check(configuration: &Configuration) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(CHECK, format!("valid, from {}", sources(configuration)))];
    if configuration.http_server.mode.debug {
        findings.push(Finding::warning(
            CHECK,
            "debug mode is on: errors show their details, and a Connector without authentication may start",
            "Set debug to false for production.",
        ));
    }
    let advice = "Change or remove the setting, see docs/configuration.md.";
    findings.extend(notices(configuration).into_iter().map(|notice| Finding::warning(CHECK, notice, advice)));
    findings
}

/// Why there is no configuration.
pub(super) fn problems(error: &ConfigError) -> Vec<Finding> {
    let advice = "Put it right and examine again: everything else depends on the configuration.";
    match error {
        ConfigError::Invalid(problems) => {
            problems.iter().map(|problem| Finding::problem(CHECK, problem.as_str(), advice)).collect()
        }
        error => vec![Finding::problem(CHECK, error.to_string(), advice)],
    }
}
