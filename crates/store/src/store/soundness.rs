//! Checks that the database works: it accepts a write, and is not damaged.

use core_types::random;
use serde_json::json;

use super::Store;
use crate::config::Location;
use crate::connection::Readers;
use crate::sql::Statement;
use crate::{CollectionSpec, StoreConfig, StoreError};

/// The document that is written to check that writing works; replaced each time.
const PROBE: CollectionSpec = CollectionSpec::with_id("WriteProbe");
/// About the size of a small message.
const PROBE_BYTES: usize = 4096;
/// Reading a larger SQLite file would take minutes; there, damage shows when it is met.
const LARGEST_CHECKED: i64 = 1024 * 1024 * 1024;
/// The maximum number of other databases that are returned.
const MOST_NEIGHBOURS: usize = 20;

impl Store {
    /// The name of the database in errors and logs: its location, never the credentials.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.inner.database
    }

    /// Checks that a write reaches the disk. Waits for the open transaction.
    ///
    /// # Errors
    /// As [`Store::begin`] and [`crate::Transaction::commit`].
    pub async fn probe_write(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // SQLite writes nothing if nothing changes.
        let filling = random::uuid(&mut self.inner.randomness.clone());
        let document = json!({ "id": "probe", "filling": filling.repeat(PROBE_BYTES / filling.len()) });
        transaction.put_raw(&PROBE, &document).await?;
        transaction.commit().await
    }

    /// Looks for damage in an SQLite file, unless it is very large. Damage is recorded for [`Store::ping`]. A
    /// PostgreSQL server takes care of itself.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], or errors of the database.
    pub async fn check_integrity(&self) -> Result<(), StoreError> {
        if matches!(self.inner.location, Location::Postgres { .. }) {
            return Ok(());
        }
        let checked = async {
            let mut connection = self.inner.read().await?;
            let mut session = connection.session(&self.inner.database);
            let size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
            if session.fetch_one(Statement::new(size)).await?.integer(0)? > LARGEST_CHECKED {
                return Ok(());
            }
            match session.fetch_one(Statement::new("PRAGMA quick_check(1)")).await?.text(0)?.as_str() {
                "ok" => Ok(()),
                reason => Err(StoreError::Damaged {
                    database: self.inner.database.clone(),
                    // The first line names the damage; it contains pages and indexes, never contents.
                    reason: reason.lines().next().unwrap_or_default().to_owned(),
                }),
            }
        };
        self.inner.noted(checked.await)
    }

    /// Databases beside the configured one, which may hold other Identities: files of the same folder, schemas of the
    /// same server.
    ///
    /// # Errors
    /// A folder or server that cannot be read.
    pub async fn neighbours(config: &StoreConfig) -> Result<Vec<StoreConfig>, StoreError> {
        let mut found = match config.location()? {
            Location::Sqlite { file } | Location::Temporary { file } => {
                let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(std::path::Path::new("."));
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
                let others = entries.filter(|path| {
                    path.is_file() && path.extension() == file.extension() && path.file_name() != file.file_name()
                });
                let at = |path: std::path::PathBuf| StoreConfig {
                    connection_string: format!("sqlite://{}", path.display()),
                    db_name: config.db_name.clone(),
                };
                others.map(at).collect::<Vec<_>>()
            }
            location @ Location::Postgres { .. } => {
                let database = crate::connection::describe(&location);
                let readers = Readers::open_existing(&location, &database).await?;
                let mut connection = readers.acquire(&database).await?;
                let sql = "SELECT nspname FROM pg_namespace AS n WHERE nspname <> $1 AND EXISTS \
                    (SELECT 1 FROM pg_class WHERE relnamespace = n.oid AND relname = 'lease') ORDER BY nspname";
                let rows =
                    connection.session(&database).fetch_all(Statement::new(sql).bind(config.db_name.as_str())).await?;
                drop(connection);
                readers.close().await;
                let named = |name: String| StoreConfig { db_name: name, ..config.clone() };
                rows.iter().map(|row| row.text(0).map(named)).collect::<Result<_, _>>()?
            }
        };
        found.sort_by(|a, b| (&a.connection_string, &a.db_name).cmp(&(&b.connection_string, &b.db_name)));
        found.truncate(MOST_NEIGHBOURS);
        Ok(found)
    }
}
