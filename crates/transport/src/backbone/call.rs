//! Calls, before their caller is known.

use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;

use crate::{
    error::{Result, TransportError},
    request_error::RequestError,
};

/// One call, before its caller is known. Can be sent more than once.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: CallBody,
    pub(super) synchronisation: bool,
    /// Value of `If-None-Match`.
    pub(super) known_etag: Option<String>,
}

#[derive(Clone)]
pub(super) enum CallBody {
    None,
    Json(Bytes),
    Form(Vec<(&'static str, String)>),
    Upload { content: Bytes, fields: Vec<(&'static str, String)> },
}

impl std::fmt::Debug for CallBody {
    // Bodies hold passwords and the key material of challenges: only their kind is printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Json(_) => "Json(…)",
            Self::Form(_) => "Form(…)",
            Self::Upload { .. } => "Upload(…)",
        })
    }
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(crate) fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: &impl Serialize) -> Result<Self> {
        Self::new(Method::POST, path).json(body)
    }

    pub(crate) fn put(path: impl Into<String>, body: &impl Serialize) -> Result<Self> {
        Self::new(Method::PUT, path).json(body)
    }

    pub(super) fn form(path: impl Into<String>, fields: Vec<(&'static str, String)>) -> Self {
        Self { body: CallBody::Form(fields), ..Self::new(Method::POST, path) }
    }

    pub(crate) fn upload(path: impl Into<String>, content: Bytes, fields: Vec<(&'static str, String)>) -> Self {
        Self { body: CallBody::Upload { content, fields }, ..Self::new(Method::POST, path) }
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| TransportError::invariant(format!("a request body cannot be written: {error}")))?;
        self.body = CallBody::Json(bytes.into());
        Ok(self)
    }

    /// Adds a query parameter; `None` adds nothing.
    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Marks a call of the synchronisation, which announces the supported version of the datawallet.
    pub(crate) fn synchronisation(self) -> Self {
        Self { synchronisation: true, ..self }
    }

    /// Asks for an answer only if its ETag differs from this one.
    pub(crate) fn unless(self, known_etag: Option<String>) -> Self {
        Self { known_etag, ..self }
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: CallBody::None,
            synchronisation: false,
            known_etag: None,
        }
    }

    /// The error of this call if no error body of the Backbone says more.
    pub(super) fn error(&self, code: &str, status: u16, reason: impl Into<String>) -> Box<RequestError> {
        Box::new(RequestError {
            code: code.to_owned(),
            reason: reason.into(),
            method: self.method.to_string(),
            path: self.path.clone(),
            status,
            ..RequestError::default()
        })
    }
}
