//! The one error type of use cases (`docs/protocol/06-rest-api.md` §3).

pub mod codes;
mod from_layers;

use std::borrow::Cow;
use std::time::Duration;

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

    /// An error with a code of its own that is the caller's to solve.
    #[must_use]
    pub fn invalid(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), details: None, kind: ErrorKind::Invalid, retry_after: None }
    }

    /// Something inside failed.
    #[must_use]
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self {
            code: codes::UNKNOWN.into(),
            message: message.into(),
            details: None,
            kind: ErrorKind::Unexpected,
            retry_after: None,
        }
    }

    /// How long the Backbone asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// A member of the input is wrong.
    pub(crate) fn invalid_property_value(message: impl Into<String>) -> Self {
        Self::invalid(codes::INVALID_PROPERTY_VALUE, message)
    }

    /// The members of the input do not go together.
    pub(crate) fn invalid_payload() -> Self {
        Self::invalid(codes::INVALID_PAYLOAD, "The given combination of properties in the payload is not supported.")
    }

    /// `entity`, such as `File`, does not exist or has expired.
    pub(crate) fn record_not_found(entity: &str) -> Self {
        Self {
            code: codes::RECORD_NOT_FOUND.into(),
            message: format!("{entity} not found. Make sure the ID exists and the record is not expired."),
            details: None,
            kind: ErrorKind::NotFound,
            retry_after: None,
        }
    }

    pub(crate) fn delivery_target_not_found() -> Self {
        Self::not_found(codes::DELIVERY_TARGET_NOT_FOUND, "Target not found. GET /Targets lists all.")
    }

    pub(crate) fn delivery_not_found() -> Self {
        let message = "Delivery not found. Deliveries that were taken are not listed.";
        Self::not_found(codes::DELIVERY_NOT_FOUND, message)
    }

    pub(crate) fn inbox_entry_not_found() -> Self {
        let message = "Entry not found. What was applied is not in the inbox any more.";
        Self::not_found(codes::INBOX_ENTRY_NOT_FOUND, message)
    }

    fn not_found(code: &'static str, message: &str) -> Self {
        Self {
            code: code.into(),
            message: message.to_owned(),
            details: None,
            kind: ErrorKind::NotFound,
            retry_after: None,
        }
    }

    /// A typed object does not have the form of its type; `message` has the form `Type.property :: reason`.
    pub(crate) fn request_deserialization(message: impl Into<String>) -> Self {
        Self::invalid(codes::REQUEST_DESERIALIZATION, message)
    }

    /// No type of this name is known.
    pub(crate) fn unknown_type(name: &str, version: i64) -> Self {
        let message = format!(
            "Type '{name}' with version {version} was not found within reflection classes. You might have to install a module first."
        );
        Self::invalid(codes::UNKNOWN_TYPE, message)
    }

    pub(crate) fn invalid_token_content() -> Self {
        Self::invalid(codes::INVALID_TOKEN_CONTENT, "The given Token has an invalid content for this route.")
    }

    pub(crate) fn invalid_reference(reference: &str) -> Self {
        let message = format!(
            "The given reference '{reference}' is not valid. The reference must be a valid reference for this route."
        );
        Self::invalid(codes::INVALID_REFERENCE, message)
    }

    pub(crate) fn not_supported(message: impl Into<String>) -> Self {
        Self::invalid(codes::NOT_SUPPORTED, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts() {
        let error = ApplicationError::record_not_found("File");
        assert_eq!(error.code(), "error.runtime.recordNotFound");
        assert_eq!(error.message(), "File not found. Make sure the ID exists and the record is not expired.");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(ApplicationError::invalid_payload().code(), "error.runtime.validation.invalidPayload");
        assert_eq!(ApplicationError::unknown_type("Nope", 1).code(), "error.runtime.unknownType");
    }
}
