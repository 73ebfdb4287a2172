//! Processes and waiting. Everything waits for events with a limit; nothing sleeps for a fixed time.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

/// No test waits longer; it is reached only if something is broken.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// An API key that complies with the rules.
pub(crate) const API_KEY: &str = "A-Key-for-Tests-10-0123456789-abcdef";

/// The program under test, in an environment that configures nothing.
pub(crate) fn connector() -> Command {
    in_clean_environment(Command::new(env!("CARGO_BIN_EXE_connector")))
}

pub(crate) fn in_clean_environment(mut command: Command) -> Command {
    let kept = ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"];
    command.env_clear().envs(kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.env("NO_PROXY", "localhost,127.0.0.1").stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str], folder: &Path) -> Output {
    connector().args(arguments).current_dir(folder).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running process; it is killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        Self { child, lines, seen: Vec::new() }
    }

    /// The next line that contains `text`.
    pub(crate) fn line(&mut self, text: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => self.seen.push(line),
                Err(error) => panic!("no line with {text:?} ({error}) after:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// The output so far, except awaited lines.
    pub(crate) fn said(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }

    /// The URL at which the process reports to listen.
    pub(crate) fn url(&mut self) -> String {
        let line = self.line("listening on http://");
        line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LIMIT;
        until(deadline, "the process to end", || self.child.try_wait().unwrap())
    }

    /// Asks it to stop as an operator does, and waits for its end.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        signal("TERM", self.child.id());
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn forward(stream: impl Read + Send + 'static, lines: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}

pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status().unwrap();
    assert!(status.success(), "kill -{name} {process}");
}

/// Repeats the question until there is an answer.
pub(crate) fn until<T>(deadline: Instant, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let (_never_sent, pause) = mpsc::channel::<()>();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        let _ = pause.recv_timeout(Duration::from_millis(50));
    }
}

/// Repeats the asynchronous question until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A Backbone with the OAuth client `test`/`test`.
pub(crate) fn backbone(folder: &Path, port: u16) -> (Process, String) {
    let mut command = connector();
    command.args(["backbone", "--data"]).arg(folder.join("backbone")).args(["--port", &port.to_string()]);
    command.args(["--client-id", "test", "--client-secret", "test"]);
    let mut process = Process::spawn(command);
    let url = process.url();
    (process, url)
}

pub(crate) fn port_of(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

/// A client of a Connector's REST interface.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    api_key: String,
}

impl Client {
    pub(crate) fn new(url: &str, api_key: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
        Self { http, url: url.to_owned(), api_key: api_key.to_owned() }
    }

    /// Status and body; `None` if there is no answer.
    pub(crate) async fn try_get(&self, path: &str) -> Option<(u16, Value)> {
        let request = self.http.get(format!("{}{path}", self.url)).header("X-API-KEY", &self.api_key);
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.unwrap_or_default()))
    }

    /// Status and body of a request with a JSON body.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.url));
        let response = request.header("X-API-KEY", &self.api_key).json(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.try_get(path).await.unwrap()
    }

    pub(crate) async fn address(&self) -> String {
        let (status, body) = self.get("/api/core/v1/Account/IdentityInfo").await;
        assert_eq!(status, 200, "{body}");
        body["result"]["address"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn healthy(&self, expected: bool) {
        eventually("the health to change", async || {
            let (status, body) = self.try_get("/health").await?;
            (body["isHealthy"] == expected && (status == 200) == expected).then_some(())
        })
        .await;
    }
}

/// A shell that accepts commands piece by piece.
pub(crate) struct Shell {
    process: Process,
    stdin: ChildStdin,
    parts: usize,
}

impl Shell {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut command = in_clean_environment(Command::new("bash"));
        command.args(["-euo", "pipefail"]).current_dir(folder).stdin(Stdio::piped());
        let mut process = Process::spawn(command);
        let stdin = process.stdin();
        Self { process, stdin, parts: 0 }
    }

    /// Executes the commands and returns what they printed; a failing command fails the test.
    pub(crate) fn execute(&mut self, commands: &str) -> String {
        self.parts += 1;
        let marker = format!("--- end of part {} ---", self.parts);
        // Commands must not consume the input of the shell.
        write!(self.stdin, "{{\n{commands}\n}} </dev/null\necho '{marker}'\n").unwrap();
        self.stdin.flush().unwrap();
        let seen = self.process.seen.len();
        self.process.line(&marker);
        self.process.seen[seen..].join("\n")
    }
}

/// An interactive shell at a terminal, as used by a person.
pub(crate) struct Terminal {
    process: Process,
    stdin: ChildStdin,
}

impl Terminal {
    /// `None` if no terminal can be created: that needs `script` of util-linux.
    pub(crate) fn open() -> Option<Self> {
        let version = Command::new("script").arg("--version").output().ok()?;
        text(&version.stdout).contains("util-linux").then_some(())?;
        let mut command = in_clean_environment(Command::new("script"));
        command.args(["-qec", "bash --norc -i", "/dev/null"]).stdin(Stdio::piped());
        command.envs([("TERM", "xterm"), ("HISTFILE", "/dev/null"), ("PS1", "$ ")]);
        let mut process = Process::spawn(command);
        let stdin = process.stdin();
        Some(Self { process, stdin })
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.stdin.write_all(text.as_bytes()).unwrap();
        self.stdin.flush().unwrap();
    }

    /// Reads on until `text` is shown, and returns the output up to then.
    pub(crate) fn until(&mut self, text: &str) -> String {
        let seen = self.process.seen.len();
        self.process.line(text);
        self.process.seen[seen..].join("\n")
    }
}
