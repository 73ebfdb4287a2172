//! SQLite files that another process has overwritten. A PostgreSQL server keeps its files to itself.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use serde_json::{Value, json};
use store::{CollectionSpec, Document, Query, Store, StoreError};

use testing::TestDatabase;

const PAGE: u64 = 4096;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Item(Value);

impl Document for Item {
    const COLLECTION: CollectionSpec = CollectionSpec::with_id("Items");

    fn key(&self) -> &str {
        self.0["id"].as_str().unwrap_or_default()
    }
}

/// A database with documents of some size, of which only the first pages can be read.
async fn damaged(database: &TestDatabase, count: usize, size: usize, first_page: u64) -> Store {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    for number in 0..count {
        transaction.insert(&Item(json!({ "id": number.to_string(), "text": "x".repeat(size) }))).await.unwrap();
    }
    transaction.commit().await.unwrap();
    store.close().await.unwrap();
    let path = database.file();
    let length = std::fs::metadata(&path).unwrap().len();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for page in first_page..length / PAGE {
        file.write_all_at(&[0xa5; 4096], page * PAGE).unwrap();
    }
    database.open().await
}

#[tokio::test]
async fn damage_met_by_a_list_is_remembered() {
    // First in the list itself, then in the documents.
    for (count, size, first_page, is_met_at_once) in [(5000, 100, 60, true), (1, 200_000, 40, false)] {
        let database = TestDatabase::sqlite();
        let store = damaged(&database, count, size, first_page).await;
        store.ping().await.unwrap();
        let met = match store.scan::<Item>(&Query::default()).await {
            Ok(mut scan) => {
                assert!(!is_met_at_once);
                scan.next().await.map(drop)
            }
            Err(error) => {
                assert!(is_met_at_once, "{error}");
                Err(error)
            }
        };
        assert!(matches!(met, Err(StoreError::Damaged { .. })), "{met:?}");
        assert!(matches!(store.ping().await, Err(StoreError::Damaged { .. })));
    }
}
