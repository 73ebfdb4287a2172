//! The meaning of an answer.

use std::time::{Duration, SystemTime};

use delivery::DeliveryError;
use network::retry_after;
use reqwest::{Response, StatusCode};

/// The maximum that is read of the body of an answer. It has no meaning; but a connection can only be reused when the
/// answer was read to its end.
const MAX_DISCARDED: usize = 16 * 1024;
/// The time limit for that.
const DISCARD_TIMEOUT: Duration = Duration::from_millis(500);

/// Reads the body of an answer to its end if it is short.
pub(super) async fn discard_body(mut response: Response) {
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, async {
        let mut length = 0;
        // Errors do not matter here: the status has said everything.
        while let Ok(Some(chunk)) = response.chunk().await {
            length += chunk.len();
            if length > MAX_DISCARDED {
                break;
            }
        }
    })
    .await;
}

/// `Ok` for a status from 200 to 299.
pub(super) fn judge(status: StatusCode) -> Result<(), DeliveryError> {
    if status.is_success() {
        return Ok(());
    }
    let reason = format!("the target answered with status {}", status.as_u16());
    Err(match status {
        // These concern the target or this program, not the message.
        StatusCode::UNAUTHORIZED
        | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => DeliveryError::Unreachable(reason),
        _ => DeliveryError::Refused(reason),
    })
}

/// The pause that the server asks for, with a status that allows one.
pub(in crate::webhooks) fn asked_pause(response: &Response) -> Option<Duration> {
    if !matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    retry_after::read(response.headers(), SystemTime::now())
}
