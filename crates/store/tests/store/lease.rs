use std::time::Duration;

use serde_json::json;
use store::{CollectionSpec, Filter, Store, StoreError, StoreOptions};

use testing::TestDatabase;

const ANY: CollectionSpec = CollectionSpec::with_id("Any");

async fn insert(store: &Store, id: &str) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    transaction.insert_raw(&ANY, &json!({ "id": id })).await?;
    transaction.commit().await
}

pub(crate) async fn a_second_opener_is_refused(database: TestDatabase) {
    let store = database.open().await;
    let error = database.try_open().await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert_eq!(error.code(), "error.store.locked");
    assert!(error.to_string().contains("in use by another instance"));
    // The refused one has not disturbed the first.
    insert(&store, "A").await.unwrap();
    store.ping().await.unwrap();
    store.close().await.unwrap();
    let store = database.try_open().await.unwrap();
    assert_eq!(store.count_raw(&ANY, &Filter::All).await.unwrap(), 1);
}

pub(crate) async fn a_second_opener_can_wait(database: TestDatabase) {
    let store = database.open().await;
    let options = StoreOptions { lease_wait: Duration::from_secs(30), ..StoreOptions::default() };
    let config = database.config.clone();
    let second = tokio::spawn(async move { Store::open_with(&config, options).await });
    insert(&store, "A").await.unwrap();
    assert!(!second.is_finished());
    drop(store);
    let second = second.await.unwrap().unwrap();
    insert(&second, "B").await.unwrap();
    assert_eq!(second.count_raw(&ANY, &Filter::All).await.unwrap(), 2);
}

pub(crate) async fn a_former_writer_is_fenced_off(database: TestDatabase) {
    let former = database.open().await;
    insert(&former, "A").await.unwrap();
    database.break_lease().await;
    let current = database.open().await;
    for _ in 0..2 {
        let error = former.begin().await.unwrap_err();
        assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
        assert_eq!(error.code(), "error.store.leaseLost");
        assert!(matches!(former.ping().await.unwrap_err(), StoreError::LeaseLost { .. }));
    }
    insert(&current, "B").await.unwrap();
    current.ping().await.unwrap();
    // Although the successor has gone, the state in the former writer's memory is outdated.
    current.close().await.unwrap();
    assert!(matches!(former.begin().await.unwrap_err(), StoreError::LeaseLost { .. }));
}

pub(crate) async fn a_closed_store_refuses_everything(database: TestDatabase) {
    let store = database.open().await;
    let clone = store.clone();
    insert(&store, "A").await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    for error in [
        clone.begin().await.unwrap_err(),
        clone.get_raw(&ANY, "A").await.unwrap_err(),
        clone.events_after(0, 1).await.unwrap_err(),
        clone.ping().await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Closed), "{error}");
    }
}
