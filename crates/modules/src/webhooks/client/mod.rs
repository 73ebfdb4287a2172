//! The HTTP clients of the module, built in one place.

mod address_policy;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use network::{CertificateValidation, Trust, proxy::Proxies};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;

pub(super) use address_policy::check_literal;

use super::config::{PrivateAddresses, WebhooksConfig};
use address_policy::PublicAddresses;

/// Time limit for connecting. The limit for a request belongs to the target.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections without a request are kept as long as the existing Connector keeps them. Many servers close them soon
/// after, and a request that meets such a close fails.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The reason why no client could be built.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error("the HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Builds the clients that the targets need. Each has connections and trusted certificates of its own, so targets share
/// clients where possible.
#[derive(Debug)]
pub(super) struct Clients<'a> {
    config: &'a WebhooksConfig,
    made: BTreeMap<(bool, PrivateAddresses), reqwest::Client>,
}

impl<'a> Clients<'a> {
    pub(super) fn new(config: &'a WebhooksConfig) -> Self {
        Self { config, made: BTreeMap::new() }
    }

    /// The client for deliveries.
    pub(super) fn for_deliveries(&mut self, private: PrivateAddresses) -> Result<reqwest::Client, ClientError> {
        self.client(self.config.skip_tls_check, private)
    }

    /// The client for token requests, which always check certificates.
    pub(super) fn for_tokens(&mut self, private: PrivateAddresses) -> Result<reqwest::Client, ClientError> {
        self.client(false, private)
    }

    fn client(&mut self, skip_tls_check: bool, private: PrivateAddresses) -> Result<reqwest::Client, ClientError> {
        if let Some(client) = self.made.get(&(skip_tls_check, private)) {
            return Ok(client.clone());
        }
        let client = build(skip_tls_check, private, &self.config.trust)?;
        self.made.insert((skip_tls_check, private), client.clone());
        Ok(client)
    }
}

/// The headers are those that receivers of the existing Connector get. Redirects are not left to the client:
/// it would take credentials along.
fn build(skip_tls_check: bool, private: PrivateAddresses, trust: &Trust) -> Result<reqwest::Client, ClientError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/plain, */*"));
    // Answers are not interpreted, so nothing here has to decode them.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, compress, deflate, br"));
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("enmeshed-connector/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .http1_only()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT);
    if private == PrivateAddresses::Refuse {
        // A proxy would resolve the name again, and reach more than we do.
        builder = builder.no_proxy().dns_resolver(PublicAddresses);
    } else {
        builder = builder.proxy(Proxies::of_process().into_rule());
    }
    let validation = if skip_tls_check { CertificateValidation::None } else { CertificateValidation::Usual };
    Ok(builder.tls_backend_preconfigured(trust.client_config(validation, &["http/1.1"])?).build()?)
}
