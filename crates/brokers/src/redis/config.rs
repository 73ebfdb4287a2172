//! Configuration of a Redis server.

use std::fmt;
use std::net::Ipv6Addr;

use network::Trust;
use redis::{ConnectionInfo, IntoConnectionInfo as _};
use serde_json::Value;
use settings::{Kind, Mistakes, Node, Section, Setting, Wrong};
use url::Url;

use crate::credentials::whole_credentials;
use crate::fingerprint::fingerprint;

/// The placeholder for the name of the event.
const PLACEHOLDER: &str = "{{trigger}}";

/// The server and the publishing options (`docs/protocol/07 §5.2`, type `Redis`).
#[derive(Clone)]
pub struct RedisConfig {
    /// With the credentials.
    pub(super) server: ConnectionInfo,
    endpoint: String,
    stream: Option<String>,
    pub(super) max_length: Option<u64>,
    pub(super) trust: Trust,
}

/// The `configuration` of a broker of type Redis.
pub const SETTINGS: Section = Section::new(&[
    Setting::new(
        "url",
        Kind::text(|text| server(text).map(drop)),
        "`redis://` or `rediss://` (TLS), user and password, host, port, number of the database",
    )
    .required("write a URL such as rediss://user:password@redis.example:6379/0")
    .secret(),
    Setting::new(
        "stream",
        Kind::TEXT,
        "adds events to the stream of this name instead of publishing them; `{{trigger}}` in it stands for the name of the event",
    )
    .nullable()
    .addition(),
    Setting::new("maxLength", Kind::Number(1, u32::MAX as u64), "how many entries a stream keeps, about")
        .nullable()
        .addition(),
]);

/// The server of a URL, with the credentials and without.
fn server(text: &str) -> Result<(ConnectionInfo, String), Wrong> {
    let invalid = || Wrong::new("must be a URL such as rediss://user:password@redis.example:6379/0");
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "redis" | "rediss"));
    let url = url.ok_or_else(invalid)?;
    whole_credentials(&url)?;
    if url.fragment().is_some() {
        return Err(Wrong::new("must have no fragment (#…): certificates are always checked"));
    }
    let server = url.clone().into_connection_info().map_err(|_| invalid())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(invalid)?;
    let number = server.redis_settings().db();
    let endpoint = format!("{}://{}:{}/{number}", url.scheme(), bracketed(host), url.port().unwrap_or(6379));
    Ok((server, endpoint))
}

impl RedisConfig {
    /// Reads the value at `key` that [`SETTINGS`] describes.
    ///
    /// # Errors
    /// All mistakes, without the values.
    pub fn parse(key: &str, configuration: &Value) -> Result<Self, Mistakes> {
        settings::read(key, &SETTINGS, configuration, Self::read)
    }

    /// Reads a value that was checked against [`SETTINGS`]; `None` if there are mistakes.
    #[must_use]
    pub fn read(node: &Node<'_>) -> Option<Self> {
        let stream = node.text("stream").map(str::to_owned);
        let max_length = node.number("maxLength");
        if max_length.is_some() && node.member("stream").is_none() {
            node.mistake_at("maxLength", Wrong::new("is of use only with stream").fix("name one"));
        }
        let (server, endpoint) = server(node.text("url")?).ok()?;
        Some(Self { server, endpoint, stream, max_length, trust: Trust::default() })
    }

    /// The same server, with certificates that are accepted by these rules.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The destination of events, without credentials.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match &self.stream {
            Some(stream) => format!("{} stream {stream}", self.endpoint),
            None => self.endpoint.clone(),
        }
    }

    /// Stays the same as long as events go to the same destination, whatever the login.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let place = self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, place)| place);
        match &self.stream {
            Some(stream) => fingerprint(&["Redis", place, "stream", stream]),
            None => fingerprint(&["Redis", place]),
        }
    }

    /// The stream for events of this name, if one is configured.
    pub(super) fn stream(&self, namespace: &str) -> Option<String> {
        self.stream.as_ref().map(|stream| stream.replace(PLACEHOLDER, namespace))
    }
}

fn bracketed(host: &str) -> String {
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::RedisConfig;

    const KEY: &str = "modules.messageBrokerPublisher.brokers[1].configuration";

    fn parse(configuration: &Value) -> Result<RedisConfig, String> {
        RedisConfig::parse(KEY, configuration).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_is_enough() {
        let config = parse(&json!({ "url": "redis://redis.example" })).unwrap();
        assert_eq!(config.endpoint(), "redis://redis.example:6379/0");
        assert_eq!(config.stream("transport.messageReceived"), None);
    }

    #[test]
    fn streams_may_be_named_after_events() {
        let config =
            json!({ "url": "rediss://user:secret@[::1]:1/3", "stream": "events:{{trigger}}", "maxLength": 10 });
        let config = parse(&config).unwrap();
        assert_eq!(config.endpoint(), "rediss://[::1]:1/3 stream events:{{trigger}}");
        assert_eq!(config.stream("a.b").unwrap(), "events:a.b");
        assert_eq!(config.max_length, Some(10));
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn the_fingerprint_is_about_the_place_alone() {
        let fingerprint = |configuration: Value| parse(&configuration).unwrap().fingerprint();
        let one = fingerprint(json!({ "url": "redis://user:one@host/" }));
        assert_eq!(one, fingerprint(json!({ "url": "rediss://other:two@host:6379/0" })));
        assert_ne!(one, fingerprint(json!({ "url": "redis://host/1" })));
        assert_ne!(one, fingerprint(json!({ "url": "redis://host", "stream": "s" })));
    }

    #[test]
    fn mistakes_name_the_key_and_never_the_value() {
        for configuration in [
            json!({}),
            json!({ "url": ["secret"] }),
            json!({ "url": "secret" }),
            json!({ "url": "http://:secret@host" }),
            json!({ "url": "redis://:secret@" }),
            json!({ "url": "redis://host/secret" }),
            json!({ "url": "redis://user:1?secret@host" }),
            json!({ "url": "rediss://:secret@host/#insecure" }),
        ] {
            let error = parse(&configuration).unwrap_err();
            assert!(error.starts_with(&format!("{KEY}.url ")), "{configuration}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let error = parse(&json!({ "url": "redis://host", "maxLength": 5 })).unwrap_err();
        assert_eq!(error, format!("{KEY}.maxLength is of use only with stream: name one."));
        assert!(parse(&json!({ "url": "redis://host", "stream": "s", "maxLength": 0 })).is_err());
        assert!(parse(&json!({ "url": "redis://host", "stream": "" })).is_err());
    }
}
