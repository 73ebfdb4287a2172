use super::finding::Finding;
use settings::Severity;

use crate::commands::config_check::sources;
use crate::config::{ConfigError, Configuration};

const CHECK: &str = "configuration";

/// Noteworthy settings of a valid configuration.
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
    // Those of an unknown type are reported by the check of the brokers.
    let unknown_brokers = crate::enabled_modules::unknown_brokers(&configuration.modules);
    let is_told = |path: &settings::Path| unknown_brokers.iter().any(|broker| broker.path == *path);
    let notices = configuration.notices.iter().filter(|notice| notice.path.is_empty() || !is_told(&notice.path));
    findings.extend(notices.map(|notice| Finding::warning(CHECK, notice.to_string(), advice)));
    findings
}

/// The reasons why there is no configuration.
pub(super) fn problems(error: &ConfigError) -> Vec<Finding> {
    let advice = "Put it right and examine again: everything else depends on the configuration.";
    let problems = error.problems().into_iter().filter(|problem| problem.severity == Severity::Error);
    problems.map(|problem| Finding::problem(CHECK, problem.to_string(), advice)).collect()
}
