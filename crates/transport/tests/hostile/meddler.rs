//! A proxy between the accounts and their Backbone that changes answers.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

/// An answer of the Backbone, before and after it is changed.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The same answer with this body.
    pub(crate) fn with(self, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..self }
    }
}

/// Gets `METHOD path` and the answer.
type Meddle = Box<dyn FnMut(&str, Answer) -> Answer + Send>;
/// Answers in place of the Backbone.
type Replace = Box<dyn Fn(&str) -> Option<Response> + Send>;

/// The current manipulation of answers.
#[derive(Clone, Default)]
pub(crate) struct Meddler {
    meddle: Arc<Mutex<Option<Meddle>>>,
    replace: Arc<Mutex<Option<Replace>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Meddler {
    /// Changes answers from now on.
    pub(crate) fn meddle(&self, meddle: impl FnMut(&str, Answer) -> Answer + Send + 'static) {
        *self.meddle.lock().unwrap() = Some(Box::new(meddle));
    }

    /// Answers in place of the Backbone from now on, where `replace` has an answer.
    pub(crate) fn replace(&self, replace: impl Fn(&str) -> Option<Response> + Send + 'static) {
        *self.replace.lock().unwrap() = Some(Box::new(replace));
    }

    /// Passes on the Backbone's answers unchanged again.
    pub(crate) fn be_honest(&self) {
        *self.meddle.lock().unwrap() = None;
        *self.replace.lock().unwrap() = None;
    }

    /// `METHOD path` of all requests since the last call.
    pub(crate) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

pub(crate) async fn pass(State(meddler): State<Meddler>, request: Request, next: Next) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    meddler.requests.lock().unwrap().push(what.clone());
    let replaced = meddler.replace.lock().unwrap().as_ref().and_then(|replace| replace(&what));
    if let Some(replaced) = replaced {
        return replaced;
    }
    let (parts, body) = next.run(request).await.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().into();
    let mut answer = Answer { status: parts.status, headers: parts.headers, body };
    if let Some(meddle) = meddler.meddle.lock().unwrap().as_mut() {
        answer = meddle(&what, answer);
    }
    answer.headers.remove(header::CONTENT_LENGTH);
    (answer.status, answer.headers, Body::from(answer.body)).into_response()
}
