//! Configuration of an MQTT broker (`docs/protocol/07 §5.2`).

use std::fmt;
use std::time::Duration;

use delivery::shown_path;
use network::Trust;
use percent_encoding::percent_decode_str;
use rumqttc::QoS;
use secrecy::SecretString;
use serde_json::Value;
use settings::{Kind, Mistakes, Node, Preset, Section, Setting, Wrong};
use url::Url;

use crate::credentials::whole_credentials;
use crate::fingerprint::fingerprint;

/// The transport of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Tcp,
    Tls,
    Ws,
    Wss,
}

impl Scheme {
    fn of(name: &str) -> Option<Self> {
        match name {
            "mqtt" | "tcp" => Some(Self::Tcp),
            "mqtts" | "tls" | "ssl" => Some(Self::Tls),
            "ws" => Some(Self::Ws),
            "wss" => Some(Self::Wss),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tcp => "mqtt",
            Self::Tls => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Tcp => 1883,
            Self::Tls => 8883,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

/// The address of an MQTT 3.1.1 broker and the publishing options.
#[derive(Clone)]
pub struct MqttConfig {
    pub(super) scheme: Scheme,
    /// IPv6 addresses are in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query, for web sockets only.
    pub(super) path: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) client_id: Option<String>,
    pub(super) keep_alive: Duration,
    pub(super) trust: Trust,
}

impl fmt::Debug for MqttConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MqttConfig").field("endpoint", &self.endpoint()).field("qos", &self.qos).finish_non_exhaustive()
    }
}

/// The `configuration` of a broker of type MQTT.
pub const SETTINGS: Section = Section::new(&[
    Setting::new(
        "url",
        Kind::text(|text| Address::parse(text).map(drop)),
        "`mqtt://` or `tcp://`, `mqtts://`, `tls://` or `ssl://` (TLS), `ws://`, `wss://`; user and password, host, port, path of \
         a web socket",
    )
    .required("write a URL such as mqtts://user:password@broker.example:8883")
    .secret(),
    Setting::new("qos", Kind::Number(0, 2), "quality of service").default("1").nullable().addition(),
    Setting::new(
        "retain",
        Kind::Boolean,
        "whether the broker keeps the latest message of each topic for later subscribers",
    )
    .default("false")
    .nullable()
    .addition(),
    Setting::new("clientId", Kind::TEXT, "the name of the client, which nobody else may have at the broker")
        .preset(Preset::Words("random"))
        .nullable()
        .addition(),
    Setting::new(
        "keepAlive",
        Kind::Number(1, 65_535),
        "seconds after which a silent connection is examined",
    )
    .default("60")
    .nullable()
    .addition(),
]);

/// The parts of a URL.
struct Address {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    user: Option<String>,
    password: Option<SecretString>,
}

impl Address {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let url = Url::parse(text).map_err(|error| Wrong::new(format!("is not a URL: {error}")))?;
        whole_credentials(&url)?;
        let scheme = Scheme::of(url.scheme())
            .ok_or_else(|| Wrong::new("must begin with mqtt://, tcp://, mqtts://, tls://, ssl://, ws:// or wss://"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| Wrong::new("must name a host, as in mqtt://broker:1883"))?;
        if scheme != Scheme::Tcp && host.starts_with('[') {
            return Err(Wrong::new("must name the host: only mqtt:// takes an IPv6 address"));
        }
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(String::from).map_err(|_| Wrong::new("must have credentials in UTF-8, percent-encoded"))
        };
        let user = Some(url.username()).filter(|user| !user.is_empty()).map(decoded).transpose()?;
        let password = url.password().map(decoded).transpose()?.map(SecretString::from);
        if user.is_none() && password.is_some() {
            return Err(Wrong::new("has a password, so it needs a user name before the colon"));
        }
        let path = match (scheme, url.query()) {
            (Scheme::Tcp | Scheme::Tls, _) => String::new(),
            (_, None) => url.path().to_owned(),
            (_, Some(query)) => format!("{}?{query}", url.path()),
        };
        let port = url.port().unwrap_or_else(|| scheme.default_port());
        Ok(Self { scheme, host: host.to_owned(), port, path, user, password })
    }
}

impl MqttConfig {
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
        let Address { scheme, host, port, path, user, password } = Address::parse(node.text("url")?).ok()?;
        Some(Self {
            scheme,
            host,
            port,
            path,
            user,
            password,
            qos: match node.number("qos") {
                Some(0) => QoS::AtMostOnce,
                None | Some(1) => QoS::AtLeastOnce,
                Some(_) => QoS::ExactlyOnce,
            },
            retain: node.boolean("retain").unwrap_or(false),
            trust: Trust::default(),
            client_id: node.text("clientId").map(str::to_owned),
            keep_alive: Duration::from_secs(node.number("keepAlive").unwrap_or(60)),
        })
    }

    /// The same broker, with certificates that are accepted by these rules.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The address of the broker, without credentials and query, and without the parts of the path that may be secret.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}{}", self.address(), shown_path(self.path_without_query()))
    }

    fn path_without_query(&self) -> &str {
        self.path.split('?').next().unwrap_or_default().trim_end_matches('/')
    }

    /// The endpoint without a path.
    pub(super) fn address(&self) -> String {
        format!("{}://{}:{}", self.scheme.name(), self.host, self.port)
    }

    /// Stays the same as long as the messages go to the same destination, whatever the credentials and options are.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&["MQTT", &format!("{}{}", self.address(), self.path_without_query())])
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use rumqttc::QoS;
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    use super::{MqttConfig, Scheme};

    fn parse(configuration: Value) -> Result<MqttConfig, String> {
        MqttConfig::parse("configuration", &configuration).map_err(|error| error.to_string())
    }

    #[test]
    fn every_scheme_has_its_transport_and_port() {
        for (url, scheme, endpoint) in [
            ("mqtt://broker", Scheme::Tcp, "mqtt://broker:1883"),
            ("tcp://broker:1", Scheme::Tcp, "mqtt://broker:1"),
            ("mqtt://[::1]:7", Scheme::Tcp, "mqtt://[::1]:7"),
            ("mqtts://broker", Scheme::Tls, "mqtts://broker:8883"),
            ("tls://broker", Scheme::Tls, "mqtts://broker:8883"),
            ("ssl://broker:2", Scheme::Tls, "mqtts://broker:2"),
            ("ws://broker", Scheme::Ws, "ws://broker:80"),
            ("ws://broker:9001/mqtt?token=t", Scheme::Ws, "ws://broker:9001/mqtt"),
            ("wss://broker/mqtt", Scheme::Wss, "wss://broker:443/mqtt"),
            ("wss://broker/mqtt/8f3a9c2e71", Scheme::Wss, "wss://broker:443/mqtt/…"),
        ] {
            let config = parse(json!({ "url": url })).unwrap();
            assert_eq!((config.scheme, config.endpoint().as_str()), (scheme, endpoint), "{url}");
        }
    }

    #[test]
    fn defaults_and_options_are_read() {
        let config = parse(json!({ "url": "mqtt://broker" })).unwrap();
        assert_eq!((config.qos, config.retain, config.keep_alive.as_secs()), (QoS::AtLeastOnce, false, 60));
        assert_eq!((config.user, config.client_id), (None, None));
        let options =
            json!({ "url": "mqtt://us%40er:p%3Ass@broker", "qos": 2, "retain": true, "clientId": "c", "keepAlive": 5 });
        let config = parse(options).unwrap();
        assert_eq!((config.qos, config.retain, config.keep_alive.as_secs()), (QoS::ExactlyOnce, true, 5));
        assert_eq!((config.user.as_deref(), config.client_id.as_deref()), (Some("us@er"), Some("c")));
        assert_eq!(config.password.unwrap().expose_secret(), "p:ss");
        assert_eq!(parse(json!({ "url": "mqtt://broker", "qos": 0 })).unwrap().qos, QoS::AtMostOnce);
    }

    #[test]
    fn mistakes_name_the_key_and_no_value() {
        for (configuration, key) in [
            (json!({}), "url"),
            (json!({ "url": "" }), "url"),
            (json!({ "url": "broker-of-secrets:pw" }), "url"),
            (json!({ "url": "http://user:pw@broker" }), "url"),
            (json!({ "url": "wxs://user:pw@broker" }), "url"),
            (json!({ "url": "mqtt://:pw@broker" }), "url"),
            (json!({ "url": "mqtts://user:pw@[::1]" }), "url"),
            (json!({ "url": "mqtt://user:pw@broker", "qos": 3 }), "qos"),
            (json!({ "url": "mqtt://user:pw@broker", "qos": "1" }), "qos"),
            (json!({ "url": "mqtt://user:pw@broker", "retain": "pw" }), "retain"),
            (json!({ "url": "mqtt://user:pw@broker", "keepAlive": 0 }), "keepAlive"),
            (json!({ "url": "mqtt://user:pw@broker", "clientId": 1 }), "clientId"),
        ] {
            let error = parse(configuration.clone()).unwrap_err();
            assert!(error.starts_with(&format!("configuration.{key} ")), "{configuration}: {error}");
            assert!(!error.contains("pw"), "{error}");
        }
        assert!(parse(json!("mqtt://broker")).unwrap_err().starts_with("configuration must be an object"));
    }

    #[test]
    fn credentials_do_not_show() {
        let config = parse(json!({ "url": "mqtt://user:secret@broker", "clientId": "c" })).unwrap();
        let shown = format!("{config:?} {}", config.endpoint());
        assert!(!shown.contains("secret") && !shown.contains("user"), "{shown}");
        let other = parse(json!({ "url": "mqtt://other:changed@broker", "qos": 0 })).unwrap();
        assert_eq!(config.fingerprint(), other.fingerprint());
        assert_ne!(config.fingerprint(), parse(json!({ "url": "mqtt://broker:2" })).unwrap().fingerprint());
        let tenant = |path: &str| parse(json!({ "url": format!("ws://broker/{path}") })).unwrap().fingerprint();
        assert_ne!(tenant("8f3a9c2e71"), tenant("1b2c3d4e5f"), "what is not shown counts nevertheless");
    }
}
