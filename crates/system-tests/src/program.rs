//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, bail};

/// The path of the `connector` program: the value of `CONNECTOR_BIN`, or else a fresh build with the profile of this
/// test.
///
/// # Errors
/// When it cannot be built.
pub fn connector_program() -> anyhow::Result<PathBuf> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| match std::env::var_os("CONNECTOR_BIN") {
        Some(program) => Ok(program.into()),
        None => build().map_err(|error| format!("{error:#}")),
    });
    program.clone().map_err(anyhow::Error::msg)
}

fn build() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("the path of this test is not known")?;
    // TARGET/PROFILE/deps/this, or TARGET/PROFILE/this.
    let profile = this
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"))
        .context("this test is in no target folder")?;
    let target = profile.parent().context("this test is in no target folder")?;
    let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    cargo.args(["build", "--quiet", "--package", "connector", "--target-dir"]).arg(target);
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    if !cargo.status().context("cargo cannot be started")?.success() {
        bail!("the program cannot be built; CONNECTOR_BIN may name one");
    }
    Ok(profile.join("connector"))
}
