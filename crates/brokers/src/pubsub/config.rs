//! Configuration of a Google Pub/Sub topic (`docs/protocol/07 §5.2`).

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ConfigError;
use crate::settings::{Settings, fingerprint};

/// The variable that Google's own clients read.
const EMULATOR_HOST: &str = "PUBSUB_EMULATOR_HOST";
/// Where Google is.
const GOOGLE: &str = "https://pubsub.googleapis.com";

/// A topic and how to publish to it.
#[derive(Debug, Clone)]
pub struct PubSubConfig {
    pub(super) project_id: String,
    pub(super) topic_name: String,
    pub(super) access: Access,
    pub(super) ordering_key: bool,
}

/// Where the service is and how to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// Google, with the credentials of a file.
    Google { key_file: PathBuf },
    /// An emulator, without TLS and credentials.
    Emulator { endpoint: String },
}

impl PubSubConfig {
    /// Reads the `configuration` of a broker of type PubSub, which stands at `key`:
    ///
    /// | member | default | |
    /// |---|---|---|
    /// | `projectId` | – | id of the Google Cloud project |
    /// | `topicName` | – | name of the topic in it |
    /// | `keyFile` | – | absolute path of the key of a service account, or of the file of an authorized user; not needed for an emulator |
    /// | `emulatorHost` | `PUBSUB_EMULATOR_HOST` | host and port of an emulator to be used instead of Google |
    /// | `orderingKey` | false | whether messages have the id of their object as ordering key; the subscription has to ask for order as well |
    ///
    /// # Errors
    /// The key of the first mistake, and what to write there.
    pub fn parse(key: &str, configuration: &Value) -> Result<Self, ConfigError> {
        Self::parse_with(key, configuration, std::env::var(EMULATOR_HOST).ok().as_deref())
    }

    fn parse_with(key: &str, configuration: &Value, environment: Option<&str>) -> Result<Self, ConfigError> {
        let settings = Settings::of(key, configuration)?;
        let name = |member: &str| {
            let name = settings.required_text(member)?;
            let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.~+%:".contains(c);
            if name.chars().all(harmless) {
                return Ok(name.to_owned());
            }
            Err(settings.error(member, format!("must be the {member} alone, without the path before it")))
        };
        let (project_id, topic_name) = (name("projectId")?, name("topicName")?);
        let key_file = settings.text("keyFile")?;
        if key_file.is_some_and(|file| !Path::new(file).is_absolute()) {
            return Err(settings.error("keyFile", "must be the absolute path of a key file"));
        }
        let emulator = match settings.text("emulatorHost")? {
            None => environment.filter(|host| !host.is_empty()),
            host => host,
        };
        let access = if let Some(host) = emulator {
            let endpoint = emulator_endpoint(host);
            let wrong = || settings.error("emulatorHost", "must be host:port, as in localhost:8085");
            Access::Emulator { endpoint: endpoint.ok_or_else(wrong)? }
        } else {
            let missing = || {
                settings.error(
                    "keyFile",
                    "is missing: write the absolute path of a service account's key file (or, for an emulator, emulatorHost)",
                )
            };
            Access::Google { key_file: key_file.map(PathBuf::from).ok_or_else(missing)? }
        };
        Ok(Self { project_id, topic_name, access, ordering_key: settings.boolean("orderingKey", false)? })
    }

    /// Where the messages go.
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

/// The address of an emulator, which is given without a scheme, as Google's tools do.
fn emulator_endpoint(host: &str) -> Option<String> {
    let host = host.strip_prefix("http://").unwrap_or(host).trim_end_matches('/');
    let url = url::Url::parse(&format!("http://{host}")).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.path() == "/" && url.query().is_none();
    (plain && url.has_host()).then(|| format!("http://{host}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::{Access, PubSubConfig};

    fn parse(configuration: Value, environment: Option<&str>) -> Result<PubSubConfig, String> {
        PubSubConfig::parse_with("configuration", &configuration, environment).map_err(|error| error.to_string())
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
        assert!(parse(config, Some("")).unwrap_err().starts_with("configuration.keyFile: is missing"));
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
            assert!(error.starts_with(&format!("configuration.{key}: ")), "{configuration}: {error}");
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
