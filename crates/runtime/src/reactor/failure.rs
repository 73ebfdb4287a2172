//! Classifies the failure of a reaction for the retry decision.

use delivery::DeliveryError;
use transport::{RequestError, request_error_codes as codes};

use crate::error::{ApplicationError, ErrorKind};

/// Failures that would affect every other reaction as well.
const OUTAGES: [&str; 6] = [
    codes::NO_AUTH_POSSIBLE,
    codes::NO_AUTH_GRANT,
    codes::UNKNOWN,
    codes::ABORTED,
    codes::ADDRESS_NOT_FOUND,
    codes::UNAUTHORIZED,
];

/// A proxy answers in place of the Backbone, and would do so for other calls as well.
const PAGES: [&str; 2] = [codes::NOT_FOUND, codes::BAD_REQUEST];

/// The peer has not fetched earlier Messages, which does not concern other peers and ends when it does so.
const PEER_IS_AWAY: &str = "error.platform.validation.message.maxNumberOfUnreceivedMessagesReached";

/// The failure in terms of the delivery engine.
pub(super) fn delivery_error(error: &ApplicationError) -> DeliveryError {
    let text = format!("{}: {}", error.code(), error.message());
    match error.kind() {
        _ if error.code() == PEER_IS_AWAY => DeliveryError::Unroutable(text),
        ErrorKind::Invalid | ErrorKind::NotFound => DeliveryError::Permanent(text),
        ErrorKind::Backbone { status } => of_backbone(error.code(), status, text),
        ErrorKind::Store => DeliveryError::Unreachable(text),
        ErrorKind::Unexpected => DeliveryError::Refused(text),
    }
}

fn of_backbone(code: &str, status: u16, text: String) -> DeliveryError {
    match status {
        _ if OUTAGES.contains(&code) || PAGES.contains(&code) => DeliveryError::Unreachable(text),
        429 | 502..=504 => DeliveryError::Unreachable(text),
        // The Backbone's own verdict, as interpreted by the inbox.
        _ if !(RequestError { code: code.to_owned(), status, ..RequestError::default() }.may_pass()) => {
            DeliveryError::Permanent(text)
        }
        _ => DeliveryError::Refused(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_away_is_waited_for() {
        let error = RequestError { code: PEER_IS_AWAY.to_owned(), status: 400, ..RequestError::default() };
        assert!(matches!(delivery_error(&ApplicationError::from(&error)), DeliveryError::Unroutable(_)));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        use DeliveryError::{Permanent, Refused, Unreachable};
        for (code, status, expected) in [
            ("error.transport.request.unknown", 500, Unreachable as fn(String) -> DeliveryError),
            ("error.transport.request.noAuthPossible", 401, Unreachable),
            ("error.platform.unexpected", 503, Unreachable),
            ("error.platform.quotaExhausted", 429, Unreachable),
            ("error.platform.unexpected", 500, Refused),
            ("error.platform.unexpected", 408, Refused),
            ("error.platform.unexpected", 405, Refused),
            // A proxy may answer so, as well as the Backbone.
            ("error.platform.forbidden", 403, Refused),
            ("error.platform.validation.relationship.notPending", 400, Permanent),
            // Pages of a proxy, not the Backbone's own answers.
            ("error.transport.request.notFound", 404, Unreachable),
            ("error.transport.request.badRequest", 400, Unreachable),
        ] {
            assert_eq!(of_backbone(code, status, String::new()), expected(String::new()), "{code} {status}");
        }
    }
}
