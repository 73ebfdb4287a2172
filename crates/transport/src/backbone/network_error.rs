//! Calls without an answer.

use std::error::Error;

use super::call::Call;
use crate::request_error::{RequestError, codes};

/// The error of a call without an answer (`docs/protocol/02 §3.3`).
pub(super) fn network_error(call: &Call, error: &reqwest::Error) -> Box<RequestError> {
    let code = if error.is_timeout() {
        codes::ABORTED
    } else if error.is_connect() && is_resolution_failure(error) {
        codes::ADDRESS_NOT_FOUND
    } else {
        codes::UNKNOWN
    };
    // The chain of causes, without the URL: its query may hold the hash of a password.
    let mut reason = String::new();
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        if !reason.is_empty() {
            reason.push_str(": ");
        }
        reason.push_str(&error.to_string());
        cause = error.source();
    }
    let (is_unsent, is_tls_failure) = (error.is_connect(), is_tls_failure(error));
    Box::new(RequestError { is_unsent, is_tls_failure, ..*call.error(code, 500, reason) })
}

/// Returns true if the TLS handshake failed, or the certificate is not accepted.
fn is_tls_failure(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if is_of_tls(error) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Connections wrap TLS errors in network errors, which do not name them as their source.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|wrapped| is_of_tls(wrapped))
}

fn is_resolution_failure(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        // The HTTP connector has no type for this; its text is the only sign.
        if error.to_string().starts_with("dns error") {
            return true;
        }
        cause = error.source();
    }
    false
}
