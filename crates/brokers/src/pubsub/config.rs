//! Configuration of a Google Pub/Sub topic (`docs/protocol/07 §5.2`).

use std::path::{Path, PathBuf};

use serde_json::Value;
use settings::{Kind, Mistakes, Node, Preset, Section, Setting, Wrong};

use crate::fingerprint::fingerprint;

/// The variable that Google's own clients read.
const EMULATOR_HOST: &str = "PUBSUB_EMULATOR_HOST";
/// The address of Google's service.
const GOOGLE: &str = "https://pubsub.googleapis.com";

/// A topic and the publishing options.
#[derive(Debug, Clone)]
pub struct PubSubConfig {
    pub(super) project_id: String,
    pub(super) topic_name: String,
    pub(super) access: Access,
    pub(super) ordering_key: bool,
}

/// The address of the service and the login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// Google, with the credentials of a file.
    Google { key_file: PathBuf },
    /// An emulator, without TLS and credentials.
    Emulator { endpoint: String },
}

/// The `configuration` of a broker of type PubSub.
pub const SETTINGS: Section = Section::new(&[
    Setting::new("projectId", Kind::text(name), "id of the Google Cloud project")
        .required("write the id of the Google Cloud project"),
    // The existing Connector documented `topic` and read `topicName`.
    Setting::new("topicName", Kind::text(name), "name of the topic in it")
        .aliases(&["topic"])
        .required("write the name of the topic"),
    Setting::new(
        "keyFile",
        Kind::text(key_file),
        "absolute path of the key of a service account, or of the file of an authorized user; not needed for an emulator",
    )
    .nullable(),
    Setting::new(
        "emulatorHost",
        Kind::text(|host| emulator_endpoint(host).map(drop)),
        "host and port of an emulator to be used instead of Google",
    )
    .preset(Preset::Words("`PUBSUB_EMULATOR_HOST`"))
    .nullable()
    .addition(),
    Setting::new(
        "orderingKey",
        Kind::Boolean,
        "whether messages have the id of their object as ordering key; the subscription has to ask for order as well",
    )
    .default("false")
    .nullable()
    .addition(),
]);

fn name(text: &str) -> Result<(), Wrong> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.~+%:".contains(c);
    if text.chars().all(harmless) {
        Ok(())
    } else {
        Err(Wrong::new("must be the name alone, without the path before it"))
    }
}

fn key_file(text: &str) -> Result<(), Wrong> {
    if Path::new(text).is_absolute() { Ok(()) } else { Err(Wrong::new("must be the absolute path of a key file")) }
}

impl PubSubConfig {
    /// The file with the credentials.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.access {
            Access::Google { key_file } => Some(key_file),
            Access::Emulator { .. } => None,
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
        Self::read_with(node, std::env::var(EMULATOR_HOST).ok().as_deref())
    }

    fn read_with(node: &Node<'_>, environment: Option<&str>) -> Option<Self> {
        let key_file = node.text("keyFile").map(PathBuf::from);
        let configured = node.member("emulatorHost").is_some();
        let emulator = if configured { node.text("emulatorHost") } else { environment.filter(|host| !host.is_empty()) };
        let emulator = emulator.map(emulator_endpoint);
        if let (Some(Err(wrong)), false) = (&emulator, configured) {
            node.mistake_at("emulatorHost", wrong.clone());
        }
        if emulator.is_none() && node.member("keyFile").is_none() && !configured {
            let fix = "write the absolute path of a service account's key file (or, for an emulator, emulatorHost)";
            node.mistake_at("keyFile", Wrong::new("is missing").fix(fix));
        }
        let access = match emulator {
            Some(endpoint) => Access::Emulator { endpoint: endpoint.ok()? },
            None => Access::Google { key_file: key_file? },
        };
        Some(Self {
            project_id: node.text("projectId")?.to_owned(),
            topic_name: node.text("topicName").or_else(|| node.text("topic"))?.to_owned(),
            access,
            ordering_key: node.boolean("orderingKey").unwrap_or(false),
        })
    }

    /// The destination of messages.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let service = match &self.access {
            Access::Google { .. } => GOOGLE,
            Access::Emulator { endpoint } => endpoint,
        };
        format!("{service}/{}", self.topic())
    }

    /// Stays the same as long as the messages go to the same topic.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&["PubSub", &self.endpoint()])
    }

    /// The full name of the topic.
    pub(super) fn topic(&self) -> String {
        format!("projects/{}/topics/{}", self.project_id, self.topic_name)
    }
}

/// The address of an emulator, given without a scheme, as by Google's tools.
fn emulator_endpoint(host: &str) -> Result<String, Wrong> {
    let host = host.strip_prefix("http://").unwrap_or(host).trim_end_matches('/');
    let is_plain = |url: &url::Url| {
        let credentials = !url.username().is_empty() || url.password().is_some();
        url.has_host() && !credentials && url.path() == "/" && url.query().is_none()
    };
    let url = url::Url::parse(&format!("http://{host}")).ok().filter(is_plain);
    url.map(|_| format!("http://{host}")).ok_or_else(|| Wrong::new("must be host:port, as in localhost:8085"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::{Access, Node, PubSubConfig, SETTINGS};

    fn parse(configuration: Value, environment: Option<&str>) -> Result<PubSubConfig, String> {
        let read = |node: &Node<'_>| PubSubConfig::read_with(node, environment);
        let read = settings::read("configuration", &SETTINGS, &configuration, read);
        read.map_err(|mistakes| mistakes.to_string())
    }

    fn emulator(endpoint: &str) -> Access {
        Access::Emulator { endpoint: endpoint.to_owned() }
    }

    #[test]
    fn the_documented_configuration_is_read() {
        let config = json!({ "projectId": "my-project", "topicName": "my-topic", "keyFile": "/keys/key.json" });
        let config = parse(config, None).unwrap();
        assert_eq!(config.access, Access::Google { key_file: PathBuf::from("/keys/key.json") });
        assert_eq!(config.topic(), "projects/my-project/topics/my-topic");
        assert_eq!(config.endpoint(), "https://pubsub.googleapis.com/projects/my-project/topics/my-topic");
        assert!(!config.ordering_key);
    }

    #[test]
    fn an_emulator_needs_no_key() {
        let config = json!({ "projectId": "p", "topicName": "t", "orderingKey": true });
        let parsed = parse(config.clone(), Some("localhost:8085")).unwrap();
        assert_eq!(parsed.access, emulator("http://localhost:8085"));
        assert!(parsed.ordering_key);
        assert!(parse(config, Some("")).unwrap_err().starts_with("configuration.keyFile is missing"));
        let config = json!({ "projectId": "p", "topicName": "t", "emulatorHost": "http://[::1]:1/", "keyFile": "/k" });
        assert_eq!(parse(config, Some("localhost:2")).unwrap().access, emulator("http://[::1]:1"));
    }

    #[test]
    fn mistakes_name_the_key() {
        for (configuration, key) in [
            (json!({ "topicName": "t", "keyFile": "/k" }), "projectId"),
            (json!({ "projectId": "p", "keyFile": "/k" }), "topicName"),
            (json!({ "projectId": "p", "topicName": "projects/p/topics/t", "keyFile": "/k" }), "topicName"),
            (json!({ "projectId": "p", "topicName": "t" }), "keyFile"),
            (json!({ "projectId": "p", "topicName": "t", "keyFile": "key.json" }), "keyFile"),
            (json!({ "projectId": "p", "topicName": "t", "keyFile": { "private_key": "x" } }), "keyFile"),
            (json!({ "projectId": "p", "topicName": "t", "emulatorHost": "https://x" }), "emulatorHost"),
            (json!({ "projectId": "p", "topicName": "t", "emulatorHost": "user:pw@x" }), "emulatorHost"),
            (json!({ "projectId": "p", "topicName": "t", "keyFile": "/k", "orderingKey": "id" }), "orderingKey"),
        ] {
            let error = parse(configuration.clone(), None).unwrap_err();
            assert!(error.starts_with(&format!("configuration.{key} ")), "{configuration}: {error}");
        }
    }

    #[test]
    fn the_fingerprint_is_that_of_the_topic() {
        let config = |topic: &str, key: &str| {
            parse(json!({ "projectId": "p", "topicName": topic, "keyFile": key }), None).unwrap().fingerprint()
        };
        assert_eq!(config("t", "/a"), config("t", "/b"));
        assert_ne!(config("t", "/a"), config("u", "/a"));
    }
}
