use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A temporary folder that is kept if a test fails: databases and logs show the reason.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
}

impl WorkFolder {
    /// A new folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(name: &str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix(&format!("connector-{name}-")).tempdir();
        Ok(Self { path: folder.context("no temporary folder")?.keep() })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes the folder; otherwise it is kept.
    ///
    /// # Errors
    /// When something in it cannot be deleted.
    pub fn delete(self) -> anyhow::Result<()> {
        std::fs::remove_dir_all(&self.path).with_context(|| format!("cannot delete {}", self.path.display()))
    }
}
