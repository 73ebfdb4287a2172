//! Configuration of an AMQP broker.

use std::fmt;
use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};
use network::Trust;
use serde_json::Value;
use settings::{Kind, Mistakes, Node, Section, Setting, Text, Wrong};
use url::{Host, Url};

use crate::credentials::whole_credentials;
use crate::fingerprint::fingerprint;

/// The maximum length of names in the protocol, in bytes.
const MAX_NAME: usize = 255;

/// The connection and the publishing options (`docs/protocol/07 §5.2`, type `AMQP`).
#[derive(Clone)]
pub struct AmqpConfig {
    /// With the credentials.
    pub(super) uri: AMQPUri,
    /// In the form of the name service and the certificate: without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) exchange: String,
    pub(super) timeout: Duration,
    pub(super) mandatory: bool,
    pub(super) trust: Trust,
}

/// The `configuration` of a broker of type AMQP.
pub const SETTINGS: Section = Section::new(&[
    Setting::new(
        "url",
        Kind::text(|text| url(text).map(drop)),
        "`amqp://` or `amqps://`, user and password, host, port, virtual host",
    )
    .required("write a URL such as amqps://user:password@broker.example:5671/virtual-host")
    .secret(),
    Setting::new(
        "exchange",
        Kind::Text(Text { may_be_empty: true, rule: Some(name) }),
        "name of the exchange; `\"\"` is the default exchange, which takes an event to the queue named like it",
    )
    .default("\"\"")
    .nullable(),
    Setting::new("timeout", Kind::Number(1, 600_000), "limit of connecting, and again of logging in, in milliseconds")
        .default("2000")
        .nullable(),
    Setting::new("mandatory", Kind::Boolean, "whether an event that no queue takes waits until one does")
        .default("false")
        .nullable()
        .addition(),
]);

/// The parsed URL, and the host in the form of the name service.
fn url(text: &str) -> Result<(AMQPUri, String), Wrong> {
    let invalid = || Wrong::new("must be a URL such as amqps://user:password@broker.example:5671/virtual-host");
    let url = Url::parse(text).map_err(|_| invalid())?;
    whole_credentials(&url)?;
    let mut uri: AMQPUri = text.parse().map_err(|_| invalid())?;
    let host = match url.host().ok_or_else(invalid)? {
        Host::Ipv6(address) => address.to_string(),
        Host::Ipv4(_) | Host::Domain(_) if uri.authority.host.is_empty() => return Err(invalid()),
        Host::Ipv4(_) | Host::Domain(_) => uri.authority.host.clone(),
    };
    // The existing Connector's library interprets a path of `/` as the default virtual host.
    if uri.vhost.is_empty() {
        "/".clone_into(&mut uri.vhost);
    }
    if uri.vhost.len() > MAX_NAME {
        return Err(Wrong::new("must have a virtual host of at most 255 bytes"));
    }
    Ok((uri, host))
}

fn name(text: &str) -> Result<(), Wrong> {
    if text.len() > MAX_NAME { Err(Wrong::new("must be at most 255 bytes")) } else { Ok(()) }
}

impl AmqpConfig {
    /// Reads the value at `key` that [`SETTINGS`] describes.
    ///
    /// # Errors
    /// All mistakes, without the values.
    pub fn parse(key: &str, configuration: &Value) -> Result<Self, Mistakes> {
        settings::read(key, &SETTINGS, configuration, Self::read)
    }

    /// Reads a value that was checked against [`SETTINGS`]; `None` if it has mistakes.
    #[must_use]
    pub fn read(node: &Node<'_>) -> Option<Self> {
        let (uri, host) = url(node.text("url")?).ok()?;
        Some(Self {
            uri,
            host,
            exchange: node.text("exchange").unwrap_or_default().to_owned(),
            timeout: Duration::from_millis(node.number("timeout").unwrap_or(2000)),
            mandatory: node.boolean("mandatory").unwrap_or(false),
            trust: Trust::default(),
        })
    }

    /// The same broker, with certificates that are accepted by these rules.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The destination of events, without credentials.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let scheme = match self.uri.scheme {
            AMQPScheme::AMQP => "amqp",
            AMQPScheme::AMQPS => "amqps",
        };
        let exchange = if self.exchange.is_empty() { "the default exchange" } else { &self.exchange };
        format!("{scheme}://{} {} {exchange}", self.address(), self.uri.vhost)
    }

    /// Stays the same as long as events go to the same exchange, whatever the login.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&["AMQP", &self.address(), &self.uri.vhost, &self.exchange])
    }

    fn address(&self) -> String {
        let port = self.uri.authority.port;
        if self.host.contains(':') { format!("[{}]:{port}", self.host) } else { format!("{}:{port}", self.host) }
    }
}

impl fmt::Debug for AmqpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpConfig").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::AmqpConfig;

    const KEY: &str = "modules.messageBrokerPublisher.brokers[0].configuration";

    fn parse(configuration: &Value) -> Result<AmqpConfig, String> {
        AmqpConfig::parse(KEY, configuration).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_as_in_the_existing_connector() {
        let config = parse(&json!({ "url": "amqp://broker" })).unwrap();
        assert_eq!(config.endpoint(), "amqp://broker:5672 / the default exchange");
        assert_eq!(config.timeout, Duration::from_secs(2));
        assert!(!config.mandatory);
        let credentials = &config.uri.authority.userinfo;
        assert_eq!((credentials.username.as_str(), credentials.password.as_str()), ("guest", "guest"));
        assert_eq!(parse(&json!({ "url": "amqp://broker/" })).unwrap().uri.vhost, "/");
    }

    #[test]
    fn every_part_of_a_url_counts_and_no_secret_is_shown() {
        let url = "amqps://us%40er:s%3Acret@[::1]:5999/a%2Fb?heartbeat=10";
        let config = parse(&json!({ "url": url, "exchange": "events", "timeout": 5, "mandatory": true })).unwrap();
        assert_eq!(config.endpoint(), "amqps://[::1]:5999 a/b events");
        assert_eq!(config.host, "::1");
        assert_eq!(config.uri.authority.userinfo.username, "us@er");
        assert_eq!(config.uri.authority.userinfo.password, "s:cret");
        assert_eq!(config.uri.query.heartbeat, Some(10));
        assert!(!format!("{config:?}").contains("cret"));
    }

    #[test]
    fn the_fingerprint_is_about_the_place_alone() {
        let fingerprint =
            |url: &str, exchange: &str| parse(&json!({ "url": url, "exchange": exchange })).unwrap().fingerprint();
        let one = fingerprint("amqp://user:one@broker/", "events");
        assert_eq!(one, fingerprint("amqp://other:two@broker:5672?heartbeat=3", "events"));
        assert_ne!(one, fingerprint("amqp://user:one@broker/", ""));
        assert_ne!(one, fingerprint("amqp://user:one@broker/other", "events"));
    }

    #[test]
    fn mistakes_name_the_key_and_never_the_value() {
        for configuration in [
            json!({}),
            json!({ "url": 5 }),
            json!({ "url": "" }),
            json!({ "url": "secret" }),
            json!({ "url": "http://user:secret@broker" }),
            json!({ "url": "amqp:secret" }),
            json!({ "url": "amqp://:secret@" }),
            json!({ "url": "amqp://broker?heartbeat=secret" }),
            json!({ "url": "amqp://user:1/secret@broker" }),
            json!({ "url": "amqp://user:1?secret@broker" }),
            json!({ "url": format!("amqp://broker/secret{}", "x".repeat(250)) }),
        ] {
            let error = parse(&configuration).unwrap_err();
            assert!(error.starts_with(&format!("{KEY}.url ")), "{configuration}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let error = parse(&json!({ "url": "amqp://broker", "timeout": 0 })).unwrap_err();
        assert_eq!(error, format!("{KEY}.timeout must be a whole number from 1 to 600000."));
        assert!(parse(&json!({ "url": "amqp://broker", "exchange": "x".repeat(256) })).is_err());
        assert!(parse(&json!({ "url": "amqp://broker", "exchange": ["secret"] })).is_err());
    }
}
