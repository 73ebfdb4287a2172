use serde::Serialize;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    /// Works, but needs attention.
    Warning,
    /// Does not work.
    Problem,
}

/// The finding of a check. Contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The name of the check.
    pub(super) check: &'static str,
    pub(super) state: State,
    pub(super) message: String,
    /// The recommended action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, state: State::Ok, message: message.into(), advice: None }
    }

    pub(super) fn warning(check: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Warning, message: message.into(), advice: Some(advice.into()) }
    }

    pub(super) fn problem(check: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Problem, message: message.into(), advice: Some(advice.into()) }
    }

    pub(super) fn is_problem(&self) -> bool {
        self.state == State::Problem
    }
}
