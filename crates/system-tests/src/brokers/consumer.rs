use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The time limit for an expected message on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// An independent reader of a broker: a script of `interop/consumers`.
#[derive(Debug)]
pub struct Consumer {
    name: String,
    lines: Lines<BufReader<ChildStdout>>,
    /// The script ends when this is closed.
    _pipe: ChildStdin,
    _child: Child,
}

impl Consumer {
    /// Starts the script called `name` with these options, and waits until it listens.
    ///
    /// # Errors
    /// When it does not listen in time; the reason is on standard error.
    pub async fn start(name: &str, options: &Value) -> anyhow::Result<Self> {
        let interop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop");
        if !interop.join("node_modules").exists() {
            bail!("this test needs the packages of interop/: npm --prefix interop ci");
        }
        let mut child = Command::new("node")
            .arg(interop.join("consumers").join(name).with_extension("mjs"))
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("node cannot be started")?;
        let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let pipe = child.stdin.take().context("no input")?;
        let mut consumer = Self { name: name.to_owned(), lines, _pipe: pipe, _child: child };
        match consumer.next().await? {
            Value::String(ready) if ready == "ready" => Ok(consumer),
            other => bail!("the consumer {name} begins with {other}"),
        }
    }

    /// The next message, as the script describes it.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn next(&mut self) -> anyhow::Result<Value> {
        let line = tokio::time::timeout(LIMIT, self.lines.next_line()).await;
        let line = line.with_context(|| format!("nothing from the consumer {} within {LIMIT:?}", self.name))??;
        Ok(serde_json::from_str(&line.with_context(|| format!("the consumer {} has ended", self.name))?)?)
    }

    /// The next messages.
    ///
    /// # Errors
    /// When fewer come in time.
    pub async fn take(&mut self, count: usize) -> anyhow::Result<Vec<Value>> {
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            messages.push(self.next().await?);
        }
        Ok(messages)
    }
}
