//! The findings as lines for people, and as JSON for programs.

use std::io::IsTerminal as _;

use serde_json::json;

use super::finding::{Finding, State};
use crate::output;

/// The column of the messages: after the longest state and the longest name of a check.
const INDENT: usize = 24;

pub(super) fn as_json(findings: &[Finding]) {
    let healthy = !findings.iter().any(Finding::is_problem);
    output::say(json!({ "healthy": healthy, "checks": findings }));
}

pub(super) fn as_text(findings: &[Finding]) {
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for line in lines(findings, colours) {
        output::say(line);
    }
}

fn lines(findings: &[Finding], colours: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        let (word, colour) = match finding.state {
            State::Ok => ("ok", 32),
            State::Warning => ("warning", 33),
            State::Problem => ("problem", 31),
        };
        let word = format!("{word:<8}");
        let word = if colours { format!("\u{1b}[{colour}m{word}\u{1b}[0m") } else { word };
        // A message of several lines stays in its column.
        let continued = format!("\n{:INDENT$}", "");
        lines.push(format!("{word} {:<14} {}", finding.check, finding.message.replace('\n', &continued)));
        if let Some(advice) = &finding.advice {
            lines.push(format!("{:INDENT$}-> {advice}", ""));
        }
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (problems, warnings) = (count(State::Problem), count(State::Warning));
    lines.push(String::new());
    lines.push(match (problems, warnings) {
        (0, 0) => "Everything is fine.".to_owned(),
        (0, warnings) => format!("No problems; {}.", counted(warnings, "warning")),
        (problems, 0) => format!("{}.", counted(problems, "problem")),
        (problems, warnings) => format!("{}, {}.", counted(problems, "problem"), counted(warnings, "warning")),
    });
    lines
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{Finding, lines};

    #[test]
    fn lines_can_be_read_without_colours() {
        let findings = [
            Finding::ok("clock", "right"),
            Finding::warning("api-keys", "old\nreally", "make a new one"),
            Finding::problem("database", "gone", "start it"),
        ];
        let expected = [
            "ok       clock          right",
            "warning  api-keys       old\n                        really",
            "                        -> make a new one",
            "problem  database       gone",
            "                        -> start it",
            "",
            "1 problem, 1 warning.",
        ];
        assert_eq!(lines(&findings, false), expected);
        assert!(lines(&findings, true).concat().contains("\u{1b}[31mproblem \u{1b}[0m database"));
        assert_eq!(lines(&[], false).concat(), "Everything is fine.");
    }
}
