use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{API_KEY, Client, Process, backbone, connector, port_of, run, text};

/// A configuration file as written for the existing Connector.
const EXISTING: &str = include_str!("existing-config.json");

/// A folder with a configuration file for a Backbone.
struct Setup {
    folder: TempDir,
}

impl Setup {
    fn new(backbone_url: &str) -> Self {
        let setup = Self { folder: tempfile::tempdir().unwrap() };
        setup.configure(|file| file["transportLibrary"]["baseUrl"] = backbone_url.into());
        setup
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config.json")
    }

    fn configure(&self, change: impl FnOnce(&mut Value)) {
        let text = std::fs::read_to_string(self.file()).unwrap_or_else(|_| EXISTING.to_owned());
        let mut file: Value = serde_json::from_str(&text).unwrap();
        file["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"]["portal"]["key"] = API_KEY.into();
        change(&mut file);
        std::fs::write(self.file(), file.to_string()).unwrap();
    }

    fn start(&self) -> (Process, Client, String) {
        let mut process = self.spawn();
        let url = process.url();
        let client = Client::new(&url, API_KEY);
        (process, client, url)
    }

    fn spawn(&self) -> Process {
        let mut command = connector();
        command.args(["start", "-c", "config.json"]).current_dir(self.folder.path());
        Process::spawn(command)
    }

    /// Starts and expects a failure; returns the output.
    fn refused(&self) -> String {
        let output = run(&["start", "-c", "config.json"], self.folder.path());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stderr)
    }
}

#[tokio::test]
async fn an_existing_configuration_file_works_apart_from_the_database() {
    let backbone_folder = tempfile::tempdir().unwrap();
    let (_backbone, backbone_url) = backbone(backbone_folder.path(), 0);
    let setup = Setup::new(&backbone_url);

    let (process, client, url) = setup.start();
    client.healthy(true).await;
    let address = client.address().await;
    assert!(address.starts_with("did:e:localhost:dids:"), "{address}");
    assert_eq!(Client::new(&url, "wrong").get("/api/core/v1/Account/IdentityInfo").await.0, 401);
    let (status, version) = client.get("/Monitoring/Version").await;
    assert_eq!(status, 200);
    assert!(version["version"].as_str().is_some_and(|version| version.starts_with("7.")), "{version}");
    assert_eq!(client.get("/Monitoring/Support").await.0, 403, "a scope the key does not have");

    // No host is configured: both address families are served, as by Node.js.
    for host in ["127.0.0.1", "[::1]"] {
        Client::new(&format!("http://{host}:{}", port_of(&url)), API_KEY).healthy(true).await;
    }
    assert_eq!(healthcheck(setup.folder.path(), &url).code(), Some(0));
    let second = setup.refused();
    assert!(second.contains("in use by another instance"), "{second}");
    assert_eq!(process.terminate().code(), Some(0));
    assert_eq!(healthcheck(setup.folder.path(), &url).code(), Some(1));

    let (process, client, _) = setup.start();
    assert_eq!(client.address().await, address, "the Identity is the same after a restart");
    assert_eq!(process.terminate().code(), Some(0));
}

fn healthcheck(folder: &Path, url: &str) -> std::process::ExitStatus {
    let mut command = connector();
    // The file permits any port; the environment names the actual one.
    command
        .args(["healthcheck", "-c", "config.json"])
        .env("infrastructure__httpServer__port", port_of(url).to_string());
    command.current_dir(folder).output().unwrap().status
}

#[tokio::test]
async fn a_wrong_oauth_client_is_named_and_ends_a_start_without_identity() {
    let backbone_folder = tempfile::tempdir().unwrap();
    let (_backbone, backbone_url) = backbone(backbone_folder.path(), 0);
    let setup = Setup::new(&backbone_url);
    let secret = |text: &str| setup.configure(|file| file["transportLibrary"]["platformClientSecret"] = text.into());

    secret("wrong");
    let said = setup.refused();
    assert!(said.contains("transportLibrary.platformClientSecret"), "{said}");

    secret("test");
    let (process, client, _) = setup.start();
    client.healthy(true).await;
    assert_eq!(process.terminate().code(), Some(0));

    secret("wrong");
    let mut process = setup.spawn();
    process.line("transportLibrary.platformClientSecret");
    let client = Client::new(&process.url(), API_KEY);
    client.healthy(false).await;
}

#[tokio::test]
async fn an_identity_of_another_backbone_ends_the_start() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (first, url) = backbone(folders[0].path(), 0);
    let setup = Setup::new(&url);
    let (process, client, _) = setup.start();
    client.healthy(true).await;
    assert_eq!(process.terminate().code(), Some(0));
    assert_eq!(first.terminate().code(), Some(0));

    let (_second, _) = backbone(folders[1].path(), port_of(&url));
    let said = setup.refused();
    assert!(
        said.contains("error.transport.request.noAuthGrant") && said.contains("transportLibrary.baseUrl"),
        "{said}"
    );
}

#[tokio::test]
async fn a_connector_with_an_identity_serves_while_its_backbone_is_down() {
    let backbone_folder = tempfile::tempdir().unwrap();
    let (backbone_process, backbone_url) = backbone(backbone_folder.path(), 0);
    let setup = Setup::new(&backbone_url);
    let (process, client, _) = setup.start();
    let address = client.address().await;
    assert_eq!(process.terminate().code(), Some(0));
    assert_eq!(backbone_process.terminate().code(), Some(0));

    let (process, client, _) = setup.start();
    assert_eq!(client.address().await, address);
    client.healthy(false).await;

    let (_backbone, _) = backbone(backbone_folder.path(), port_of(&backbone_url));
    client.healthy(true).await;
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test]
async fn an_empty_database_without_permission_to_create_an_identity_is_refused() {
    let backbone_folder = tempfile::tempdir().unwrap();
    let (_backbone, backbone_url) = backbone(backbone_folder.path(), 0);
    let setup = Setup::new(&backbone_url);
    setup.configure(|file| file["transportLibrary"]["allowIdentityCreation"] = false.into());
    let said = setup.refused();
    assert!(said.contains("transportLibrary.allowIdentityCreation"), "{said}");
}
