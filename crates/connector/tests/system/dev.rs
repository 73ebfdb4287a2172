use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Client, Process, Shell, Terminal, connector, eventually, signal};

/// The commands that the README suggests.
fn commands() -> &'static str {
    let readme = include_str!("../../../../README.md");
    readme.split("```bash walkthrough\n").nth(1).unwrap().split("```").next().unwrap()
}

/// `connector dev`, in a folder of its own.
struct Dev {
    folder: TempDir,
    process: Process,
}

impl Dev {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = spawn(folder.path());
        Self { folder, process }
    }

    fn restart(self) -> Self {
        assert_eq!(self.process.terminate().code(), Some(0));
        Self { process: spawn(self.folder.path()), folder: self.folder }
    }

    fn overview(&self) -> Value {
        let file = std::fs::read(self.folder.path().join("connector-dev/dev.json")).unwrap();
        serde_json::from_slice(&file).unwrap()
    }

    fn process_id(&self, connector: &str) -> u32 {
        self.overview()["connectors"][connector]["pid"].as_u64().unwrap().try_into().unwrap()
    }

    fn client(&self, connector: &str) -> Client {
        let connector = &self.overview()["connectors"][connector];
        Client::new(connector["url"].as_str().unwrap(), connector["apiKey"].as_str().unwrap())
    }

    /// Waits for a webhook of a Connector that `expected` accepts.
    async fn webhook(&self, connector: &str, trigger: &str, expected: impl Fn(&Value) -> bool) -> Value {
        let events = Client::new(self.overview()["events"]["url"].as_str().unwrap(), "");
        let path = format!("/events?connector={connector}&trigger={trigger}&wait=5");
        eventually(&format!("{trigger} from {connector}"), async || {
            let (_, received) = events.get(&path).await;
            received.as_array().unwrap().iter().map(|event| &event["body"]["data"]).find(|data| expected(data)).cloned()
        })
        .await
    }

    /// Kills a Connector without warning, and waits until it serves again.
    async fn kill(&self, connector: &str) {
        let before = self.process_id(connector);
        signal("KILL", before);
        eventually("the Connector to come back", async || (self.process_id(connector) != before).then_some(())).await;
        eventually("the Connector to serve", async || self.client(connector).try_get("/health").await).await;
    }
}

fn spawn(folder: &Path) -> Process {
    let mut command = connector();
    command.args(["dev", "--backbone-port", "0", "--port-a", "0", "--port-b", "0", "--events-port", "0"]);
    // No synchronisation except those of the walk-through and of a start, so that the test controls the order.
    command.args(["--sync-interval", "0"]).current_dir(folder);
    let mut process = Process::spawn(command);
    process.line("Ready.");
    process
}

#[test]
fn what_is_kept_is_nobody_elses_business() {
    use std::os::unix::fs::PermissionsExt as _;

    let dev = Dev::start();
    let folder = dev.folder.path().join("connector-dev");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    // Others cannot enter the folder; files created directly in it are protected nevertheless.
    for part in ["", "logs", "backbone"] {
        assert_eq!(mode(&folder.join(part)), 0o700, "{part}");
    }
    for part in ["", "logs", "backbone"] {
        for file in std::fs::read_dir(folder.join(part)).unwrap() {
            let file = file.unwrap().path();
            assert!(file.is_dir() || mode(&file) == 0o600, "{} is {:o}", file.display(), mode(&file));
        }
    }
    assert_eq!(dev.process.terminate().code(), Some(0));
}

fn assert_message_arrived(printed: &str) {
    for expected in ["\"subject\": \"Hello\"", "This was attached.", "\"trigger\": \"transport.messageReceived\""] {
        assert!(printed.contains(expected), "{expected} in {printed}");
    }
}

#[tokio::test]
async fn the_walk_through_of_the_readme_works_and_its_identities_stay() {
    let dev = Dev::start();
    let printed = Shell::start(dev.folder.path()).execute(commands());
    assert_eq!(printed.matches("Active").count(), 2, "accepted at A, and known to B: {printed}");
    assert_message_arrived(&printed);
    let addresses = [dev.client("a").address().await, dev.client("b").address().await];
    assert_ne!(addresses[0], addresses[1]);

    let dev = dev.restart();
    assert_eq!([dev.client("a").address().await, dev.client("b").address().await], addresses);
    let (_, messages) = dev.client("b").get("/api/core/v1/Messages").await;
    assert_eq!(messages["result"].as_array().map(Vec::len), Some(1), "{messages}");
}

#[tokio::test]
async fn the_walk_through_works_again_and_again_and_shows_errors() {
    let dev = Dev::start();
    let mut shell = Shell::start(dev.folder.path());
    for run in 1..=3 {
        let printed = shell.execute(commands());
        assert_message_arrived(&printed);
        assert!(!printed.contains("curl:") && !printed.contains("null"), "run {run}: {printed}");
        let (_, messages) = dev.client("b").get("/api/core/v1/Messages").await;
        assert_eq!(messages["result"].as_array().map(Vec::len), Some(run), "{messages}");
    }
    let (_, relationships) = dev.client("b").get("/api/core/v1/Relationships").await;
    assert_eq!(relationships["result"].as_array().map(Vec::len), Some(1), "{relationships}");
    let printed = shell.execute("A_KEY=wrong; a /Account/IdentityInfo | jq .result || true; . ./connector-dev/dev.env");
    assert!(
        printed.contains("/Account/IdentityInfo: ") && printed.contains("error.connector.unauthorized"),
        "{printed}"
    );
}

/// People paste all of it at once into a terminal, where the shell interprets more of a line than in a script.
#[tokio::test]
async fn the_walk_through_can_be_pasted_into_an_interactive_shell() {
    let Some(mut terminal) = Terminal::open() else { return };
    let dev = Dev::start();
    terminal.type_in(&format!("cd '{}'\n", dev.folder.path().display()));
    for (run, paste) in [(1, commands().to_owned()), (2, format!("\u{1b}[200~{}\u{1b}[201~\n", commands()))] {
        terminal.type_in(&paste);
        // The typed text is echoed as well, but it differs from its output.
        terminal.type_in(&format!("printf '%s of paste %s\\n' end {run}\n"));
        let printed = terminal.until(&format!("end of paste {run}"));
        assert!(printed.lines().any(|line| line.trim_end().ends_with("This was attached.")), "{printed}");
        assert!(printed.contains("\"transport.messageReceived\"") && !printed.contains("event not found"), "{printed}");
        let (_, messages) = dev.client("b").get("/api/core/v1/Messages").await;
        assert_eq!(messages["result"].as_array().map(Vec::len), Some(run), "{messages} {printed}");
    }
}

#[tokio::test]
async fn a_kill_between_accept_and_sync_loses_nothing() {
    let dev = Dev::start();
    let (until_accepted, rest) = commands().split_once("# 3.").unwrap();
    let mut shell = Shell::start(dev.folder.path());

    let printed = shell.execute(until_accepted);
    // A has accepted and is killed, possibly before delivering its event; B has not synchronised and is killed, too.
    assert!(printed.contains("Active"), "{printed}");
    let (_, known) = dev.client("b").get("/api/core/v1/Relationships").await;
    assert_eq!(known["result"][0]["status"], "Pending", "{known}");
    let relationship = known["result"][0]["id"].clone();
    tokio::join!(dev.kill("a"), dev.kill("b"));

    let is_active = |data: &Value| data["id"] == relationship && data["status"] == "Active";
    dev.webhook("a", "transport.relationshipChanged", is_active).await;
    // B synchronises at its start, as it was not asked to since the kill.
    dev.webhook("b", "transport.relationshipChanged", is_active).await;

    let printed = shell.execute(&format!("# 3.{rest}"));
    assert!(printed.contains("Active"), "{printed}");
    assert_message_arrived(&printed);
    let (_, messages) = dev.client("b").get("/api/core/v1/Messages").await;
    assert_eq!(messages["result"].as_array().map(Vec::len), Some(1), "{messages}");

    // And again, with the message sent but not yet fetched.
    shell.execute("second=$(a /Messages --json \"{ \\\"recipients\\\": [\\\"$peer\\\"], \\\"content\\\": { \\\"@type\\\": \\\"Mail\\\", \\\"to\\\": [\\\"$peer\\\"], \\\"subject\\\": \\\"Again\\\", \\\"body\\\": \\\"!\\\" } }\")");
    dev.kill("b").await;
    let received = dev.webhook("b", "transport.messageReceived", |data| data["content"]["subject"] == "Again").await;
    let (status, _) = dev.client("b").get(&format!("/api/core/v1/Messages/{}", received["id"].as_str().unwrap())).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn nothing_outlives_the_program() {
    let dev = Dev::start();
    let connectors = [dev.client("a"), dev.client("b")];
    let backbone = Client::new(dev.overview()["backbone"]["url"].as_str().unwrap(), "");
    signal("KILL", dev.overview()["pid"].as_u64().unwrap().try_into().unwrap());
    for server in connectors.iter().chain([&backbone]) {
        eventually("the server to end", async || server.try_get("/health").await.is_none().then_some(())).await;
    }
}

#[test]
fn a_port_that_is_taken_leaves_no_folder_behind_and_names_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = stranger.local_addr().unwrap().port().to_string();
    let options = ["--backbone-port", "--port-a", "--port-b", "--events-port"];
    for option in options {
        let mut command = connector();
        command.arg("dev").current_dir(folder.path());
        for other in options {
            command.args([other, if other == option { taken.as_str() } else { "0" }]);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let expected = format!("cannot listen on port {taken} (choose another with {option}, 0 for any)");
        assert!(said.contains(&expected) && !said.contains("--port)"), "{said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{option}");
    }
}

#[test]
fn one_folder_is_used_by_one_program_only() {
    let dev = Dev::start();
    let mut command = connector();
    command.args(["dev", "--events-port", "0"]).current_dir(dev.folder.path());
    let mut second = Process::spawn(command);
    second.line("another `connector dev` uses this folder");
    assert_eq!(second.wait().code(), Some(1));
}
