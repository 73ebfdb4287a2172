use std::time::Instant;

use serde_json::json;

use crate::support::{LIMIT, run, text};

#[test]
fn help_is_no_failure_and_a_mistake_is() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, status, expected) in [
        (&["--help"][..], 0, "connector dev"),
        (&["--version"], 0, env!("CARGO_PKG_VERSION")),
        (&["start", "--help"], 0, "transportLibrary"),
        (&[], 1, "Usage: connector"),
        (&["sing"], 1, "sing"),
        (&["start", "--loud"], 1, "--loud"),
        (&["backbone", "--client-id", "x"], 1, "--client-secret"),
    ] {
        let output = run(arguments, folder.path());
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn a_start_without_configuration_says_so_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap();
    for (arguments, file) in [(&["start"][..], "config.json"), (&["start", "-c", "absent.json"], "absent.json")] {
        let output = run(arguments, folder.path());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let looked_for = place.join(file).display().to_string();
        for expected in [looked_for.as_str(), "-c", "transportLibrary.baseUrl", "apiKey.keys"] {
            assert!(said.contains(expected), "{expected} in {said}");
        }
    }
    let mut command = crate::support::connector();
    command.args(["config", "check"]).current_dir(folder.path()).env("PLATFORM_CLIENT_ID", "id");
    let said = text(&command.output().unwrap().stderr);
    let missing = format!("No configuration file was read: there is no {}", place.join("config.json").display());
    assert!(said.contains("transportLibrary.baseUrl is missing") && said.contains(&missing), "{said}");
}

#[test]
fn a_database_of_the_existing_connector_is_answered_with_what_to_write_instead() {
    let folder = tempfile::tempdir().unwrap();
    let file = json!({"database": {"connectionString": "mongodb://user:hunter2@host"}});
    std::fs::write(folder.path().join("config.json"), file.to_string()).unwrap();
    let output = run(&["start"], folder.path());
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("database.connectionString") && said.contains("sqlite://"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn the_health_check_of_nothing_fails_soon() {
    let folder = tempfile::tempdir().unwrap();
    let file = json!({
        "debug": true,
        "transportLibrary": {"baseUrl": "http://localhost:1", "platformClientId": "x", "platformClientSecret": "x"},
        "infrastructure": {"httpServer": {"port": 1}}
    });
    std::fs::write(folder.path().join("config.json"), file.to_string()).unwrap();
    let before = Instant::now();
    let output = run(&["healthcheck", "--timeout", "2"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("http://localhost:1/health gives no answer"));
    assert!(before.elapsed() < LIMIT / 4);
}
