//! The error of a call to the Backbone.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// Codes that the client itself assigns, because no Backbone error body says more (`docs/protocol/02 §4.2`).
pub mod codes {
    /// No access token could be obtained: the Backbone is unreachable or refuses the OAuth client.
    pub const NO_AUTH_POSSIBLE: &str = "error.transport.request.noAuthPossible";
    /// The Backbone refuses the credentials of the device.
    pub const NO_AUTH_GRANT: &str = "error.transport.request.noAuthGrant";
    /// The call failed without an answer, for another reason than the ones below.
    pub const UNKNOWN: &str = "error.transport.request.unknown";
    /// The call took longer than `platformTimeout`.
    pub const ABORTED: &str = "error.transport.request.aborted";
    /// The host name of the Backbone could not be resolved.
    pub const ADDRESS_NOT_FOUND: &str = "error.transport.request.addressNotFound";
    /// Status 404 without an error body.
    pub const NOT_FOUND: &str = "error.transport.request.notFound";
    /// Another client error without an error body.
    pub const BAD_REQUEST: &str = "error.transport.request.badRequest";
    /// An answer without a usable `result`.
    pub const RESULT_UNDEFINED: &str = "error.transport.request.resultUndefined";
    /// The call may or may not have been carried out: the answer blames the caller, but does not come from the
    /// Backbone.
    pub const OUTCOME_UNKNOWN: &str = "error.transport.request.outcomeUnknown";
    /// Status 401.
    pub const UNAUTHORIZED: &str = "error.platform.unauthorized";
    /// Status 403.
    pub const FORBIDDEN: &str = "error.platform.forbidden";
    /// Any other status; its body is not read.
    pub const UNEXPECTED: &str = "error.platform.unexpected";
}

/// A failed call to the Backbone: the call, and the answer of the Backbone (or the network).
///
/// Source: `docs/protocol/02 §3.3`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestError {
    /// The Backbone's code, or one of [`codes`].
    pub code: String,
    /// The Backbone's message, or the reason why the call failed.
    pub reason: String,
    /// HTTP method.
    pub method: String,
    /// Path below the base URL, without query (which may hold passwords).
    pub path: String,
    /// HTTP status; 500 where there was no answer.
    pub status: u16,
    /// The Backbone's link to a documentation of the error.
    pub request_id: Option<String>,
    /// The Backbone's time stamp of the error.
    pub time: Option<String>,
    /// The Backbone's id of the error.
    pub error_id: Option<String>,
    /// The Backbone's details of the error.
    pub details: Option<Value>,
    /// The Backbone's trace id of the call.
    pub trace_id: Option<String>,
    /// True if the call was never sent: no connection, or no access token to send it with.
    pub is_unsent: bool,
    /// Status of the answer, if there was one; unlike `status` never made up.
    pub answered_with: Option<u16>,
    /// True if TLS is the reason for the missing connection: the certificate is not accepted, or the other side does
    /// not speak TLS.
    pub is_tls_failure: bool,
    /// The pause that the Backbone asks for.
    pub retry_after: Option<Duration>,
}

impl RequestError {
    /// Returns true if the same call may succeed later without any change: the cause was the network, the availability
    /// of the Backbone or its rate limit, not the request.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.code.as_str() {
            codes::NO_AUTH_POSSIBLE
            | codes::UNKNOWN
            | codes::ABORTED
            | codes::ADDRESS_NOT_FOUND
            | codes::UNAUTHORIZED => true,
            codes::UNEXPECTED => matches!(self.status, 408 | 425 | 429 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// Returns true if the same call may succeed at some time without any change. Only a statement of the Backbone
    /// itself that the object does not exist, or not for this Identity, is final.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let is_of_backbone = self.code.starts_with("error.platform.");
        let is_refusal = matches!(self.status, 400..=499) && self.code != codes::UNEXPECTED;
        !(is_of_backbone && is_refusal) || self.is_transient() || self.code == codes::FORBIDDEN
    }

    /// The error of a call that may have been carried out all the same. A gateway in front of the Backbone that blames
    /// the caller ("not found") does not prove that nothing has happened.
    #[must_use]
    pub(crate) fn with_unknown_outcome(mut self) -> Self {
        if !self.is_without_effect() && matches!(self.status, 400..=499) {
            self.reason = format!("it is not known whether this was carried out: {}", self.reason);
            self.code = codes::OUTCOME_UNKNOWN.to_owned();
            self.status = 502;
        }
        self
    }

    /// It is not known yet whether an earlier call with the same purpose was carried out.
    pub(crate) fn earlier_outcome_unknown(method: &str, path: &str) -> Self {
        Self {
            code: codes::OUTCOME_UNKNOWN.to_owned(),
            reason: "it is not known yet whether an earlier call was carried out".to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            status: 502,
            ..Self::default()
        }
    }

    /// Returns true if the call certainly had no effect: it was never sent, or the Backbone itself refused it. After
    /// any other failure the Backbone may have carried it out: a gateway can say "not found" when it has lost the
    /// answer.
    #[must_use]
    pub fn is_without_effect(&self) -> bool {
        let is_of_backbone = self.code.starts_with("error.platform.") && self.code != codes::UNEXPECTED;
        self.is_unsent || (is_of_backbone && matches!(self.status, 400..=499))
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A status that no server has answered with would be misleading.
        let has_no_answer = [codes::UNKNOWN, codes::ABORTED, codes::ADDRESS_NOT_FOUND].contains(&self.code.as_str());
        match self.status {
            500 if has_no_answer => write!(f, "{} (no answer)", self.code)?,
            status => write!(f, "{} ({status})", self.code)?,
        }
        write!(f, ": '{}' {} {}", self.reason, self.method, self.path)?;
        if let Some(time) = &self.time {
            write!(f, " at {time}")?;
        }
        if let Some(trace_id) = &self.trace_id {
            write!(f, " with trace id {trace_id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RequestError {}
