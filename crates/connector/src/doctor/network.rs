//! Names and connections, nothing beyond.

use std::net::IpAddr;

use tokio::net::{TcpStream, lookup_host};
use url::Url;

use super::in_time;

/// Where a connection goes first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    /// The variable that named it, if it is a proxy.
    pub(super) proxy: Option<&'static str>,
}

/// Why there is no connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// The name means nothing.
    Unknown(String),
    /// Nobody answers.
    Silent(String),
}

/// Where requests to a web address go first: to its host, or to the proxy that the environment names for it.
pub(super) fn endpoint(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Option<Endpoint> {
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let direct = Endpoint { host, port: url.port_or_known_default()?, proxy: None };
    let names: &[&'static str] = match url.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        "http" => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
        _ => &[],
    };
    let named = |name: &&'static str| Some((*name, variable(name).filter(|value| !value.is_empty())?));
    let Some((name, proxy)) = names.iter().find_map(named) else { return Some(direct) };
    let exceptions = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    if is_exception(&direct.host, &exceptions) {
        return Some(direct);
    }
    let proxy = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    let proxy = Url::parse(&proxy).ok()?;
    let host = proxy.host_str()?.trim_matches(['[', ']']).to_owned();
    Some(Endpoint { host, port: proxy.port_or_known_default().unwrap_or(1080), proxy: Some(name) })
}

/// Whether `NO_PROXY` names the host: itself, a domain above it, or everything.
fn is_exception(host: &str, exceptions: &str) -> bool {
    exceptions.split(',').map(str::trim).any(|exception| {
        let domain = exception.trim_start_matches("*.").trim_start_matches('.');
        let below = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        exception == "*" || (!domain.is_empty() && (host.eq_ignore_ascii_case(domain) || below()))
    })
}

/// The addresses of a name.
async fn resolve(host: &str, port: u16) -> Result<Vec<IpAddr>, Unreachable> {
    let unknown = |reason: String| Unreachable::Unknown(format!("the name {host} cannot be resolved: {reason}"));
    match in_time(lookup_host((host, port))).await {
        Ok(Ok(addresses)) => {
            let mut addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
            addresses.dedup();
            if addresses.is_empty() { Err(unknown("it has no address".to_owned())) } else { Ok(addresses) }
        }
        Ok(Err(error)) => Err(unknown(error.to_string())),
        Err(reason) => Err(unknown(reason)),
    }
}

/// Connects and hangs up.
pub(super) async fn connect(host: &str, port: u16) -> Result<Vec<IpAddr>, Unreachable> {
    let addresses = resolve(host, port).await?;
    let targets: Vec<_> = addresses.iter().map(|address| (*address, port).into()).collect();
    let silent = |reason: String| Unreachable::Silent(format!("no connection to {host}:{port}: {reason}"));
    match in_time(TcpStream::connect(targets.as_slice())).await {
        Ok(Ok(_)) => Ok(addresses),
        Ok(Err(error)) => Err(silent(error.to_string())),
        Err(reason) => Err(silent(reason)),
    }
}

/// Addresses as a message has them.
pub(super) fn listed(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Endpoint, endpoint};

    fn of(url: &str, environment: &[(&str, &str)]) -> (String, u16, Option<&'static str>) {
        let variable =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let Endpoint { host, port, proxy } = endpoint(&url.parse().unwrap(), variable).unwrap();
        (host, port, proxy)
    }

    #[test]
    fn proxies_are_those_of_the_environment() {
        let proxied = [("HTTPS_PROXY", "http://user:pw@proxy:3128"), ("NO_PROXY", "localhost,.internal")];
        assert_eq!(of("https://b.example", &proxied), ("proxy".to_owned(), 3128, Some("HTTPS_PROXY")));
        assert_eq!(of("http://b.example", &proxied), ("b.example".to_owned(), 80, None));
        assert_eq!(of("https://localhost:1", &proxied), ("localhost".to_owned(), 1, None));
        assert_eq!(of("https://b.internal", &proxied), ("b.internal".to_owned(), 443, None));
        assert_eq!(of("https://binternal", &proxied), ("proxy".to_owned(), 3128, Some("HTTPS_PROXY")));
        assert_eq!(of("https://b", &[("https_proxy", "p:1"), ("no_proxy", "*")]), ("b".to_owned(), 443, None));
        assert_eq!(of("http://[::1]:5/x", &[]), ("::1".to_owned(), 5, None));
    }
}
