use crate::support::{Client, Process, backbone, connector, port_of};

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
