//! The contents of `dev`'s data folder: credentials created once, the Connectors' configuration files, and the current
//! addresses.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use core_types::Randomness;
use rand::RngExt as _;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The OAuth client of the Connectors.
pub(super) const CLIENT_ID: &str = "dev";

/// Secrets created only once, so that Identities and scripts keep working over restarts.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credentials {
    pub(super) client_secret: String,
    pub(super) api_key_a: String,
    pub(super) api_key_b: String,
}

impl Credentials {
    fn generate() -> Self {
        Self { client_secret: random_text(), api_key_a: api_key("A"), api_key_b: api_key("B") }
    }
}

fn random_text() -> String {
    Randomness::system().sample_iter(Alphanumeric).take(40).map(char::from).collect()
}

/// Strong by the rules of `docs/protocol/07 §2.8.2` whatever the random part, and harmless in a shell.
fn api_key(connector: &str) -> String {
    format!("Dev-{connector}-10-{}", random_text())
}

/// The data folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

/// The folder's part for one Connector.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectorPlan<'a> {
    /// `a` or `b`.
    pub(super) name: &'a str,
    pub(super) port: u16,
    pub(super) api_key: &'a str,
    pub(super) client_secret: &'a str,
    pub(super) backbone_url: &'a str,
    pub(super) events_url: &'a str,
    /// Seconds; 0 for none.
    pub(super) sync_interval: u32,
}

/// The address of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reachable {
    pub(super) url: String,
    pub(super) pid: u32,
}

/// Everything that is running, for `dev.json` and `dev.env`.
pub(super) struct Overview<'a> {
    pub(super) backbone: &'a Reachable,
    pub(super) a: &'a Reachable,
    pub(super) b: &'a Reachable,
    pub(super) events_url: &'a str,
    pub(super) credentials: &'a Credentials,
}

impl Folder {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let logs = path.join("logs");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&logs)
            .with_context(|| format!("cannot create {}", logs.display()))?;
        // Logs and databases are private, including those that a former version has left readable.
        for folder in [path, &logs] {
            std::fs::set_permissions(folder, Permissions::from_mode(0o700))
                .with_context(|| format!("cannot keep others out of {}", folder.display()))?;
        }
        // The children get absolute paths, and so does a shell that reads dev.env from elsewhere.
        let path = path.canonicalize().with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { path })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn log_file(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(format!("{name}.log"))
    }

    /// The credentials of this folder, created on first use.
    pub(super) fn credentials(&self) -> anyhow::Result<Credentials> {
        let path = self.file("credentials.json");
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let credentials = Credentials::generate();
                self.write_private(&path, &serde_json::to_vec_pretty(&credentials)?)?;
                Ok(credentials)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes a Connector's configuration file and returns its path.
    pub(super) fn write_configuration(&self, plan: &ConnectorPlan<'_>) -> anyhow::Result<PathBuf> {
        let path = self.file(&format!("{}.json", plan.name));
        self.write_private(&path, &serde_json::to_vec_pretty(&self.configuration(plan))?)?;
        Ok(path)
    }

    fn configuration(&self, plan: &ConnectorPlan<'_>) -> Value {
        json!({
            "debug": true,
            "transportLibrary": {
                "baseUrl": plan.backbone_url,
                "platformClientId": CLIENT_ID,
                "platformClientSecret": plan.client_secret
            },
            "database": {
                "connectionString": format!("sqlite://{}", self.file("databases").display()),
                "dbName": plan.name
            },
            "infrastructure": {
                "httpServer": {
                    "host": "127.0.0.1",
                    "port": plan.port,
                    "authentication": { "apiKey": { "keys": { "dev": { "key": plan.api_key } } } }
                }
            },
            "modules": {
                "coreHttpApi": { "docs": { "enabled": true } },
                "webhooks": {
                    "enabled": true,
                    "targets": { "events": { "url": format!("{}/{}", plan.events_url, plan.name) } },
                    "webhooks": [{ "triggers": ["transport.**"], "target": "events" }]
                },
                "sync": {
                    "enabled": true,
                    "interval": if plan.sync_interval == 0 { NEVER } else { plan.sync_interval }
                }
            }
        })
    }

    /// Tells programs (`dev.json`) and shells (`dev.env`) where everything is running.
    pub(super) fn write_overview(&self, overview: &Overview<'_>) -> anyhow::Result<()> {
        let Overview { backbone, a, b, events_url, credentials } = overview;
        let connector = |at: &Reachable, api_key: &str| json!({ "url": at.url, "pid": at.pid, "apiKey": api_key });
        let machine = json!({
            "pid": std::process::id(),
            "backbone": backbone,
            "connectors": { "a": connector(a, &credentials.api_key_a), "b": connector(b, &credentials.api_key_b) },
            "events": { "url": events_url }
        });
        self.write_private(&self.file("dev.json"), &serde_json::to_vec_pretty(&machine)?)?;
        let shell = format!(
            "A_URL={}\nA_KEY={}\nB_URL={}\nB_KEY={}\nEVENTS_URL={events_url}\nBACKBONE_URL={}\n",
            a.url, credentials.api_key_a, b.url, credentials.api_key_b, backbone.url
        );
        self.write_private(&self.file("dev.env"), shell.as_bytes())
    }

    /// Readable by the owner only, and never half written.
    fn write_private(&self, path: &Path, content: &[u8]) -> anyhow::Result<()> {
        let write = || {
            let mut new = path.as_os_str().to_owned();
            new.push(".new");
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(content)?;
            std::fs::rename(&new, path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// An interval that never elapses: the module then synchronises at its start only.
const NEVER: u32 = 365 * 24 * 60 * 60;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{ConnectorPlan, Folder};
    use crate::config::{Sources, load};

    #[test]
    fn credentials_are_made_once_and_kept_private() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        let first = folder.credentials().unwrap();
        assert_eq!(first.api_key_a, folder.credentials().unwrap().api_key_a);
        assert_ne!(first.api_key_a, first.api_key_b);
        let mode = std::fs::metadata(folder.file("credentials.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_folder_is_kept_private() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("dev");
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Folder::open(&path).unwrap();
        assert_eq!((mode(&path), mode(&path.join("logs"))), (0o700, 0o700));
    }

    #[test]
    fn the_configuration_is_valid_without_a_notice() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        let credentials = folder.credentials().unwrap();
        let plan = ConnectorPlan {
            name: "a",
            port: 0,
            api_key: &credentials.api_key_a,
            client_secret: &credentials.client_secret,
            backbone_url: "http://localhost:1",
            events_url: "http://localhost:2",
            sync_interval: 0,
        };
        let path = folder.write_configuration(&plan).unwrap();
        let configuration = load(&Sources { option: Some(path), ..Sources::default() }).unwrap();
        assert_eq!(configuration.notices, []);
    }
}
