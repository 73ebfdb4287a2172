//! The HTTP client: builds requests, sends them, and turns failures of the network into errors.

use std::{error::Error, sync::Arc, time::Instant};

use backbone_api::headers;
use bytes::{Bytes, BytesMut};
use core_types::Timestamp;
use network::{CertificateValidation, proxy::Proxies};
use reqwest::{
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH},
    redirect,
};

use super::{
    answer::Answer,
    call::{Call, CallBody},
    measurement,
    network_error::network_error,
    server_time::ServerTime,
};
use crate::{
    config::{SUPPORTED_DATAWALLET_VERSION, TransportConfig},
    correlation,
    error::{Result, TransportError},
    request_error::{RequestError, codes},
};

/// Larger answers are not read to the end: far above every file and page, and below what would exhaust the memory.
const MAX_ANSWER: usize = 128 * 1024 * 1024;

/// The connection to one Backbone, without an identity of its own.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    http: reqwest::Client,
    base_url: String,
    debug: bool,
    time: Arc<ServerTime>,
}

impl HttpClient {
    /// The only place where an HTTP client is built: time limit, additional headers, trusted certificates and
    /// connection pool follow the configuration; proxies follow the process environment. Certificates are always
    /// validated. Redirects are never followed: their destination would get tokens, passwords and the client secret.
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        let agent = config.agent_options();
        let unusable =
            |error: &dyn Error| TransportError::invariant(format!("the HTTP client cannot be built: {error}"));
        let tls = config.trust.client_config(CertificateValidation::Usual, &["h2", "http/1.1"]);
        let http = reqwest::Client::builder()
            .timeout(config.timeout())
            .redirect(redirect::Policy::none())
            .proxy(Proxies::of_process().into_rule())
            .tls_backend_preconfigured(tls.map_err(|error| unusable(&error))?)
            .default_headers(default_headers(config)?)
            .pool_max_idle_per_host(if agent.keep_alive { agent.max_free_sockets } else { 0 })
            .user_agent(concat!("connector/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unusable(&error))?;
        Ok(Self {
            http,
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            debug: config.debug,
            time: Arc::default(),
        })
    }

    /// The latest time that the Backbone has reported.
    pub(crate) fn latest_time(&self) -> Option<Timestamp> {
        self.time.latest()
    }

    /// The same client for another base URL.
    pub(super) fn at(&self, base_url: &str) -> Self {
        Self { base_url: base_url.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    /// Sends a request as it is.
    pub(super) async fn execute(&self, request: reqwest::Request) -> reqwest::Result<reqwest::Response> {
        self.http.execute(request).await
    }

    /// Sends the call; any status is an answer.
    pub(crate) async fn send(&self, call: &Call, bearer: Option<&str>) -> Result<Answer, Box<RequestError>> {
        let started = Instant::now();
        let outcome = self.exchange(call, bearer, started).await;
        measurement::note(call, &outcome, started.elapsed());
        outcome
    }

    async fn exchange(&self, call: &Call, bearer: Option<&str>, started: Instant) -> Result<Answer, Box<RequestError>> {
        let request = self.request(call, bearer)?;
        let response = self.http.execute(request).await.map_err(|error| network_error(call, &error))?;
        let (status, response_headers) = (response.status().as_u16(), response.headers().clone());
        self.time.note(&response_headers);
        let body = read_body(call, response).await?;
        tracing::trace!(method = %call.method, path = call.path, status, "call to the Backbone answered");
        if self.debug {
            let server_ms =
                response_headers.get(headers::RESPONSE_DURATION_MS).and_then(|value| value.to_str().ok()).unwrap_or("");
            let total_ms = started.elapsed().as_millis();
            tracing::debug!(method = %call.method, path = call.path, status, total_ms, server_ms, "duration of a call");
        }
        Ok(Answer { status, headers: response_headers, body })
    }

    pub(super) fn request(&self, call: &Call, bearer: Option<&str>) -> Result<reqwest::Request, Box<RequestError>> {
        let url = format!("{}{}", self.base_url, call.path);
        let mut request = self.http.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if call.synchronisation {
            request = request.header(headers::SUPPORTED_DATAWALLET_VERSION, SUPPORTED_DATAWALLET_VERSION);
        }
        if let Some(etag) = &call.known_etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(value) = correlation::current().and_then(|id| HeaderValue::try_from(id).ok()) {
            request = request.header(headers::CORRELATION_ID, value);
        }
        request = match &call.body {
            CallBody::None => request,
            CallBody::Json(bytes) => request.header(CONTENT_TYPE, "application/json").body(bytes.clone()),
            CallBody::Form(fields) => request.form(fields),
            CallBody::Upload { content, fields } => request.multipart(upload_form(content, fields)),
        };
        let mut request = request.build().map_err(|error| call.error(codes::UNKNOWN, 500, error.to_string()))?;
        if let Some(token) = bearer {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|_| call.error(codes::NO_AUTH_POSSIBLE, 500, "the access token is no header value"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }
}

fn default_headers(config: &TransportConfig) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain, */*"));
    for (name, value) in &config.platform_additional_headers {
        let invalid = || TransportError::invariant(format!("the additional header '{name}' is not valid"));
        headers.insert(
            HeaderName::try_from(name).map_err(|_| invalid())?,
            HeaderValue::try_from(value).map_err(|_| invalid())?,
        );
    }
    Ok(headers)
}

fn upload_form(content: &Bytes, fields: &[(&'static str, String)]) -> reqwest::multipart::Form {
    let length = content.len() as u64;
    let file = reqwest::multipart::Part::stream_with_length(content.clone(), length).file_name("cipher.bin");
    let file = match file.mime_str("application/octet-stream") {
        Ok(file) => file,
        // The type is a constant that parses; without it the part is still understood.
        Err(_) => reqwest::multipart::Part::stream_with_length(content.clone(), length).file_name("cipher.bin"),
    };
    fields.iter().fold(reqwest::multipart::Form::new().part("content", file), |form, (name, value)| {
        form.text(*name, value.clone())
    })
}

/// The whole body, decompressed, within [`MAX_ANSWER`].
async fn read_body(call: &Call, mut response: reqwest::Response) -> Result<Bytes, Box<RequestError>> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| network_error(call, &error))? {
        if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
            return Err(call.error(codes::RESULT_UNDEFINED, 500, "the answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
