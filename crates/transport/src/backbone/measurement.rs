//! Metrics of calls to the Backbone (`docs/metrics.md`).

use std::time::Duration;

use backbone_api::paths;
use metrics::{counter, histogram};
use reqwest::Method;

use super::answer::Answer;
use super::call::Call;
use crate::request_error::{RequestError, codes};

/// Counts a call by its route and its outcome. Ids are not part of a route, so that the number of routes is fixed.
pub(super) fn note(call: &Call, outcome: &Result<Answer, Box<RequestError>>, duration: Duration) {
    let route = paths::template(&call.path).unwrap_or("unknown");
    let method = method(&call.method);
    histogram!("connector_backbone_request_duration_seconds", "method" => method, "route" => route)
        .record(duration.as_secs_f64());
    match outcome {
        Ok(answer) => {
            let status = answer.status.to_string();
            counter!("connector_backbone_requests_total", "method" => method, "route" => route, "status" => status)
        }
        Err(error) => {
            let reason = reason(error);
            counter!("connector_backbone_request_failures_total", "method" => method, "route" => route, "reason" => reason)
        }
    }
    .increment(1);
}

/// The reason why there was no answer.
fn reason(error: &RequestError) -> &'static str {
    match error.code.as_str() {
        codes::ABORTED => "timeout",
        codes::ADDRESS_NOT_FOUND => "address_not_found",
        _ if error.is_unsent => "connection_refused",
        _ => "other",
    }
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
