//! The `database` block. It is the only block that an existing configuration has to change for this program.

use settings::{Kind, Node, Section, Setting, Wrong};
use store::StoreConfig;

/// The location of the Identity's data.
pub(crate) struct Database {
    /// `sqlite://FOLDER` or `postgres://…`.
    pub(crate) connection_string: String,
    /// The Identity's name in that database: a file or a schema of its own.
    pub(crate) name: String,
}

impl Database {
    /// The configuration with which the store is opened.
    pub(crate) fn to_store_config(&self) -> StoreConfig {
        StoreConfig { connection_string: self.connection_string.clone(), db_name: self.name.clone() }
    }
}

const WRITE_INSTEAD: &str = "write \"sqlite://./data\" (a folder, nothing to install) or \
     \"postgres://user:password@host/database\"";

/// The section `database`.
pub(super) const SETTINGS: Section = Section::new(&[
    Setting::new(
        "connectionString",
        Kind::text(|text| Database::kind(text).map(drop)),
        "`sqlite://FOLDER`: a folder with one file for each Identity, made when missing. \
         `postgres://USER:PASSWORD@HOST:PORT/DATABASE`: one schema for each Identity",
    )
    .default("\"sqlite://./data\"")
    .secret(),
    Setting::new("dbName", Kind::TEXT, "the Identity's name there; another name is another Identity")
        .default("\"default\""),
    Setting::new("driver", Kind::TEXT, "accepted where it fits `connectionString`; not needed").since("4.0"),
    Setting::removed(
        "folder",
        "belonged to the lokijs driver",
        "write the folder as database.connectionString, for example \"sqlite:///var/lib/connector\", and remove this key",
    ),
    Setting::removed(
        "dbNamePrefix",
        "was removed in 7.0",
        "write prefix and name together as database.dbName, for example \"acc-default\"",
    ),
]);

/// Reads a block that has been checked against the table; `None` if there are mistakes.
pub(super) fn read(node: &Node<'_>) -> Option<Database> {
    let kind = node.text("connectionString").and_then(|text| Database::kind(text).ok());
    match (node.text("driver"), kind) {
        (Some(driver), Some(kind)) if !kind.drivers().contains(&driver) => {
            let message = format!("is {driver:?}, which is not what database.connectionString names");
            node.mistake_at("driver", Wrong::new(message).fix("remove the key"));
        }
        (Some("mongodb" | "lokijs"), None) => {
            let message = "names a database this program does not open";
            node.mistake_at("driver", Wrong::new(message).fix("remove the key"));
        }
        _ => {}
    }
    let name = node.text("dbName").filter(|name| !name.is_empty())?;
    kind?;
    let database = Database { connection_string: node.text("connectionString")?.to_owned(), name: name.to_owned() };
    match database.to_store_config().check() {
        Ok(()) => Some(database),
        Err(error) => {
            refuse(node, &error.to_string());
            None
        }
    }
}

/// Adds a refusal by the store, which begins with the key concerned.
fn refuse(node: &Node<'_>, error: &str) {
    for key in ["dbName", "connectionString"] {
        if let Some(message) = error.strip_prefix(&format!("{}.{key}", node.path())) {
            return node.mistake_at(key, Wrong::new(message.trim_start_matches([':', ' ']).to_owned()));
        }
    }
    node.mistake(Wrong::new(format!("is refused: {error}")));
}

#[derive(Clone, Copy)]
enum DatabaseKind {
    Sqlite,
    Postgres,
}

impl Database {
    /// Never repeats the text: it may contain a password.
    fn kind(connection_string: &str) -> Result<DatabaseKind, Wrong> {
        match connection_string.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(DatabaseKind::Sqlite),
            Some("postgres" | "postgresql") => Ok(DatabaseKind::Postgres),
            _ if connection_string.starts_with("mongodb") => {
                Err(Wrong::new("names a MongoDB, which this program does not open").fix(WRITE_INSTEAD))
            }
            _ => Err(Wrong::new("does not start with sqlite:// or postgres://").fix(WRITE_INSTEAD)),
        }
    }
}

impl DatabaseKind {
    fn drivers(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["sqlite"],
            Self::Postgres => &["postgres", "postgresql"],
        }
    }
}
