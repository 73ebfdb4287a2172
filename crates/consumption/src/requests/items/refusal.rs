use core_types::Timestamp;

use crate::{ConsumptionError, ValidationResult};

/// The reason for which a check of an item says no.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// The check has found it.
    Answer(ConsumptionError),
    /// The check itself failed. The peers tell the two apart (`docs/protocol/05 §5`).
    Failure(ConsumptionError),
}

/// The result of a check of an item.
pub(super) type Checked<T = ()> = Result<T, Refusal>;

impl From<ConsumptionError> for Refusal {
    fn from(error: ConsumptionError) -> Self {
        Self::Failure(error)
    }
}

pub(super) fn invalid(reason: impl Into<String>) -> Refusal {
    Refusal::Answer(ConsumptionError::InvalidRequestItem(reason.into()))
}

pub(super) fn parameters(reason: impl Into<String>) -> Refusal {
    Refusal::Answer(ConsumptionError::InvalidAcceptParameters(reason.into()))
}

pub(super) fn mismatch(reason: &'static str) -> Refusal {
    Refusal::Answer(ConsumptionError::AnswerMismatch(reason))
}

/// The item is invalid because another check fails.
pub(super) fn as_invalid(error: ConsumptionError) -> Refusal {
    invalid(error.to_string())
}

/// The parameters are invalid because another check fails.
pub(super) fn as_parameters(error: ConsumptionError) -> Refusal {
    parameters(error.to_string())
}

pub(super) fn require(holds: bool, otherwise: impl FnOnce() -> Refusal) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The result of a check before an item is created: a failure is none.
pub(super) fn of_creation(checked: Checked) -> Result<ValidationResult, ConsumptionError> {
    match checked {
        Ok(()) => Ok(ValidationResult::success()),
        Err(Refusal::Answer(error)) => Ok(ValidationResult::error(error)),
        Err(Refusal::Failure(error)) => Err(error),
    }
}

/// The result of a check before an item is decided: a failure is one.
pub(super) fn of_decision(checked: Checked, now: Timestamp) -> ValidationResult {
    match checked {
        Ok(()) => ValidationResult::success(),
        Err(Refusal::Answer(error)) => ValidationResult::error(error),
        Err(Refusal::Failure(ConsumptionError::Content(error))) => {
            ValidationResult::error(ConsumptionError::ServalErrorDuringRequestItemProcessing(error.to_string()))
        }
        Err(Refusal::Failure(error)) => {
            ValidationResult::error(ConsumptionError::UnexpectedErrorDuringRequestItemProcessing(error.message(now)))
        }
    }
}
