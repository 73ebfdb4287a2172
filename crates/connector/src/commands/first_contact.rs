//! The first contact of a Connector without an Identity with the Backbone: it waits for as long as that may help.

use std::time::Duration;

use anyhow::bail;
use network::proxy::{Proxies, Proxy};
use rest_api::Wait;
use tokio::sync::watch;
use tokio::time::timeout;
use transport::{BackboneCompatibility, RequestError, TransportConfig, TransportError, request_error_codes as codes};
use url::Url;

use crate::notify;

/// The time limit for one answer.
const LIMIT: Duration = Duration::from_secs(10);
/// Each pause between attempts is twice as long as the previous one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A mistake of the Backbone must not delay a start for longer.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_mins(15);

/// Waits until a compatible Backbone answers. `wait` receives the reason for waiting.
///
/// # Errors
/// Failures that waiting cannot cure: TLS, a redirect, a proxy that asks for a login, a server that is not a Backbone,
/// a Backbone of another version.
pub(crate) async fn established(config: &TransportConfig, wait: &watch::Sender<Wait>) -> anyhow::Result<()> {
    let mut own_pause = FIRST_PAUSE;
    loop {
        let (unreachable, asked) = match timeout(LIMIT, transport::backbone_compatibility(config)).await {
            Ok(Ok(backbone)) => return check_version(config, &backbone),
            Ok(Err(error)) if !may_pass(&error) => bail!(hopeless(config, &error)),
            Ok(Err(error)) => (error.to_string(), error.as_request_error().and_then(|error| error.retry_after)),
            Err(_) => (format!("no answer within {} s", LIMIT.as_secs()), None),
        };
        let pause = pause(own_pause, asked);
        waits(config, &unreachable, pause, wait);
        tokio::time::sleep(pause).await;
        own_pause = (own_pause * 2).min(LONGEST_PAUSE);
    }
}

/// The pause that the Backbone asks for, within limits.
pub(crate) fn pause(own: Duration, asked: Option<Duration>) -> Duration {
    asked.map_or(own, |asked| asked.clamp(FIRST_PAUSE, LONGEST_ASKED_PAUSE))
}

/// Reports the reason for waiting once, and again when it changes.
pub(crate) fn waits(config: &TransportConfig, because: &str, pause: Duration, wait: &watch::Sender<Wait>) {
    let text = format!(
        "No Identity can be created yet, because {} does not answer: {because}. This is tried again until it works.",
        place(config)
    );
    notify::waiting(&text, pause);
    let waits = Wait::ForBackbone(text.clone());
    let is_news = wait.send_if_modified(|known| {
        let is_news = *known != waits;
        *known = waits;
        is_news
    });
    if is_news {
        tracing::warn!("{text}");
    }
    if pause > LONGEST_PAUSE {
        tracing::info!("It asks to be left alone for {} s.", pause.as_secs());
    }
}

/// A Backbone of another major version would be misunderstood.
///
/// # Errors
/// Both versions.
pub(crate) fn check_version(config: &TransportConfig, backbone: &BackboneCompatibility) -> anyhow::Result<()> {
    if !backbone.is_compatible {
        bail!(
            "The Backbone at {} has version {}, but this program speaks with versions {} to {}.",
            config.base_url,
            backbone.backbone_version,
            backbone.supported_min_backbone_version,
            backbone.supported_max_backbone_version,
        );
    }
    Ok(())
}

/// The address, the setting that contains it, and the proxy on the way.
pub(crate) fn place(config: &TransportConfig) -> String {
    let proxy = proxy(config).map_or_else(String::new, |proxy| format!(", through {}", in_words(&proxy)));
    format!("the Backbone at {} (transportLibrary.baseUrl){proxy}", config.base_url)
}

fn proxy(config: &TransportConfig) -> Option<Proxy> {
    let url = Url::parse(&config.base_url).ok()?;
    Proxies::of_process().proxy_for(&url).cloned()
}

/// Without the credentials that its address may contain.
fn in_words(proxy: &Proxy) -> String {
    let host = proxy.url.host_str().unwrap_or_default();
    let port = proxy.url.port_or_known_default().map_or_else(String::new, |port| format!(":{port}"));
    format!("the proxy {host}{port} (environment variable {})", proxy.variable)
}

/// The finding that the proxy on the way asks for a login, with advice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProxyLogin {
    pub(crate) problem: String,
    pub(crate) fix: String,
}

impl std::fmt::Display for ProxyLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}. {}", self.problem, self.fix)
    }
}

/// `None` if the call failed for another reason.
pub(crate) fn proxy_login(config: &TransportConfig, error: &TransportError) -> Option<ProxyLogin> {
    if !asks_for_login(error.as_request_error()?) {
        return None;
    }
    Some(login(&proxy(config)?))
}

/// A proxy answers the call itself, or, if it would be a tunnel for TLS, refuses to become one.
fn asks_for_login(error: &RequestError) -> bool {
    // The client has no type for the latter; the text is the only indication.
    error.answered_with == Some(407)
        || error.answered_with.is_none() && error.reason.contains("proxy authorization required")
}

fn login(proxy: &Proxy) -> ProxyLogin {
    let has_login = !proxy.url.username().is_empty();
    let refuses = if has_login { "refuses the login in its address" } else { "asks for a login" };
    ProxyLogin {
        problem: format!("{} {refuses}", in_words(proxy)),
        fix: format!(
            "Write user name and password into {}, as in http://USER:PASSWORD@HOST:PORT, with special characters \
             percent-encoded (the proxy must take the scheme Basic), or name the host of transportLibrary.baseUrl in NO_PROXY if it \
             needs no proxy.",
            proxy.variable
        ),
    }
}

/// Returns true if waiting may help: the Backbone is down, or a server in front of it says so.
fn may_pass(error: &TransportError) -> bool {
    let Some(error) = error.as_request_error() else { return false };
    if error.is_tls_failure || asks_for_login(error) {
        return false;
    }
    match error.answered_with {
        None => true,
        Some(status) => matches!(status, 408 | 425 | 429 | 500..),
    }
}

fn hopeless(config: &TransportConfig, error: &TransportError) -> String {
    if let Some(ProxyLogin { problem, fix }) = proxy_login(config, error) {
        return format!("No Identity can be created, because {problem}: {} is not reached.\n{fix}", place(config));
    }
    let fix = match error.as_request_error() {
        Some(RequestError { is_tls_failure: true, .. }) => {
            "Does that port speak TLS? If its certificate is issued by an authority of your own, name the file with the \
             authority's certificate in trustedCertificateAuthorities (or in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS); if it is \
             pinned, check pinnedTLSCertificateSHA256Fingerprints."
        }
        Some(error) if error.code == codes::UNEXPECTED && (300..400).contains(&error.status) => {
            "Write the address it redirects to as transportLibrary.baseUrl, if that is the Backbone."
        }
        _ => {
            "Is that the address of a Backbone, and nothing else? Correct transportLibrary.baseUrl: it is the address before \
             /api/v2."
        }
    };
    format!("No Identity can be created, because {} does not answer as one: {error}\n{fix}", place(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_waiting_cures_is_told_from_what_may_pass() {
        let failed = |answered_with, is_tls_failure| {
            let error = RequestError { answered_with, is_tls_failure, ..RequestError::default() };
            may_pass(&TransportError::from(error))
        };
        for status in [500, 502, 503, 504, 521, 408, 425, 429] {
            assert!(failed(Some(status), false), "{status}");
        }
        for status in [200, 204, 301, 308, 400, 401, 403, 404, 405, 410] {
            assert!(!failed(Some(status), false), "{status}");
        }
        assert!(failed(None, false));
        assert!(!failed(None, true));
        assert!(!may_pass(&TransportError::BaseUrlNotSet));
    }

    #[test]
    fn a_proxy_that_asks_for_a_login_is_told_with_what_to_do() {
        let answered = RequestError { answered_with: Some(407), ..RequestError::default() };
        let reason = "client error (Connect): tunnel error: proxy authorization required".to_owned();
        let refused = RequestError { reason, ..RequestError::default() };
        for error in [answered, refused] {
            assert!(asks_for_login(&error) && !may_pass(&TransportError::from(error)));
        }
        for (url, what) in [
            ("http://proxy:3128", "the proxy proxy:3128 (environment variable HTTP_PROXY) asks for a login"),
            (
                "http://u:pw@proxy:3128",
                "the proxy proxy:3128 (environment variable HTTP_PROXY) refuses the login in its address",
            ),
        ] {
            let proxy = Url::parse(url).map(|url| login(&Proxy { url, variable: "HTTP_PROXY" }));
            assert_eq!(proxy.as_ref().map(|login| login.problem.as_str()), Ok(what));
            assert!(proxy.is_ok_and(|login| !login.to_string().contains("pw@")));
        }
    }

    #[test]
    fn the_backbone_is_left_alone_for_as_long_as_it_asks_within_reason() {
        let asked = |seconds| pause(Duration::from_secs(4), Some(Duration::from_secs(seconds)));
        assert_eq!(pause(Duration::from_secs(4), None), Duration::from_secs(4));
        assert_eq!(asked(120), Duration::from_secs(120));
        assert_eq!(asked(0), FIRST_PAUSE);
        assert_eq!(asked(u64::MAX), Duration::from_mins(15));
    }
}
