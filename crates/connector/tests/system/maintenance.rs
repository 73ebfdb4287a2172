//! `connector identity` and `connector identityDeletion`.

use std::net::TcpListener;

use crate::installation::{Installation, backbone};
use crate::support::{LIMIT, port_of};

const COMMANDS: [&[&str]; 3] =
    [&["identity", "status"], &["identityDeletion", "init"], &["identityDeletion", "cancel"]];
const NO_IDENTITY: &str = "error.transport.general.noIdentityFound";

#[tokio::test]
async fn without_an_identity_they_say_so_and_create_none() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let (sqlite, postgres) = (Installation::sqlite(&url), Installation::postgres(&url));
    for command in COMMANDS {
        let before = sqlite.files();
        let said = sqlite.run(command);
        assert!(said.failed_with(NO_IDENTITY).contains("database.dbName"), "{said:?}");
        assert_eq!(sqlite.files(), before);

        postgres.run(command).failed_with(NO_IDENTITY);
        assert!(!postgres.has_schema().await);
    }
}

async fn deletion_and_its_cancellation(installation: Installation) {
    let address = installation.create_identity().await;
    let alone = format!("Identity Address: {address}\n");
    installation.run(&["identity", "status"]).answered(&alone);
    let said = installation.run(&["identityDeletion", "cancel"]);
    said.failed_with("error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess");

    installation.run(&["identityDeletion", "init"]).answered("Identity deletion initiated\n");
    let said = installation.run(&["identity", "status"]);
    let (known, end) = said.out.split_once("End of grace period: ").unwrap();
    assert_eq!(known, format!("{alone}Identity deletion status: Active\n"));
    let end: jiff::Timestamp = end.trim_end().parse().unwrap();
    assert!(end > jiff::Timestamp::now());
    let said = installation.run(&["identityDeletion", "init"]);
    said.failed_with("error.runtime.identityDeletionProcess.activeIdentityDeletionProcessAlreadyExists");

    installation.run(&["identityDeletion", "cancel"]).answered("Identity deletion cancelled\n");
    installation.run(&["identity", "status"]).answered(&alone);
    let (process, client) = installation.start();
    client.healthy(true).await;
    assert_eq!(client.address().await, address);
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test]
async fn a_deletion_can_be_started_and_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    deletion_and_its_cancellation(Installation::sqlite(&url)).await;
    deletion_and_its_cancellation(Installation::postgres(&url)).await;
}

async fn beside_a_running_service(installation: Installation) {
    let (process, client) = installation.start();
    let address = client.address().await;
    installation.run(&["identity", "status"]).answered(&format!("Identity Address: {address}\n"));
    for command in ["init", "cancel"] {
        let said = installation.run(&["identityDeletion", command]);
        let message = said.failed_with("error.store.locked");
        assert!(message.contains(&format!("(process {}", process.id())), "{message}");
        assert!(message.contains("Stop that service") && !message.contains("IdentityDeletionProcess"), "{message}");
    }
    // The service was not disturbed.
    client.healthy(true).await;
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test]
async fn beside_a_running_service_the_identity_is_read_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    beside_a_running_service(Installation::sqlite(&url)).await;
    beside_a_running_service(Installation::postgres(&url)).await;
}

#[tokio::test]
async fn no_module_runs_and_no_port_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    installation.create_identity().await;

    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    target.set_nonblocking(true).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    installation.deliver_to(&format!("http://127.0.0.1:{}", port(&target)));
    installation.change(|file| {
        file["infrastructure"]["httpServer"]["port"] = port(&taken).into();
        file["modules"]["sync"] = serde_json::json!({"enabled": true, "interval": 1});
    });
    installation.run(&["identityDeletion", "init"]).answered("Identity deletion initiated\n");
    installation.run(&["identityDeletion", "cancel"]).answered("Identity deletion cancelled\n");
    let nobody = target.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "{nobody}");
}

#[tokio::test]
async fn without_the_backbone_the_identity_is_known_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let address = installation.create_identity().await;
    assert_eq!(process.terminate().code(), Some(0));

    let before = std::time::Instant::now();
    let said = installation.run(&["identityDeletion", "init"]);
    said.failed_with("error.transport.request.noAuthPossible");
    assert!(before.elapsed() < LIMIT / 2);
    installation.run(&["identity", "status"]).answered(&format!("Identity Address: {address}\n"));
    let (_backbone, _) = backbone(folder.path(), port_of(&url));
    let said = installation.run(&["identityDeletion", "cancel"]);
    said.failed_with("error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess");
}

#[test]
fn a_wrong_configuration_is_listed() {
    let installation = Installation::sqlite("nowhere");
    for command in COMMANDS {
        let said = installation.run(command);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
        assert!(said.err.contains("transportLibrary.baseUrl must start with http"), "{said:?}");
    }
}
