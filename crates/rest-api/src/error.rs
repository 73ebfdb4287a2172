//! The errors of the HTTP interface, and the one table of their statuses.
//!
//! A handler or middleware returns an [`ApiError`]; it is passed on as a response extension until
//! [`crate::middleware::errors`] writes the envelope (`docs/protocol/06 §3`), because the mode (production or debug) is
//! only known there.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use runtime::{ApplicationError, ErrorKind};

/// All errors that are reported in the error envelope.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("The given payload is not a valid json object.")]
    InvalidJson,
    #[error("The given payload is nested deeper than {} levels of arrays and objects.", foreign_json::MAX_DEPTH)]
    TooDeeplyNested,
    #[error("The given payload could not be read.")]
    UnreadablePayload,
    #[error("The given payload is not a valid multipart form: {0}")]
    InvalidMultipart(String),
    #[error("The path of the request is not valid.")]
    InvalidPath,
    #[error("The request is not valid HTTP: {reason}.")]
    MalformedRequest { reason: &'static str },
    #[error("The request line and the headers exceed the limit of {limit} bytes or 100 headers.")]
    HeadersTooLarge { limit: usize },
    #[error("The request line and the headers did not arrive in time.")]
    HeadTooSlow,
    #[error("The version of HTTP is not supported: HTTP/1.1 is.")]
    VersionNotSupported,
    #[error("The given payload exceeds the limit of {limit} bytes.")]
    PayloadTooLarge { limit: usize },
    #[error("The given payload did not arrive in time.")]
    PayloadTooSlow,
    #[error("The content encoding or charset of the given payload is not supported.")]
    UnsupportedPayloadEncoding,
    #[error("Unauthorized.")]
    Unauthorized,
    #[error("Too many unauthorized requests. Try again later.")]
    TooManyUnauthorizedRequests { retry_after_seconds: u64 },
    #[error("You are not allowed to access this endpoint.")]
    Forbidden,
    #[error("The requested route does not exist.")]
    RouteDoesNotExist,
    #[error("The request method is not supported for the requested resource.")]
    MethodNotAllowed,
    #[error(
        "The requested resource is capable of generating only content not acceptable according to the Accept headers sent in the request."
    )]
    NotAcceptable,
    #[error("Too many requests are being processed. Try again later.")]
    Overloaded,
    #[error(
        "As many event streams are open as infrastructure.httpServer.eventStream.maxStreams allows. Try again later."
    )]
    TooManyEventStreams,
    #[error("The Connector starts. Try again later.")]
    Starting,
    #[error(
        "The Connector has no Identity yet, because its Backbone cannot be used: GET /health/ready says why. Try again later."
    )]
    WaitingForBackbone,
    #[error("The request could not be processed in time.")]
    Timeout,
    #[error("An unexpected error occurred.")]
    Unexpected { details: String },
    #[error("{}", .0.message())]
    Application(ApplicationError),
}

impl ApiError {
    /// An error whose cause is for the log (and for debug mode), not for the client.
    pub(crate) fn unexpected(details: impl Into<String>) -> Self {
        Self::Unexpected { details: details.into() }
    }

    /// The status table of `docs/protocol/06 §3.2`, with the decided corrections: a Backbone's validation error is the
    /// caller's fault (400), and unreadable input is never a 500.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::InvalidJson
            | Self::TooDeeplyNested
            | Self::UnreadablePayload
            | Self::InvalidMultipart(_)
            | Self::InvalidPath
            | Self::MalformedRequest { .. } => StatusCode::BAD_REQUEST,
            Self::HeadersTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::VersionNotSupported => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::PayloadTooSlow | Self::HeadTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedPayloadEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooManyUnauthorizedRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::RouteDoesNotExist => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Overloaded | Self::TooManyEventStreams | Self::Starting | Self::WaitingForBackbone => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Unexpected { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Application(error) => application_status(error),
        }
    }

    /// The stable code of the envelope.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::InvalidJson => "error.connector.validation.invalidJsonInPayload",
            Self::TooDeeplyNested => "error.connector.validation.payloadNestedTooDeeply",
            Self::UnreadablePayload => "error.connector.validation.unreadablePayload",
            Self::InvalidMultipart(_) => "error.connector.validation.invalidMultipartPayload",
            Self::InvalidPath => "error.connector.validation.invalidPath",
            Self::MalformedRequest { .. } => "error.connector.http.malformedRequest",
            Self::HeadersTooLarge { .. } => "error.connector.http.headersTooLarge",
            Self::HeadTooSlow => "error.connector.http.requestTooSlow",
            Self::VersionNotSupported => "error.connector.http.versionNotSupported",
            Self::PayloadTooLarge { .. } => "error.connector.validation.payloadTooLarge",
            Self::PayloadTooSlow => "error.connector.validation.payloadTooSlow",
            Self::UnsupportedPayloadEncoding => "error.connector.validation.unsupportedPayloadEncoding",
            Self::Unauthorized => "error.connector.unauthorized",
            Self::TooManyUnauthorizedRequests { .. } => "error.connector.tooManyUnauthorizedRequests",
            Self::Forbidden => "error.connector.forbidden",
            Self::RouteDoesNotExist => "error.connector.http.routeDoesNotExist",
            Self::MethodNotAllowed => "error.connector.http.methodNotAllowed",
            Self::NotAcceptable => "error.connector.http.notAcceptable",
            Self::Overloaded => "error.connector.overloaded",
            Self::TooManyEventStreams => "error.delivery.tooManyEventStreams",
            Self::Starting | Self::WaitingForBackbone => "error.connector.waitingForBackbone",
            Self::Timeout => "error.connector.timeout",
            Self::Unexpected { .. } => "error.connector.unexpected",
            Self::Application(error) => error.code(),
        }
    }

    /// Text for debug mode: only Backbone and unexpected errors have one (`docs/protocol/06 §3.1`).
    pub(crate) fn details(&self) -> Option<&str> {
        match self {
            Self::Unexpected { details } => Some(details),
            Self::Application(error) => match error.kind() {
                ErrorKind::Backbone { .. } | ErrorKind::Store => error.details(),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<ApplicationError> for ApiError {
    fn from(error: ApplicationError) -> Self {
        // The message of an internal failure is not meant for the caller.
        if error.kind() == ErrorKind::Unexpected {
            return Self::unexpected(error.to_string());
        }
        Self::Application(error)
    }
}

fn application_status(error: &ApplicationError) -> StatusCode {
    match error.kind() {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        // A status that is not an error would make a failure look like a success.
        ErrorKind::Backbone { status } => StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        ErrorKind::Store => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let retry_after = match &self {
            Self::TooManyUnauthorizedRequests { retry_after_seconds } => Some(*retry_after_seconds),
            // A pause that the Backbone asks for is passed on to the client that caused the call.
            Self::Application(error) => error.retry_after().map(|pause| pause.as_secs()),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, axum::http::HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
