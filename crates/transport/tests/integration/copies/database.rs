//! Databases that can be copied while they are not in use, like backups and cloned machines.

use std::path::Path;

use core_types::{Randomness, random};
use sqlx::AssertSqlSafe;
use store::{Store, StoreConfig};
use tempfile::TempDir;
use testing::{TestDatabase, admin, postgres_url};

pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres(String),
}

async fn administer(sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap();
}

fn unique_name() -> String {
    format!("copies_{}", random::uuid(&mut Randomness::system()).replace('-', "_"))
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

impl Database {
    /// An empty one of the same kind that can be copied: of a PostgreSQL server, a whole database.
    pub(crate) async fn like(database: &TestDatabase) -> Self {
        if !database.is_postgres() {
            return Self::Sqlite(tempfile::tempdir().unwrap());
        }
        let name = unique_name();
        administer(format!("CREATE DATABASE {name}")).await;
        Self::Postgres(name)
    }

    /// Another database with the same content.
    pub(crate) async fn copy(&self) -> Self {
        match self {
            Self::Sqlite(folder) => {
                let copy = tempfile::tempdir().unwrap();
                copy_files(folder.path(), copy.path());
                Self::Sqlite(copy)
            }
            Self::Postgres(name) => {
                let copy = unique_name();
                administer(format!("CREATE DATABASE {copy} TEMPLATE {name}")).await;
                Self::Postgres(copy)
            }
        }
    }

    pub(crate) async fn open(&self) -> Store {
        let connection_string = match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().display()),
            Self::Postgres(name) => {
                let mut url: url::Url = postgres_url().parse().unwrap();
                url.set_path(name);
                url.into()
            }
        };
        Store::open(&StoreConfig { connection_string, db_name: "account".to_owned() }).await.unwrap()
    }

    pub(crate) async fn remove(self) {
        if let Self::Postgres(name) = self {
            administer(format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}
