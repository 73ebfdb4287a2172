//! The `database` block. It is the one block an existing configuration has to change for this program.

use store::StoreConfig;

use super::problems::Section;

/// Where the Identity's data lives.
pub(crate) struct Database {
    /// `sqlite://FOLDER` or `postgres://…`.
    pub(crate) connection_string: String,
    /// The Identity's name in that database: a file or a schema each.
    pub(crate) name: String,
}

impl Database {
    /// What the store is opened with.
    pub(crate) fn to_store_config(&self) -> StoreConfig {
        StoreConfig { connection_string: self.connection_string.clone(), db_name: self.name.clone() }
    }
}

const KNOWN: [&str; 3] = ["connectionString", "dbName", "driver"];
const WRITE_INSTEAD: &str = "write \"sqlite://./data\" (a folder, nothing to install) or \
     \"postgres://user:password@host/database\"";

pub(super) fn read(section: &Section<'_>) -> Option<Database> {
    let legacy: Vec<&str> =
        ["folder", "dbNamePrefix"].into_iter().filter(|key| section.map().contains_key(*key)).collect();
    for key in &legacy {
        section.problem(key, legacy_fix(key));
    }
    section.refuse_unknown(&[&KNOWN[..], &legacy[..]].concat());

    let connection_string = section.required_text("connectionString", WRITE_INSTEAD);
    let name = section.required_text("dbName", "write the name of the Identity's database, for example \"default\".");
    let driver = section.text("driver");

    let kind = connection_string.and_then(|text| Kind::of(text).or_else(|| refuse(section, text)));
    if let (Some(driver), Some(kind)) = (driver, kind)
        && !kind.drivers().contains(&driver)
    {
        section.problem(
            "driver",
            &format!("is {driver:?}, which is not what database.connectionString names: remove the key."),
        );
    } else if let (Some("mongodb" | "lokijs"), None) = (driver, kind) {
        section.problem("driver", "names a database this program does not open: remove the key.");
    }

    kind?;
    Some(Database { connection_string: connection_string?.to_owned(), name: name?.to_owned() })
}

#[derive(Clone, Copy)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    fn of(connection_string: &str) -> Option<Self> {
        let (scheme, _) = connection_string.split_once(':')?;
        match scheme {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }

    fn drivers(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["sqlite"],
            Self::Postgres => &["postgres", "postgresql"],
        }
    }
}

/// Never repeats the text: it may carry a password.
fn refuse<T>(section: &Section<'_>, connection_string: &str) -> Option<T> {
    let reason = if connection_string.starts_with("mongodb") {
        "names a MongoDB, which this program does not open"
    } else {
        "does not start with sqlite:// or postgres://"
    };
    section.problem("connectionString", &format!("{reason}: {WRITE_INSTEAD}."));
    None
}

fn legacy_fix(key: &str) -> &'static str {
    match key {
        "folder" => {
            "belonged to the lokijs driver: write the folder as database.connectionString, \
             for example \"sqlite:///var/lib/connector\", and remove this key."
        }
        _ => "was removed in 7.0: write prefix and name together as database.dbName, for example \"acc-default\".",
    }
}
