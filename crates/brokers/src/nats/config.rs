//! Configuration of NATS JetStream.

use std::fmt;
use std::path::{Path, PathBuf};

use network::Trust;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde_json::Value;
use settings::{Kind, Mistakes, Node, Section, Setting, Wrong};
use url::Url;

use crate::credentials::whole_credentials;
use crate::fingerprint::fingerprint;

/// The placeholder for the name of the event.
const PLACEHOLDER: &str = "{{trigger}}";
const DEFAULT_PORT: u16 = 4222;

/// The servers and the publishing options.
#[derive(Clone)]
pub struct NatsConfig {
    /// Without credentials.
    pub(super) servers: Vec<String>,
    /// True if one of them requires TLS.
    pub(super) tls: bool,
    pub(super) login: Login,
    subject: String,
    pub(super) stream: Option<String>,
    pub(super) trust: Trust,
}

/// The login.
#[derive(Clone)]
pub(super) enum Login {
    Nobody,
    User {
        name: String,
        password: SecretString,
    },
    Token(SecretString),
    /// With a JWT and its key.
    CredentialsFile(PathBuf),
}

/// The `configuration` of a broker of type NATS.
pub const SETTINGS: Section = Section::new(&[
    Setting::new(
        "url",
        Kind::text(|text| servers(text).map(drop)),
        "one or several, with commas between: `nats://` or `tls://`, user and password (of the first one), host, port",
    )
    .required("write a URL such as tls://user:password@nats.example:4222")
    .secret()
    .addition(),
    Setting::new("token", Kind::TEXT, "to log in with instead of user and password").nullable().secret().addition(),
    Setting::new("credentialsFile", Kind::TEXT, "path of a `.creds` file, to log in with instead")
        .nullable()
        .addition(),
    Setting::new("subject", Kind::text(subject), "where `{{trigger}}` stands for the name of the event")
        .default("\"{{trigger}}\"")
        .nullable()
        .addition(),
    Setting::new(
        "stream",
        Kind::text(stream),
        "the stream that has to take the events; without it, whichever listens to the subject",
    )
    .nullable()
    .addition(),
]);

fn servers(text: &str) -> Result<Vec<Url>, Wrong> {
    let invalid =
        || Wrong::new("must be a URL such as tls://user:password@nats.example:4222, or several with commas between");
    let urls = text.split(',').map(|url| server(url.trim()).ok_or_else(invalid)).collect::<Result<Vec<Url>, _>>()?;
    urls.iter().try_for_each(whole_credentials)?;
    let credentials = |url: &Url| Some((decoded(url.username())?, url.password().map(decoded)));
    let is_read = |url: &Url| credentials(url).is_some_and(|(_, password)| password != Some(None));
    if urls.first().is_some_and(is_read) { Ok(urls) } else { Err(Wrong::new("must have a user and password in UTF-8")) }
}

fn subject(text: &str) -> Result<(), Wrong> {
    if is_subject(&text.replace(PLACEHOLDER, "event")) {
        return Ok(());
    }
    Err(Wrong::new("must be a subject such as enmeshed.{{trigger}}, without spaces and wildcards"))
}

fn stream(name: &str) -> Result<(), Wrong> {
    if name.contains(|c: char| !c.is_ascii_graphic() || ".*>/\\".contains(c)) {
        return Err(Wrong::new("must be the name of a stream, without spaces and any of . * > / \\"));
    }
    Ok(())
}

impl NatsConfig {
    /// The file with the credentials.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.login {
            Login::CredentialsFile(file) => Some(file),
            Login::Nobody | Login::User { .. } | Login::Token(_) => None,
        }
    }

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
        let urls = servers(node.text("url")?).ok()?;
        let login = login(node, urls.first()?)?;
        Some(Self {
            servers: urls.iter().map(address).collect(),
            tls: urls.iter().any(|url| url.scheme() == "tls"),
            login,
            subject: node.text("subject").unwrap_or(PLACEHOLDER).to_owned(),
            stream: node.text("stream").map(str::to_owned),
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
        let stream = self.stream.iter().map(|stream| format!(" stream {stream}"));
        format!("{} subject {}{}", self.servers.join(","), self.subject, stream.collect::<String>())
    }

    /// Stays the same as long as events go to the same subjects of the same servers, whatever the login.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let place = |server: &String| server.split_once("://").map_or_else(String::new, |(_, place)| place.to_owned());
        let servers: Vec<String> = self.servers.iter().map(place).collect();
        fingerprint(&["NATS", &servers.join(","), &self.subject])
    }

    pub(super) fn subject(&self, namespace: &str) -> String {
        self.subject.replace(PLACEHOLDER, namespace)
    }
}

fn server(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "nats" | "tls"))?;
    url.host_str().is_some_and(|host| !host.is_empty()).then_some(url)
}

fn address(url: &Url) -> String {
    format!("{}://{}:{}", url.scheme(), url.host_str().unwrap_or_default(), url.port().unwrap_or(DEFAULT_PORT))
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

fn login(node: &Node<'_>, url: &Url) -> Option<Login> {
    let (user, password) = (decoded(url.username())?, url.password().and_then(decoded));
    let logins = [
        // A lone name is a token, by the convention of NATS.
        match password {
            Some(password) => Some(Login::User { name: user, password: password.into() }),
            None => Some(user).filter(|token| !token.is_empty()).map(|token| Login::Token(token.into())),
        },
        node.text("token").map(|token| Login::Token(token.into())),
        node.text("credentialsFile").map(|path| Login::CredentialsFile(path.into())),
    ];
    let mut logins = logins.into_iter().flatten();
    let login = logins.next().unwrap_or(Login::Nobody);
    if logins.next().is_some() {
        let message = "must have no user if there is a token or credentialsFile, of which only one may be";
        node.mistake_at("url", Wrong::new(message));
        return None;
    }
    Some(login)
}

fn is_subject(text: &str) -> bool {
    let token = |token: &str| {
        !token.is_empty() && !token.contains(|c: char| c.is_whitespace() || c.is_control() || "*>".contains(c))
    };
    text.split('.').all(token) && !text.starts_with('$')
}

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsConfig").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::{Login, NatsConfig};

    const KEY: &str = "modules.messageBrokerPublisher.brokers[2].configuration";

    fn parse(configuration: &Value) -> Result<NatsConfig, String> {
        NatsConfig::parse(KEY, configuration).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_is_enough() {
        let config = parse(&json!({ "url": "nats://nats.example" })).unwrap();
        assert_eq!(config.endpoint(), "nats://nats.example:4222 subject {{trigger}}");
        assert_eq!(config.subject("transport.messageReceived"), "transport.messageReceived");
        assert!(matches!(config.login, Login::Nobody));
        assert!(!config.tls);
    }

    #[test]
    fn several_servers_and_every_way_to_log_in() {
        let url = "tls://us%40er:secret@one:1, tls://[::1]";
        let config = parse(&json!({ "url": url, "subject": "a.{{trigger}}.b", "stream": "EVENTS" })).unwrap();
        assert_eq!(config.endpoint(), "tls://one:1,tls://[::1]:4222 subject a.{{trigger}}.b stream EVENTS");
        assert_eq!(config.subject("x.y"), "a.x.y.b");
        assert!(matches!(&config.login, Login::User { name, .. } if name == "us@er"));
        assert!(config.tls && !format!("{config:?}").contains("secret"));
        let login = |configuration: Value| parse(&configuration).unwrap().login;
        assert!(matches!(login(json!({ "url": "nats://secret@one" })), Login::Token(_)));
        assert!(matches!(login(json!({ "url": "nats://one", "token": "secret" })), Login::Token(_)));
        let file = json!({ "url": "nats://one", "credentialsFile": "/run/secrets/nats.creds" });
        assert!(matches!(login(file), Login::CredentialsFile(_)));
    }

    #[test]
    fn the_fingerprint_is_about_the_place_alone() {
        let fingerprint = |configuration: Value| parse(&configuration).unwrap().fingerprint();
        let one = fingerprint(json!({ "url": "nats://user:one@host" }));
        assert_eq!(one, fingerprint(json!({ "url": "tls://host:4222", "token": "other", "stream": "EVENTS" })));
        assert_ne!(one, fingerprint(json!({ "url": "nats://other" })));
        assert_ne!(one, fingerprint(json!({ "url": "nats://host", "subject": "a" })));
    }

    #[test]
    fn mistakes_name_the_key_and_never_the_value() {
        for (member, configuration) in [
            ("url", json!({})),
            ("url", json!({ "url": "secret" })),
            ("url", json!({ "url": "http://:secret@host" })),
            ("url", json!({ "url": "nats://user:secret@" })),
            ("url", json!({ "url": "nats://host,secret" })),
            ("url", json!({ "url": "nats://user:1/secret@host" })),
            ("url", json!({ "url": "nats://user:secret@host", "token": "secret" })),
            ("url", json!({ "url": "nats://host", "token": "secret", "credentialsFile": "/secret" })),
            ("url", json!({ "url": "nats://user:%FFsecret@host" })),
            ("token", json!({ "url": "nats://host", "token": ["secret"] })),
            ("subject", json!({ "url": "nats://host", "subject": "secret.*" })),
            ("subject", json!({ "url": "nats://host", "subject": "secret..{{trigger}}" })),
            ("subject", json!({ "url": "nats://host", "subject": "$JS.secret" })),
            ("stream", json!({ "url": "nats://host", "stream": "secret.stream" })),
        ] {
            let error = parse(&configuration).unwrap_err();
            assert!(error.starts_with(&format!("{KEY}.{member} ")), "{configuration}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
