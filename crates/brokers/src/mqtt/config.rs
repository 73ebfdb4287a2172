//! Configuration of an MQTT broker (`docs/protocol/07 §5.2`).

use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rumqttc::QoS;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::ConfigError;
use crate::settings::{Settings, fingerprint};

/// What the connection is made of.
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

/// Where an MQTT 3.1.1 broker is and how to publish there.
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
}

impl fmt::Debug for MqttConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MqttConfig").field("endpoint", &self.endpoint()).field("qos", &self.qos).finish_non_exhaustive()
    }
}

impl MqttConfig {
    /// Reads the `configuration` of a broker of type MQTT, which stands at `key`:
    ///
    /// | member | default | |
    /// |---|---|---|
    /// | `url` | – | `mqtt://` or `tcp://`, `mqtts://`, `tls://` or `ssl://` (TLS), `ws://`, `wss://`; user and password, host, port, path of a web socket |
    /// | `qos` | 1 | 0, 1 or 2 |
    /// | `retain` | false | whether the broker keeps the latest message of each topic for later subscribers |
    /// | `clientId` | random | the name of the client, which nobody else may have at the broker |
    /// | `keepAlive` | 60 | seconds after which a silent connection is examined |
    ///
    /// # Errors
    /// The key of the first mistake, and what to write there.
    pub fn parse(key: &str, configuration: &Value) -> Result<Self, ConfigError> {
        let settings = Settings::of(key, configuration)?;
        let text = settings.required_text("url")?;
        let url = Url::parse(text).map_err(|error| settings.error("url", format!("is not a URL: {error}")))?;
        settings.whole_credentials("url", &url)?;
        let scheme = Scheme::of(url.scheme()).ok_or_else(|| {
            settings.error("url", "must begin with mqtt://, tcp://, mqtts://, tls://, ssl://, ws:// or wss://")
        })?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| settings.error("url", "must name a host, as in mqtt://broker:1883"))?;
        if scheme != Scheme::Tcp && host.starts_with('[') {
            return Err(settings.error("url", "must name the host: only mqtt:// takes an IPv6 address"));
        }
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(String::from).map_err(|_| settings.error("url", "must have credentials in UTF-8, percent-encoded"))
        };
        let user = Some(url.username()).filter(|user| !user.is_empty()).map(decoded).transpose()?;
        let password = url.password().map(decoded).transpose()?.map(SecretString::from);
        if user.is_none() && password.is_some() {
            return Err(settings.error("url", "has a password, so it needs a user name before the colon"));
        }
        let path = match (scheme, url.query()) {
            (Scheme::Tcp | Scheme::Tls, _) => String::new(),
            (_, None) => url.path().to_owned(),
            (_, Some(query)) => format!("{}?{query}", url.path()),
        };
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port: url.port().unwrap_or_else(|| scheme.default_port()),
            path,
            user,
            password,
            qos: match settings.number("qos", 0..=2, 1)? {
                0 => QoS::AtMostOnce,
                1 => QoS::AtLeastOnce,
                _ => QoS::ExactlyOnce,
            },
            retain: settings.boolean("retain", false)?,
            client_id: settings.text("clientId")?.map(str::to_owned),
            keep_alive: Duration::from_secs(settings.number("keepAlive", 1..=65_535, 60)?),
        })
    }

    /// Where the broker is, without credentials and query.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{}{}", self.address(), path.trim_end_matches('/'))
    }

    /// The endpoint without a path.
    pub(super) fn address(&self) -> String {
        format!("{}://{}:{}", self.scheme.name(), self.host, self.port)
    }

    /// Stays the same as long as the messages go to the same place, whatever the credentials and options are.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&["MQTT", &self.endpoint()])
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
            assert!(error.starts_with(&format!("configuration.{key}: ")), "{configuration}: {error}");
            assert!(!error.contains("pw"), "{error}");
        }
        assert!(parse(json!("mqtt://broker")).unwrap_err().starts_with("configuration: must be an object"));
    }

    #[test]
    fn credentials_do_not_show() {
        let config = parse(json!({ "url": "mqtt://user:secret@broker", "clientId": "c" })).unwrap();
        let shown = format!("{config:?} {}", config.endpoint());
        assert!(!shown.contains("secret") && !shown.contains("user"), "{shown}");
        let other = parse(json!({ "url": "mqtt://other:changed@broker", "qos": 0 })).unwrap();
        assert_eq!(config.fingerprint(), other.fingerprint());
        assert_ne!(config.fingerprint(), parse(json!({ "url": "mqtt://broker:2" })).unwrap().fingerprint());
    }
}
