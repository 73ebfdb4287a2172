//! The baseline for our answers: axum with nothing behind it.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Serves until it is killed.
pub(crate) async fn serve(file: &Path) -> anyhow::Result<()> {
    let body = Bytes::from(std::fs::read(file)?);
    let answer = move || {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/json; charset=utf-8")], body) }
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, Router::new().fallback(answer)).await?;
    Ok(())
}

/// A process that serves the file, and its port. It ends when it is dropped.
pub(crate) async fn start(file: &Path) -> anyhow::Result<(Child, u16)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("bare")
        .arg(file)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("the bare server cannot be started")?;
    let output = child.stdout.take().context("the bare server has no output")?;
    match BufReader::new(output).lines().next_line().await? {
        Some(line) => Ok((child, line.parse()?)),
        None => bail!("the bare server ended at once"),
    }
}
