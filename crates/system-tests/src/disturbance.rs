//! Faults between a Connector and its Backbone.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Response};

/// A sample error page of a gateway.
const HTML: &str = "<html><body><h1>Something is wrong</h1></body></html>";

/// The fate of a disturbed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It never arrives; this status is the answer.
    Refused(u16),
    /// It is carried out, but this status is the answer.
    AnswerReplaced(u16),
    /// It never arrives; the answer is a page that says that everything is fine.
    Page,
    /// It is carried out, and the connection breaks before the answer has arrived.
    Cut,
    /// It never arrives, and the connection breaks.
    Lost,
    /// It is carried out with this delay.
    Late(Duration),
}

/// A fault, and the requests that are subject to it.
#[derive(Debug, Clone, Copy)]
pub struct Disturbance {
    /// The fault.
    pub trouble: Trouble,
    /// Only requests with this method, if one is set.
    pub method: Option<&'static Method>,
    /// Only requests whose path contains this.
    pub path_part: &'static str,
    /// One in this many of these.
    pub one_of: u32,
}

impl Disturbance {
    /// Disturbs every request.
    #[must_use]
    pub const fn of_everything(trouble: Trouble) -> Self {
        Self { trouble, method: None, path_part: "", one_of: 1 }
    }

    /// Disturbs every `GET` of a path.
    #[must_use]
    pub const fn of_reading(path_part: &'static str, trouble: Trouble) -> Self {
        Self { trouble, method: Some(&Method::GET), path_part, one_of: 1 }
    }

    pub(crate) fn is_about(&self, method: &Method, path: &str) -> bool {
        self.method.is_none_or(|expected| expected == method) && path.contains(self.path_part)
    }
}

/// The answer of a server in front of the real one.
pub(crate) fn page(status: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(HTML.as_bytes())));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/html"));
    response
}
