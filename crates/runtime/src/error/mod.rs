//! The one error type of use cases (`docs/protocol/06-rest-api.md` §3).

mod from_layers;
mod runtime_error;

use std::borrow::Cow;
use std::time::Duration;

pub use runtime_error::RuntimeError;

/// Why a use case failed.
///
/// `code` is stable and what clients compare; `message` is for people. The meaning of the layers below is translated in
/// one place, the `From` implementations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApplicationError {
    code: Cow<'static, str>,
    message: String,
    details: Option<String>,
    kind: ErrorKind,
    retry_after: Option<Duration>,
}

/// Whose fault it is, in terms that a transport such as HTTP can map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The input is wrong, or the state of things does not allow the operation.
    Invalid,
    /// What was named does not exist (any more).
    NotFound,
    /// The Backbone refused or could not be reached.
    Backbone {
        /// HTTP status of the Backbone; 500 where there was no answer.
        status: u16,
    },
    /// The database does not work.
    Store,
    /// Nothing the caller did; the message is not meant for it.
    Unexpected,
}

impl ApplicationError {
    /// The stable code, such as `error.runtime.recordNotFound`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What happened, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// More for people who debug; not for clients in production.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How long the Backbone asks to be left alone.
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
