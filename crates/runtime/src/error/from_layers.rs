//! The mapping of the failures of lower layers (`docs/protocol/06-rest-api.md` §3.3).

use content::ContentError;
use core_types::CoreError;
use store::StoreError;
use transport::{RequestError, TransportError};

use super::{ApplicationError, ErrorKind, RuntimeError};

/// The database cannot be used: nothing can be read or written.
const STORE_UNAVAILABLE: &str = "error.connector.storeUnavailable";
/// The transport layer does not know the requested object.
const TRANSPORT_RECORD_NOT_FOUND: &str = "error.transport.recordNotFound";

impl From<TransportError> for ApplicationError {
    fn from(error: TransportError) -> Self {
        if let Some(request) = error.as_request_error() {
            return Self::from(request);
        }
        if let TransportError::Store(error) = &error {
            return Self::from(&**error);
        }
        if !error.is_core_error() {
            return RuntimeError::Unexpected(error.to_string()).into();
        }
        let kind = if error.code() == TRANSPORT_RECORD_NOT_FOUND { ErrorKind::NotFound } else { ErrorKind::Invalid };
        Self {
            code: error.code().to_owned().into(),
            message: error.to_string(),
            details: None,
            kind,
            retry_after: None,
        }
    }
}

/// A refusal because of the input (validation, not found) is the caller's fault; all others keep the Backbone's status.
impl From<&RequestError> for ApplicationError {
    fn from(error: &RequestError) -> Self {
        let (code, kind) = match error.code.as_str() {
            "error.platform.recordNotFound" => (RuntimeError::RecordNotFound("").code().into(), ErrorKind::NotFound),
            code if code.starts_with("error.platform.validation") => (code.to_owned().into(), ErrorKind::Invalid),
            code => (code.to_owned().into(), ErrorKind::Backbone { status: error.status }),
        };
        let (details, retry_after) = (Some(error.to_string()), error.retry_after);
        Self { code, message: error.reason.clone(), details, kind, retry_after }
    }
}

impl From<StoreError> for ApplicationError {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for ApplicationError {
    fn from(error: &StoreError) -> Self {
        if !error.is_outage() {
            return RuntimeError::Unexpected(error.to_string()).into();
        }
        let what = match error {
            StoreError::Unavailable { .. } => "It cannot be reached.",
            StoreError::Damaged { .. } => "It is damaged.",
            StoreError::Locked { .. } | StoreError::LeaseLost { .. } => "Another process has taken it over.",
            StoreError::Closed => "The Connector is stopping.",
            _ => "It refuses to work: its disk may be full.",
        };
        Self {
            code: STORE_UNAVAILABLE.into(),
            message: format!(
                "The database of the Connector cannot be used now. {what} Whether the operation was carried out is \
                 unknown; try again when GET /health/ready says that the database is healthy."
            ),
            // The database's message is for operators.
            details: Some(error.to_string()),
            kind: ErrorKind::Store,
            retry_after: None,
        }
    }
}

/// Values in requests that are not valid ids, keys or passwords.
impl From<CoreError> for ApplicationError {
    fn from(error: CoreError) -> Self {
        RuntimeError::RequestDeserialization(error.to_string()).into()
    }
}

/// Content that does not have the form of its type.
impl From<ContentError> for ApplicationError {
    fn from(error: ContentError) -> Self {
        Self {
            code: error.kind.code().into(),
            message: error.to_string(),
            details: None,
            kind: ErrorKind::Invalid,
            retry_after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_error(code: &str, status: u16) -> RequestError {
        RequestError {
            code: code.to_owned(),
            reason: "Token not found.".to_owned(),
            method: "GET".to_owned(),
            path: "/Tokens/x".to_owned(),
            status,
            ..RequestError::default()
        }
    }

    #[test]
    fn backbone_errors() {
        for (code, status, expected_code, expected_kind) in [
            ("error.platform.recordNotFound", 404, "error.runtime.recordNotFound", ErrorKind::NotFound),
            ("error.platform.validation.x.y", 400, "error.platform.validation.x.y", ErrorKind::Invalid),
            ("error.platform.unexpected", 503, "error.platform.unexpected", ErrorKind::Backbone { status: 503 }),
            ("error.platform.forbidden", 403, "error.platform.forbidden", ErrorKind::Backbone { status: 403 }),
            (
                "error.transport.request.aborted",
                500,
                "error.transport.request.aborted",
                ErrorKind::Backbone { status: 500 },
            ),
        ] {
            let error = ApplicationError::from(TransportError::from(request_error(code, status)));
            assert_eq!((error.code(), error.kind()), (expected_code, expected_kind));
            assert_eq!(error.message(), "Token not found.");
        }
    }

    #[test]
    fn domain_errors_keep_their_code() {
        let error = ApplicationError::from(TransportError::PeerIsDeleted(vec!["a".to_owned()]));
        assert_eq!((error.code(), error.kind()), ("error.transport.messages.peerIsDeleted", ErrorKind::Invalid));
        let error =
            ApplicationError::from(TransportError::RecordNotFound { entity: "Relationship", id: "x".to_owned() });
        assert_eq!((error.code(), error.kind()), ("error.transport.recordNotFound", ErrorKind::NotFound));
        let error = ApplicationError::from(TransportError::from(CoreError::InvalidTruncatedReference("x")));
        assert_eq!((error.code(), error.kind()), ("error.core-types.invalidTruncatedReference", ErrorKind::Invalid));
        let error = ApplicationError::from(CoreError::InvalidDate);
        assert_eq!((error.code(), error.kind()), ("error.runtime.requestDeserialization", ErrorKind::Invalid));
        let error = ApplicationError::from(TransportError::from(StoreError::Database("disk is full".to_owned())));
        assert_eq!((error.code(), error.kind()), ("error.connector.storeUnavailable", ErrorKind::Store));
        assert!(
            !error.message().contains("disk is full") && error.details() == Some("the database reports: disk is full")
        );
        let error = ApplicationError::from(StoreError::InvalidQuery("odd".to_owned()));
        assert_eq!((error.code(), error.kind()), ("error.runtime.unknown", ErrorKind::Unexpected));
        let error = ApplicationError::from(TransportError::Invariant("odd".to_owned()));
        assert_eq!((error.code(), error.kind()), ("error.runtime.unknown", ErrorKind::Unexpected));
    }
}
