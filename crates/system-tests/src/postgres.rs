//! A PostgreSQL server of our own, which tests can treat at will.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::WorkFolder;

/// The account that packages of PostgreSQL use; the server refuses to run as root.
const ACCOUNT: &str = "postgres";

/// A server in a temporary folder, on loopback. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    folder: Option<WorkFolder>,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// Creates a new database cluster and starts its server, with the settings of a production server: committed data
    /// survive its end.
    ///
    /// # Errors
    /// When the programs of a PostgreSQL server are missing or fail.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = WorkFolder::create("postgres")?;
        if is_root()? {
            run(Command::new("chown").arg(ACCOUNT).arg(folder.path())).await?;
        }
        // It may be taken before the server starts; then the start fails and says so.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let postgres = Self { programs: programs()?, port, folder: Some(folder) };
        let data = postgres.data();
        let options = ["--username", ACCOUNT, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"];
        run(postgres.command("initdb")?.arg("--pgdata").arg(&data).args(options)).await?;
        postgres.server("start").await?;
        Ok(postgres)
    }

    /// `postgres://…` of its one database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://{ACCOUNT}@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends the server as a crash would and starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn crash_and_restart(&self) -> anyhow::Result<()> {
        self.server("stop").await?;
        self.server("start").await
    }

    /// Ends all sessions.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn end_sessions(&self) -> anyhow::Result<()> {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND client_port IS NOT NULL";
        let mut psql = self.command("psql")?;
        run(psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--command", sql, &self.url()])).await
    }

    /// Stops the server and deletes its folder.
    ///
    /// # Errors
    /// When that fails.
    pub async fn delete(mut self) -> anyhow::Result<()> {
        self.server("stop").await?;
        self.folder.take().map_or(Ok(()), WorkFolder::delete)
    }

    fn path(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), WorkFolder::path)
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    async fn server(&self, action: &str) -> anyhow::Result<()> {
        run(&mut self.server_command(action)?).await
    }

    fn server_command(&self, action: &str) -> anyhow::Result<Command> {
        let mut command = self.command("pg_ctl")?;
        command.args(["--wait", "--silent", "--pgdata"]).arg(self.data());
        if action == "start" {
            let folder = self.path().display();
            let options = format!("-c listen_addresses=127.0.0.1 -p {} -k {folder} -c max_connections=100", self.port);
            command.arg("--log").arg(self.path().join("log")).arg("--options").arg(options);
        } else {
            command.args(["--mode", "immediate"]);
        }
        command.arg(action);
        Ok(command)
    }

    fn command(&self, program: &str) -> anyhow::Result<Command> {
        let program = self.programs.join(program);
        let mut command = if is_root()? {
            let mut command = Command::new("runuser");
            command.args(["-u", ACCOUNT, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // The account may not have access to the current folder.
        command.current_dir("/");
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.folder.is_some()
            && let Ok(command) = self.server_command("stop")
        {
            // A failure can no longer be reported.
            let _ = command.into_std().stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

/// The folder with the newest server's programs.
fn programs() -> anyhow::Result<PathBuf> {
    let version =
        |folder: &PathBuf| folder.file_name().and_then(OsStr::to_str).and_then(|name| name.parse::<u32>().ok());
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    if let Some(newest) = installed.max_by_key(version) {
        return Ok(newest.join("bin"));
    }
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .find(|folder| folder.join("pg_ctl").is_file() && folder.join("initdb").is_file())
        .context("this test needs the programs of a PostgreSQL server (Debian: apt-get install postgresql)")
}

fn is_root() -> anyhow::Result<bool> {
    Ok(std::fs::metadata("/proc/self")?.uid() == 0)
}

async fn run(command: &mut Command) -> anyhow::Result<()> {
    // A started server inherits the handles of its starter: with a pipe this would wait for its end.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().await;
    let status = status.with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
