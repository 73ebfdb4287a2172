//! The data folder: locked by one process and private to its user.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::BackboneError;

const DATABASE: &str = "backbone.db";
/// Files that SQLite keeps beside the database.
const COMPANIONS: [&str; 3] = ["backbone.db-wal", "backbone.db-shm", "backbone.db-journal"];
const LOCK: &str = "backbone.lock";

const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;
const OF_OTHERS: u32 = 0o077;
/// The mode bit of shared folders such as `/tmp`.
const STICKY: u32 = 0o1000;

/// The locked folder. The operating system releases the lock when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: Mutex<Option<File>>,
}

impl Folder {
    /// Creates the folder if it is missing, locks it, and takes the permissions of other users away.
    pub(crate) fn open(path: &Path) -> Result<Self, BackboneError> {
        let unusable = |source| BackboneError::DataDirectory { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(path).map_err(unusable)?;
        let lock = lock(path)?;
        let folder = Self { path: path.to_owned(), lock: Mutex::new(Some(lock)) };
        folder.make_private().map_err(unusable)?;
        Ok(folder)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Releases the folder for another process.
    pub(crate) fn close(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Includes files that an older version left readable for others. The database file is created here, because SQLite
    /// would make it readable for others.
    fn make_private(&self) -> io::Result<()> {
        OpenOptions::new().append(true).create(true).mode(PRIVATE_FILE).open(self.database())?;
        self.restrict_folder()?;
        for name in [DATABASE].into_iter().chain(COMPANIONS) {
            restrict(&self.path.join(name), PRIVATE_FILE);
        }
        Ok(())
    }

    /// A folder that others use as well stays as it is.
    fn restrict_folder(&self) -> io::Result<()> {
        let mode = fs::metadata(&self.path)?.permissions().mode();
        if mode & OF_OTHERS != 0 && (mode & STICKY != 0 || self.holds_other_files()?) {
            let path = self.path.display();
            tracing::warn!(
                "Other users may enter {path}, which holds more than the Backbone's files: give the Backbone a folder of its own"
            );
            return Ok(());
        }
        restrict(&self.path, PRIVATE_FOLDER);
        Ok(())
    }

    fn holds_other_files(&self) -> io::Result<bool> {
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            if ![DATABASE, LOCK].into_iter().chain(COMPANIONS).any(|own| name == own) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Takes the permissions of others away. A folder of another user stays as it is, with a warning.
fn restrict(path: &Path, mode: u32) {
    let Ok(metadata) = fs::metadata(path) else { return };
    if metadata.permissions().mode() & OF_OTHERS == 0 {
        return;
    }
    if let Err(error) = fs::set_permissions(path, Permissions::from_mode(mode)) {
        let path = path.display();
        tracing::warn!("Other users may read {path}, which can not be changed ({error}): make it {mode:o}");
    }
}

fn lock(folder: &Path) -> Result<File, BackboneError> {
    let path = folder.join(LOCK);
    let unusable = |source| BackboneError::DataDirectory { path: path.clone(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE_FILE)
        .open(&path)
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut process = String::new();
            // Used for the message only.
            let _ = file.take(20).read_to_string(&mut process);
            return Err(BackboneError::InUse { path: folder.to_owned(), process: process.trim().to_owned() });
        }
        Err(fs::TryLockError::Error(error)) => return Err(unusable(error)),
    }
    // A full disk must not prevent a start; the lock does not depend on the content of the file.
    if let Err(error) = note_owner(&mut file) {
        tracing::debug!(%error, "the lock does not say whose it is");
    }
    Ok(file)
}

fn note_owner(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn one_at_a_time_has_the_folder() {
        let temporary = tempfile::tempdir().unwrap();
        let first = Folder::open(temporary.path()).unwrap();
        let error = Folder::open(temporary.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        assert!(error.contains(&temporary.path().display().to_string()), "{error}");
        first.close();
        Folder::open(temporary.path()).unwrap();
        drop(first);
    }

    #[test]
    fn what_a_former_version_left_readable_is_made_private() {
        let temporary = tempfile::tempdir().unwrap();
        fs::set_permissions(temporary.path(), Permissions::from_mode(0o755)).unwrap();
        for name in [DATABASE].into_iter().chain(COMPANIONS) {
            fs::write(temporary.path().join(name), "").unwrap();
            fs::set_permissions(temporary.path().join(name), Permissions::from_mode(0o644)).unwrap();
        }
        Folder::open(temporary.path()).unwrap();
        assert_eq!(mode(temporary.path()), 0o700);
        for name in [DATABASE, LOCK].into_iter().chain(COMPANIONS) {
            assert_eq!(mode(&temporary.path().join(name)), 0o600, "{name}");
        }
    }

    #[test]
    fn a_folder_that_others_use_stays_as_it_is() {
        for (shared, foreign) in [(0o1777, None), (0o777, Some("theirs")), (0o755, Some("theirs"))] {
            let temporary = tempfile::tempdir().unwrap();
            if let Some(name) = foreign {
                fs::write(temporary.path().join(name), "").unwrap();
            }
            fs::set_permissions(temporary.path(), Permissions::from_mode(shared)).unwrap();
            Folder::open(temporary.path()).unwrap();
            assert_eq!(fs::metadata(temporary.path()).unwrap().permissions().mode() & 0o7777, shared);
            assert_eq!(mode(&temporary.path().join(DATABASE)), 0o600);
        }
    }

    #[test]
    fn a_new_folder_is_private() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("deep").join("data");
        Folder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join(DATABASE)), 0o600);
    }
}
