//! Names and connections, nothing beyond.

use std::net::IpAddr;

use ::network::proxy::Proxies;
use tokio::net::{TcpStream, lookup_host};
use url::Url;

use super::in_time;

/// The first hop of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    /// The variable that named it, if it is a proxy.
    pub(super) proxy: Option<&'static str>,
}

/// The reason why there is no connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// The name cannot be resolved.
    Unknown(String),
    /// There is no answer.
    Silent(String),
}

/// The first hop of requests to a web address: its host, or the proxy that the environment names for it.
pub(super) fn endpoint(url: &Url, proxies: &Proxies) -> Option<Endpoint> {
    let host = |url: &Url| Some(url.host_str()?.trim_matches(['[', ']']).to_owned());
    match proxies.proxy_for(url) {
        None => Some(Endpoint { host: host(url)?, port: url.port_or_known_default()?, proxy: None }),
        Some(proxy) => Some(Endpoint {
            host: host(&proxy.url)?,
            port: proxy.url.port_or_known_default().unwrap_or(1080),
            proxy: Some(proxy.variable),
        }),
    }
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

/// Connects and disconnects.
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

/// Addresses formatted for a message.
pub(super) fn listed(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Endpoint, Proxies, endpoint};

    fn of(url: &str, environment: &[(&str, &str)]) -> (String, u16, Option<&'static str>) {
        let proxies = Proxies::of(|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let Endpoint { host, port, proxy } = endpoint(&url.parse().unwrap(), &proxies).unwrap();
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
