use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Client, Process, backbone, connector, port_of, signal};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn it_says_where_it_listens_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    assert!(url.starts_with("http://localhost:"), "{url}");
    assert_eq!(Client::new(&url, "").get("/health").await.0, 200);
    assert_eq!(process.terminate().code(), Some(0));
}

#[test]
fn a_port_in_use_is_named_with_the_option_to_change_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_first, url) = backbone(folder.path(), 0);
    let mut command = connector();
    command.args([
        "backbone",
        "--port",
        &port_of(&url).to_string(),
        "--client-id",
        "x",
        "--client-secret",
        "x",
        "--data",
    ]);
    command.arg(folder.path().join("second"));
    let mut second = Process::spawn(command);
    second.line("choose another port with --port");
    assert_eq!(second.wait().code(), Some(1));
}

/// A second Backbone on the folder of `first`, configured to write there.
fn another(folder: &Path) -> Process {
    let mut command = connector();
    command.args(["backbone", "--port", "0", "--client-id", "x", "--client-secret", "x", "--data"]);
    command.arg(folder.join("backbone"));
    Process::spawn(command)
}

#[test]
fn a_folder_in_use_is_refused_until_its_user_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (first, _) = backbone(folder.path(), 0);
    let mut second = another(folder.path());
    let line = second.line("another Backbone");
    assert!(line.contains(&format!("process {}", first.id())) && line.contains("--data"), "{line}");
    assert_eq!(second.wait().code(), Some(1));
    // Even if it is killed.
    let mut first = first;
    signal("KILL", first.id());
    first.wait();
    let mut third = another(folder.path());
    third.url();
    assert_eq!(third.terminate().code(), Some(0));
}

#[tokio::test]
async fn what_it_keeps_is_nobody_elses_business() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    // A write, so that all of SQLite's additional files exist.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(http.post(format!("{url}/api/v2/Challenges")).send().await.unwrap().status(), 201);
    let data = folder.path().join("backbone");
    assert_eq!(mode(&data), 0o700);
    let files = std::fs::read_dir(&data).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert!(files.iter().any(|file| file.ends_with("backbone.db-wal")), "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(process.terminate().code(), Some(0));
}
