use std::sync::Arc;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use backbone_api::{ErrorBody, ErrorObject};
use core_types::{Clock, Randomness, random};
use serde_json::{Value, json};

use super::api_error::{ApiError, Exhausted, Failure};
use super::content_type::JSON;

const ID_ALPHABET: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ123456789";
const ID_RANDOM_CHARACTERS: usize = 17;

/// Writes the bodies of answers that report an error (`docs/protocol/03 §1.8`).
#[derive(Debug, Clone)]
pub(crate) struct ErrorBodies {
    clock: Arc<dyn Clock>,
    randomness: Randomness,
}

impl ErrorBodies {
    pub(crate) fn new(clock: Arc<dyn Clock>, randomness: Randomness) -> Self {
        Self { clock, randomness }
    }

    /// The answer with its body; any other answer as it is.
    pub(crate) fn complete(&self, mut response: Response) -> Response {
        let Some(Failure(error)) = response.extensions().get().cloned() else { return response };
        let body = ErrorBody { error: self.object(&error) };
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        *response.body_mut() = Json(body).into_response().into_body();
        response
    }

    fn object(&self, error: &ApiError) -> ErrorObject {
        let id = format!("ERR{}", random::string(&mut self.randomness.clone(), ID_RANDOM_CHARACTERS, ID_ALPHABET));
        ErrorObject {
            message: message(error, &id),
            id,
            code: error.code().to_owned(),
            docs: String::new(),
            time: Some(self.clock.now()),
            data: data(error),
            details: None,
        }
    }
}

/// The message for the client. Of our own failures, the log has the details.
fn message(error: &ApiError, id: &str) -> String {
    if !matches!(error, ApiError::Database(_) | ApiError::Internal(_)) {
        return error.to_string();
    }
    match error.obstacle() {
        // Logged once for all requests with this cause, see `health`.
        Some(_) => tracing::debug!(error.id = %id, %error, "request failed"),
        None => tracing::error!(error.id = %id, %error, "request failed unexpectedly"),
    }
    error.text_for_clients()
}

fn data(error: &ApiError) -> Option<Value> {
    let ApiError::QuotaExhausted(exhausted) = error else { return None };
    let metrics = exhausted.iter();
    Some(metrics.map(|Exhausted { metric, until }| json!({"metricKey": metric, "isExhaustedUntil": until})).collect())
}
