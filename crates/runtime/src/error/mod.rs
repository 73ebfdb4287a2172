//! The one error type of use cases (`docs/protocol/06-rest-api.md` §3).

mod from_layers;
mod runtime_error;

use std::borrow::Cow;
use std::time::Duration;

pub use runtime_error::RuntimeError;

/// The failure of a use case.
///
/// `code` is stable, and the value that clients compare; `message` is for people. The failures of lower layers are
/// translated in one place, the `From` implementations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApplicationError {
    code: Cow<'static, str>,
    message: String,
    details: Option<String>,
    kind: ErrorKind,
    retry_after: Option<Duration>,
}

/// The responsibility for a failure, in terms that a protocol such as HTTP can map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The input is wrong, or the current state does not allow the operation.
    Invalid,
    /// The named object does not exist (any more).
    NotFound,
    /// The Backbone refused or could not be reached.
    Backbone {
        /// HTTP status of the Backbone; 500 if there was no answer.
        status: u16,
    },
    /// The database does not work.
    Store,
    /// An internal failure, not caused by the caller; the message is not meant for clients.
    Unexpected,
}

impl ApplicationError {
    /// The stable code, such as `error.runtime.recordNotFound`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The description of the failure.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Details for debugging; not for clients in production.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// The responsibility for the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The time for which the Backbone asks callers to pause.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<RuntimeError> for ApplicationError {
    fn from(error: RuntimeError) -> Self {
        Self {
            code: Cow::Borrowed(error.code()),
            message: error.to_string(),
            details: None,
            kind: error.kind(),
            retry_after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts() {
        let error = ApplicationError::from(RuntimeError::RecordNotFound("File"));
        assert_eq!(error.code(), "error.runtime.recordNotFound");
        assert_eq!(error.message(), "File not found. Make sure the ID exists and the record is not expired.");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = ApplicationError::from(RuntimeError::UnknownType("'Nope' with version 1".to_owned()));
        assert_eq!(error.code(), "error.runtime.unknownType");
        let text = "Type 'Nope' with version 1 was not found within reflection classes. You might have to install a module first.";
        assert_eq!(error.message(), text);
    }
}
