//! The proxy of a call, by the environment variables that other programs read as well.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

/// The variables that name the proxy for a scheme; the first one that is set counts.
const HTTPS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const HTTP: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Set by web servers for CGI programs, where `HTTP_PROXY` is a header of the caller.
const CGI: &str = "REQUEST_METHOD";

/// A proxy and the variable that names it. The URL may hold credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its address.
    pub url: Url,
    /// Name of the environment variable.
    pub variable: &'static str,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Proxy").field(&self.variable).finish()
    }
}

/// The proxies of an environment, and the exceptions.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exceptions: Vec<Exception>,
}

impl Proxies {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// Those of an environment.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let [http, https] = named(&variable).map(|named| named.and_then(Result::ok));
        let exceptions = exceptions(&variable).map(|(_, list)| list).unwrap_or_default();
        Self { http, https, exceptions: entries(&exceptions).filter_map(Exception::parse).collect() }
    }

    /// The proxy for an address.
    #[must_use]
    pub fn proxy_for(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme() {
            "http" | "ws" => self.http.as_ref(),
            "https" | "wss" => self.https.as_ref(),
            _ => None,
        }?;
        let host = url.host_str()?.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let port = url.port_or_known_default();
        (!self.exceptions.iter().any(|exception| exception.covers(&host, port))).then_some(proxy)
    }

    /// The same as a rule for HTTP clients; it replaces all rules of their own.
    #[must_use]
    pub fn into_rule(self) -> reqwest::Proxy {
        reqwest::Proxy::custom(move |url| self.proxy_for(url).map(|proxy| proxy.url.clone()))
    }
}

/// A variable that names a proxy in a form that calls cannot use. Its value may hold credentials.
struct Unusable {
    variable: &'static str,
    reason: String,
}

/// The proxies that an environment names for the two schemes.
fn named(variable: &impl Fn(&str) -> Option<String>) -> [Option<Result<Proxy, Unusable>>; 2] {
    // A caller must not choose the proxy of a CGI program.
    let http = if set(variable, CGI).is_some() { &HTTP[1..] } else { &HTTP[..] };
    [http, &HTTPS[..]].map(|names| {
        let (variable, value) = names.iter().find_map(|name| Some((*name, set(variable, name)?)))?;
        let proxy = parse(value.trim()).map(|url| Proxy { url, variable });
        Some(proxy.map_err(|reason| Unusable { variable, reason }))
    })
}

fn parse(value: &str) -> Result<Url, String> {
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    let url = url.map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "http" | "https" => Err("it has no host".to_owned()),
        scheme => Err(format!("only proxies at http:// and https:// can be, not at {scheme}://")),
    }
}

fn exceptions(variable: &impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    EXCEPTIONS.iter().find_map(|name| Some((*name, set(variable, name)?)))
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t', '\n']).filter(|entry| !entry.is_empty())
}

fn set(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    variable(name).filter(|value| !value.trim().is_empty())
}

/// Variables that name no usable proxy, so that calls would take an unintended route.
pub(crate) fn problems(variable: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    let unusable = named(variable).into_iter().flatten().filter_map(Result::err);
    let problem = |Unusable { variable, reason }: Unusable| {
        format!(
            "The environment variable {variable} names no proxy that can be used: {reason}. Write its address, as in \
             http://proxy.example.com:3128, or remove the variable."
        )
    };
    // One variable can count for both schemes.
    unusable.map(problem).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Invalid exceptions.
pub(crate) fn notices(variable: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    let Some((variable, list)) = exceptions(variable) else { return Vec::new() };
    let wrong = entries(&list).filter(|entry| Exception::parse(entry).is_none());
    wrong
        .map(|entry| {
            format!(
                "The environment variable {variable} names {entry:?}, which is no host, address or network: it has no effect."
            )
        })
        .collect()
}

/// One entry of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    what: What,
    /// Only this port, if one is given.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Everything,
    Network(IpNet),
    /// The name itself and all its subdomains.
    Domain(String),
    /// Every name with this ending: `*example.com` matches `anexample.com` as well.
    Suffix(String),
}

impl Exception {
    /// `*`, `example.com`, `.example.com`, `*.example.com`, `*example.com`, `10.0.0.1`, `10.0.0.0/8`, `::1`, `[::1]`,
    /// and, except for networks, each with `:port`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if let Some(network) = network(text) {
            return Some(Self { what: What::Network(network), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() => (host, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        if let Some(network) = network(host) {
            return Some(Self { what: What::Network(network), port });
        }
        if host.contains('/') {
            return None;
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let what = match (host.as_str(), host.strip_prefix('*')) {
            ("*", _) => What::Everything,
            (_, Some(suffix)) => match suffix.strip_prefix('.') {
                Some(domain) => What::Domain(domain.to_owned()),
                None => What::Suffix(suffix.to_owned()),
            },
            (domain, None) => What::Domain(domain.trim_start_matches('.').to_owned()),
        };
        Some(Self { what, port })
    }

    fn covers(&self, host: &str, port: Option<u16>) -> bool {
        if self.port.is_some() && self.port != port {
            return false;
        }
        match &self.what {
            What::Everything => true,
            What::Network(network) => host.parse::<IpAddr>().is_ok_and(|address| network.contains(&address)),
            What::Domain(domain) => {
                host == domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
            What::Suffix(suffix) => host.ends_with(suffix.as_str()),
        }
    }
}

/// An address, with or without brackets, or a network.
fn network(text: &str) -> Option<IpNet> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpNet>().ok().or_else(|| bare.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::Proxies;

    fn proxies(environment: &[(&str, &str)]) -> Proxies {
        Proxies::of(|name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn proxy(environment: &[(&str, &str)], url: &str) -> Option<(String, &'static str)> {
        let proxies = proxies(environment);
        let proxy = proxies.proxy_for(&url.parse().unwrap())?;
        Some((proxy.url.to_string(), proxy.variable))
    }

    #[test]
    fn the_scheme_chooses_the_proxy() {
        let both = [("HTTP_PROXY", "plain:3128"), ("https_proxy", "http://user:pw@secure:3129")];
        assert_eq!(proxy(&both, "http://a"), Some(("http://plain:3128/".to_owned(), "HTTP_PROXY")));
        assert_eq!(proxy(&both, "https://a"), Some(("http://user:pw@secure:3129/".to_owned(), "https_proxy")));
        assert_eq!(proxy(&both, "amqp://a"), None);
        assert_eq!(proxy(&[("ALL_PROXY", "http://all")], "https://a").unwrap().1, "ALL_PROXY");
        assert_eq!(proxy(&[("HTTP_PROXY", " ")], "http://a"), None);
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://attacker"), ("http_proxy", "http://own")];
        assert_eq!(proxy(&cgi, "http://a").unwrap().1, "http_proxy");
        assert!(!format!("{:?}", proxies(&both)).contains("pw"));
    }

    #[test]
    fn exceptions_are_understood_in_all_their_forms() {
        for (exceptions, url, is_direct) in [
            ("localhost:24005", "http://localhost:24005/x", true),
            ("localhost:24005", "http://localhost:24006", false),
            ("localhost:80", "http://localhost", true),
            ("localhost:443", "http://localhost", false),
            ("localhost", "http://LOCALHOST:1", true),
            ("*", "http://anything", true),
            ("*:8080", "http://anything:8080", true),
            ("*:8080", "http://anything", false),
            ("example.com", "http://example.com", true),
            ("example.com", "http://sub.example.com", true),
            ("example.com", "http://anexample.com", false),
            (".example.com", "http://sub.example.com", true),
            (".example.com", "http://example.com", true),
            (".example.com:81", "http://sub.example.com:81", true),
            ("*.example.com", "http://a.b.example.com", true),
            ("*.example.com:81", "http://a.example.com:82", false),
            ("*example.com", "http://anexample.com", true),
            ("example.com", "http://example.com.", true),
            ("10.0.0.0/8", "http://10.1.2.3:99", true),
            ("10.0.0.0/8", "http://11.1.2.3", false),
            ("10.1.2.3", "http://10.1.2.3", true),
            ("10.1.2.3:80", "http://10.1.2.3", true),
            ("10.1.2.3:81", "http://10.1.2.3", false),
            ("::1", "http://[::1]:5", true),
            ("[::1]", "http://[::1]:5", true),
            ("[::1]:5", "http://[::1]:5", true),
            ("[::1]:6", "http://[::1]:5", false),
            ("fd00::/8", "http://[fd12::1]", true),
            ("a, b  c,,d", "http://c", true),
            ("a:b", "http://a", false),
            ("", "http://a", false),
        ] {
            let environment = [("HTTP_PROXY", "http://proxy"), ("NO_PROXY", exceptions)];
            assert_eq!(proxy(&environment, url).is_none(), is_direct, "{exceptions:?} {url}");
        }
        let small = [("http_proxy", "http://proxy"), ("no_proxy", "a")];
        assert_eq!(proxy(&small, "http://a"), None);
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_named_without_its_value() {
        let of = |environment: &[(&str, &str)]| {
            let variable =
                |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            (super::problems(&variable), super::notices(&variable))
        };
        for value in ["::bad", "http://user:pw@proxy:port", "socks5://user:pw@proxy", "http://", "a b"] {
            let (problems, _) = of(&[("HTTP_PROXY", value), ("https_proxy", "proxy:3128")]);
            assert_eq!(problems.len(), 1, "{value}");
            assert!(problems[0].contains("HTTP_PROXY") && !problems[0].contains("pw"), "{problems:?}");
            assert_eq!(of(&[("ALL_PROXY", value)]).0.len(), 1, "{value}");
        }
        let fine =
            [("HTTP_PROXY", "proxy:3128"), ("ALL_PROXY", "https://[::1]:3128/"), ("NO_PROXY", "*, a:80 10.0.0.0/8")];
        assert_eq!(of(&fine), (Vec::new(), Vec::new()));
        // An overridden variable does not matter.
        assert!(of(&[("HTTP_PROXY", "proxy"), ("https_proxy", "proxy"), ("ALL_PROXY", "::bad")]).0.is_empty());
        let (_, notices) = of(&[("no_proxy", "http://a, a:b, fine, 10.0.0.0/99")]);
        assert_eq!(notices.len(), 3, "{notices:?}");
        assert!(notices[1].contains("no_proxy names \"a:b\""), "{notices:?}");
    }

    proptest! {
        #[test]
        fn any_list_of_exceptions_can_be_asked(list in "\\PC{0,40}") {
            let environment = [("HTTP_PROXY", "http://proxy"), ("NO_PROXY", list.as_str())];
            let _ = proxies(&environment).proxy_for(&"http://a.example:80".parse().unwrap());
        }
    }
}
