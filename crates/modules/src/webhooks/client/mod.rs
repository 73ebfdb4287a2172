//! The HTTP clients of the module, made in one place.

mod address_policy;

use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;

pub(super) use address_policy::check_literal;

/// Time to connect, at most.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One client for targets, and one for the requests for tokens, which never leaves certificates unchecked.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) targets: reqwest::Client,
    pub(super) tokens: reqwest::Client,
}

impl Clients {
    /// `timeout` limits a whole request.
    pub(super) fn new(skip_tls_check: bool, timeout: Duration) -> Result<Self, reqwest::Error> {
        let tokens = build(false, timeout)?;
        Ok(Self { targets: if skip_tls_check { build(true, timeout)? } else { tokens.clone() }, tokens })
    }
}

/// Redirects are not followed: a delivery goes where the configuration says or nowhere. The headers are those that
/// receivers of the existing Connector get.
fn build(skip_tls_check: bool, timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain, */*"));
    // Answers are not read, so that nothing here needs to be able to decode them.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, compress, deflate, br"));
    reqwest::Client::builder()
        .user_agent(concat!("enmeshed-connector/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .http1_only()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .timeout(timeout)
        .tls_danger_accept_invalid_certs(skip_tls_check)
        .build()
}
