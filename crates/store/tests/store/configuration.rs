//! Valid configurations, and the errors for those that do not work.

use std::time::{Duration, Instant};

use store::{Store, StoreConfig, StoreError};
use tempfile::TempDir;

fn config(connection_string: impl Into<String>, db_name: &str) -> StoreConfig {
    StoreConfig { connection_string: connection_string.into(), db_name: db_name.to_owned() }
}

async fn refusal(connection_string: &str) -> String {
    let error = Store::open(&config(connection_string, "name")).await.unwrap_err();
    let printed = format!("{error} {error:?}");
    assert!(printed.contains("database.connectionString"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
    printed
}

#[tokio::test]
async fn unusable_connection_strings_are_named_without_secrets() {
    assert!(refusal("mysql://u:hunter2@localhost/db").await.contains("unknown scheme 'mysql'"));
    assert!(refusal("u:hunter2@localhost").await.contains("must start with"));
    assert!(refusal("").await.contains("must start with"));
    assert!(refusal("sqlite://").await.contains("FOLDER"));
    assert!(refusal("sqlite:///tmp/x?mode=hunter2").await.contains("without options"));
    assert!(refusal("postgres://u:hunter2@localhost:99999/db").await.contains("invalid port"));
    assert!(refusal("postgres://u@localhost/db?passwd=hunter2").await.contains("unknown parameter 'passwd'"));
    assert!(refusal("postgres://u@localhost/db?sslmode=hunter2").await.contains("cannot be read"));
}

#[tokio::test]
async fn an_unreachable_server_is_reported_soon_and_without_the_password() {
    // The port is taken, but nobody listens there.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = taken.local_addr().unwrap().port();
    let started = Instant::now();
    let printed = refusal(&format!("postgres://u:hunter2@127.0.0.1:{port}/db")).await;
    assert!(printed.contains(&format!("127.0.0.1:{port}/db")) && printed.contains("Unavailable"), "{printed}");
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn printing_a_configuration_hides_the_connection_string() {
    let printed = format!("{:?}", config("postgres://u:hunter2@localhost/db", "name"));
    assert_eq!(printed, r#"StoreConfig { connection_string: "postgres://[redacted]", db_name: "name" }"#);
    assert!(!format!("{:?}", config("hunter2", "name")).contains("hunter2"));
}

#[tokio::test]
async fn unusable_names_are_refused() {
    let folder = TempDir::new().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().display());
    for name in ["", "../x", "a/b", "a\"b", ".hidden", "-x", "a b", "ü", "x".repeat(64).as_str()] {
        let error = Store::open(&config(&sqlite, name)).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Configuration(message) if message.contains("database.dbName")),
            "{name}: {error}"
        );
    }
    for name in ["pg_mine", "information_schema"] {
        let error = Store::open(&config("postgres://localhost/db", name)).await.unwrap_err();
        assert!(error.to_string().contains("reserved"), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn a_folder_and_its_file_are_made_for_the_owner_only() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("made/here");
    let store = Store::open(&config(format!("sqlite://{}", inner.display()), "default")).await.unwrap();
    let file = inner.join("default.db");
    assert!(file.is_file() && inner.join("default.lock").is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for path in [&file, &inner.join("default.db-wal"), &inner.join("default.lock")] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
        assert_eq!(std::fs::metadata(&inner).unwrap().permissions().mode() & 0o077, 0);
    }
    store.close().await.unwrap();

    // The file itself can be named as well; then the name of the database does not matter.
    let store = Store::open(&config(format!("sqlite://{}", file.display()), "other")).await.unwrap();
    assert!(!inner.join("other.db").exists());
    store.close().await.unwrap();

    std::fs::write(folder.path().join("plain"), "x").unwrap();
    let error = Store::open(&config(format!("sqlite://{}", folder.path().join("plain").display()), "default"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is a file"), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let config = config(format!("sqlite://{}", folder.path().display()), "default");
    Store::open(&config).await.unwrap().close().await.unwrap();
    let file = folder.path().join("default.db");
    let mut connection = open_file(&file).await;
    sqlx::raw_sql("INSERT INTO schema_step (step) VALUES (1000)").execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let error = Store::open(&config).await.unwrap_err();
    assert!(error.to_string().contains("newer version"), "{error}");
    assert_eq!(error.code(), "error.store.configuration");
}

async fn open_file(file: &std::path::Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    sqlx::ConnectOptions::connect(&options).await.unwrap()
}

#[tokio::test]
async fn in_memory_databases_are_private() {
    let spec = store::CollectionSpec::with_id("Any");
    let one = Store::in_memory().await.unwrap();
    let other = Store::in_memory().await.unwrap();
    let mut transaction = one.begin().await.unwrap();
    transaction.insert_raw(&spec, &serde_json::json!({"id": "A"})).await.unwrap();
    // A reader works beside an open transaction, as with a file.
    assert_eq!(one.count_raw(&spec, &store::Filter::All).await.unwrap(), 0);
    transaction.commit().await.unwrap();
    assert_eq!(one.count_raw(&spec, &store::Filter::All).await.unwrap(), 1);
    assert_eq!(other.count_raw(&spec, &store::Filter::All).await.unwrap(), 0);
}
