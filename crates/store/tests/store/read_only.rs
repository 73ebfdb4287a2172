use serde_json::json;
use store::{CollectionSpec, Filter, SchemaState, Store, StoreConfig, StoreError};

use testing::TestDatabase;

const ANY: CollectionSpec = CollectionSpec::with_id("Any");

async fn insert(store: &Store, id: &str) {
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&ANY, &json!({ "id": id })).await.unwrap();
    transaction.commit().await.unwrap();
}

pub(crate) async fn what_is_not_there_is_not_made(database: TestDatabase) {
    for _ in 0..2 {
        let inspection = Store::inspect(&database.config).await.unwrap();
        assert_eq!((inspection.schema, inspection.writer, inspection.obstacle), (SchemaState::Missing, None, None));
        assert!(inspection.file.is_none_or(|file| !file.exists()));
        assert!(Store::open_read_only(&database.config).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_noticed_at_once() {
    let connection_string = "postgres://u:secret@127.0.0.1:1/d".to_owned();
    let config = StoreConfig { connection_string, db_name: "n".to_owned() };
    let before = std::time::Instant::now();
    for error in [Store::inspect(&config).await.unwrap_err(), Store::open_read_only(&config).await.unwrap_err()] {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains("cannot connect") && !error.to_string().contains("secret"), "{error}");
    }
    assert!(before.elapsed() < std::time::Duration::from_secs(4), "{:?}", before.elapsed());
}

pub(crate) async fn a_reader_sees_what_the_writer_does_and_cannot_write(database: TestDatabase) {
    let writer = database.open().await;
    insert(&writer, "A").await;
    let reader = Store::open_read_only(&database.config).await.unwrap().unwrap();
    assert_eq!(reader.count_raw(&ANY, &Filter::All).await.unwrap(), 1);
    insert(&writer, "B").await;
    assert_eq!(reader.count_raw(&ANY, &Filter::All).await.unwrap(), 2);
    reader.ping().await.unwrap();
    let error = reader.begin().await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly), "{error}");
    assert_eq!(error.code(), "error.store.readOnly");
    reader.close().await.unwrap();
    // The reader has taken nothing from the writer.
    insert(&writer, "C").await;
    writer.ping().await.unwrap();
}

pub(crate) async fn the_writer_is_named_while_there_is_one(database: TestDatabase) {
    let writer = database.open().await;
    let inspection = Store::inspect(&database.config).await.unwrap();
    assert_eq!(inspection.schema, SchemaState::Current);
    let named = inspection.writer.unwrap();
    assert!(named.starts_with(&format!("process {}", std::process::id())) && !named.contains("instance"), "{named}");
    writer.close().await.unwrap();

    let inspection = Store::inspect(&database.config).await.unwrap();
    assert_eq!((inspection.schema, inspection.writer), (SchemaState::Current, None));
    let reader = Store::open_read_only(&database.config).await.unwrap().unwrap();
    // Readers block nobody.
    database.try_open().await.unwrap().close().await.unwrap();
    reader.close().await.unwrap();
}

pub(crate) async fn a_closed_database_is_left_as_it_was(database: TestDatabase) {
    let writer = database.open().await;
    insert(&writer, "A").await;
    writer.close().await.unwrap();
    let Some(file) = Store::inspect(&database.config).await.unwrap().file else { return };
    let files = || {
        let entries = std::fs::read_dir(file.parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (content, names) = (std::fs::read(&file).unwrap(), files());
    let reader = Store::open_read_only(&database.config).await.unwrap().unwrap();
    assert_eq!(reader.count_raw(&ANY, &Filter::All).await.unwrap(), 1);
    reader.close().await.unwrap();
    assert_eq!((std::fs::read(&file).unwrap(), files()), (content, names));
}
