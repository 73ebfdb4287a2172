use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backbone_api::codes;
use backbone_api::quotas::MetricKey;
use core_types::Timestamp;

use crate::database;
use crate::error::BackboneError;

/// `Retry-After` of a 503.
const RETRY_LATER: Duration = Duration::from_secs(2);

/// A metric that is used up for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) metric: MetricKey,
    pub(crate) until: Timestamp,
}

/// A failed request (`docs/protocol/03 §1.8`).
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// 400 with a code.
    #[error("{message}")]
    Rule { code: &'static str, message: Cow<'static, str> },
    /// 404; the record's name stands in the message, which some clients read.
    #[error(
        "{0} not found. Make sure the ID exists and the record is not expired. \
         If a password is required to fetch the record, make sure you passed the correct one."
    )]
    NotFound(&'static str),
    /// 404 for a deletion process to be cancelled, which has a message of its own.
    #[error("IdentityDeletionProcess not found")]
    DeletionProcessNotFound,
    /// 401 without body.
    #[error("not authenticated")]
    Unauthorized,
    /// 403.
    #[error("You are not allowed to perform this action.")]
    Forbidden,
    /// 429.
    #[error("You are not allowed to perform this action because one or more quotas have been exhausted.")]
    QuotaExhausted(Vec<Exhausted>),
    /// 429: too much of what is limited against floods and guessing.
    #[error("Too many requests of this kind. Try again in {} seconds.", .retry_after.as_secs().max(1))]
    TooManyRequests { retry_after: Duration },
    /// 408.
    #[error("The request body did not arrive in time.")]
    TooSlow,
    /// 503: more is going on than the machine can bear.
    #[error("The Backbone is busy. Try again later.")]
    Overloaded,
    /// 503 or 500.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// 500.
    #[error("{0} failed")]
    Internal(&'static str),
}

impl ApiError {
    pub(crate) fn rule(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Rule { code, message: message.into() }
    }

    /// A field rule is broken.
    pub(crate) fn invalid_property(message: impl Into<Cow<'static, str>>) -> Self {
        Self::rule(codes::INVALID_PROPERTY_VALUE, message)
    }

    /// Body or query have an unexpected shape.
    pub(crate) fn cannot_parse(message: impl Into<Cow<'static, str>>) -> Self {
        Self::rule(codes::INPUT_CANNOT_BE_PARSED, message)
    }

    /// The cause outside of the program, if that is one.
    pub(crate) fn obstacle(&self) -> Option<&'static str> {
        match self {
            Self::Database(error) => database::obstacle(error),
            _ => None,
        }
    }

    /// The text for clients when the failure is ours: no more than helps them.
    pub(super) fn text_for_clients(&self) -> String {
        self.obstacle().map_or_else(
            || "An unexpected error occurred.".to_owned(),
            |obstacle| format!("The Backbone can not answer at present: {obstacle}."),
        )
    }

    /// The time after which a retry makes sense.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyRequests { retry_after } => Some(*retry_after),
            _ => (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_LATER),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Rule { .. } => StatusCode::BAD_REQUEST,
            Self::NotFound(_) | Self::DeletionProcessNotFound => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::QuotaExhausted(_) | Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) if self.obstacle().is_some() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Rule { code, .. } => code,
            Self::NotFound(_) | Self::DeletionProcessNotFound => codes::RECORD_NOT_FOUND,
            Self::Unauthorized => codes::UNAUTHORIZED,
            Self::Forbidden => codes::FORBIDDEN,
            Self::QuotaExhausted(_) => codes::QUOTA_EXHAUSTED,
            Self::TooManyRequests { .. } => codes::TOO_MANY_REQUESTS,
            Self::TooSlow | Self::Overloaded | Self::Database(_) | Self::Internal(_) => codes::UNEXPECTED,
        }
    }
}

/// A failure of maintenance.
impl From<ApiError> for BackboneError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Database(error) => error.into(),
            error => Self::Maintenance(error.to_string()),
        }
    }
}

/// The head of the answer. [`ErrorBodies`](super::ErrorBodies) adds the body on the way out, as it contains an id and
/// a time.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if matches!(self, Self::Unauthorized) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
        if let Some(wait) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

/// The error that an answer reports.
#[derive(Debug, Clone)]
pub(crate) struct Failure(pub(crate) Arc<ApiError>);
