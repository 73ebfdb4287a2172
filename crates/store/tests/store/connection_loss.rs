//! A PostgreSQL server that goes away and comes back.

use serde_json::json;
use sqlx::AssertSqlSafe;
use store::{CollectionSpec, Filter, NewEvent, Store, StoreError};
use testing::{TestDatabase, admin};

const ANY: CollectionSpec = CollectionSpec::with_id("Any");

async fn insert(store: &Store, id: &str) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    transaction.insert_raw(&ANY, &json!({ "id": id })).await?;
    let event = NewEvent { namespace: id.to_owned(), object_id: None, data: None, correlation_id: None };
    transaction.append_event(event).await?;
    transaction.commit().await
}

#[tokio::test]
async fn a_new_transaction_connects_again() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    for round in 0..3 {
        insert(&store, &format!("before {round}")).await.unwrap();
        database.end_sessions().await;
        insert(&store, &format!("after {round}")).await.unwrap();
        assert_eq!(store.count_raw(&ANY, &Filter::All).await.unwrap(), 2 * (round + 1));
        store.ping().await.unwrap();
        let refused = database.try_open().await.unwrap_err();
        assert!(matches!(refused, StoreError::Locked { .. }), "the lease was taken again: {refused}");
    }
}

#[tokio::test]
async fn an_open_transaction_is_lost_as_a_whole() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&ANY, &json!({"id": "lost"})).await.unwrap();
    database.end_sessions().await;
    let error = transaction.insert_raw(&ANY, &json!({"id": "lost too"})).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert_eq!(error.code(), "error.store.unavailable");
    assert!(transaction.commit().await.is_err());

    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&ANY, &json!({"id": "kept"})).await.unwrap();
    database.end_sessions().await;
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");

    insert(&store, "kept").await.unwrap();
    assert_eq!(store.find_raw(&ANY, &Filter::All.into()).await.unwrap(), [json!({"id": "kept"})]);
    assert_eq!(store.events_after(0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn readers_recover() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    insert(&store, "A").await.unwrap();
    for _ in 0..3 {
        store.ping().await.unwrap();
        database.end_sessions().await;
        assert_eq!(store.count_raw(&ANY, &Filter::All).await.unwrap(), 1);
    }
}

/// A lock makes the server as silent as a network that drops everything.
#[tokio::test]
async fn a_server_that_does_not_answer_blocks_nobody_for_long() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    insert(&store, "A").await.unwrap();
    let mut blocker = admin().await;
    let lock = format!("BEGIN; LOCK TABLE \"{}\".document IN ACCESS EXCLUSIVE MODE", database.config.db_name);
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut blocker).await.unwrap();

    let mut transaction = store.begin().await.unwrap();
    // From here on time only passes while all tasks wait, and then at once.
    tokio::time::pause();
    let error = transaction.insert_raw(&ANY, &json!({"id": "B"})).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    let error = store.count_raw(&ANY, &Filter::All).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(transaction.commit().await.is_err());
    tokio::time::resume();

    sqlx::raw_sql("ROLLBACK").execute(&mut blocker).await.unwrap();
    database.end_sessions().await;
    insert(&store, "C").await.unwrap();
    assert_eq!(store.find_raw(&ANY, &Filter::All.into()).await.unwrap(), [json!({"id": "A"}), json!({"id": "C"})]);
}

#[tokio::test]
async fn a_successor_in_between_keeps_the_former_writer_out() {
    let database = TestDatabase::postgres();
    let former = database.open().await;
    insert(&former, "A").await.unwrap();
    // An open transaction of the former writer dies with its session and cannot be continued under the successor.
    let mut transaction = former.begin().await.unwrap();
    transaction.insert_raw(&ANY, &json!({"id": "half"})).await.unwrap();
    database.break_lease().await;
    let successor = database.open().await;
    assert!(
        transaction
            .append_event(NewEvent { namespace: "n".to_owned(), object_id: None, data: None, correlation_id: None })
            .await
            .is_err()
    );
    assert!(transaction.commit().await.is_err());
    assert!(matches!(insert(&former, "B").await.unwrap_err(), StoreError::LeaseLost { .. }));
    insert(&successor, "C").await.unwrap();
    assert_eq!(successor.count_raw(&ANY, &Filter::All).await.unwrap(), 2);
}

#[tokio::test]
async fn a_term_raised_behind_the_back_ends_the_lease() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    let sql = format!("UPDATE \"{}\".lease SET term = term + 1, holder = 'another'", database.config.db_name);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap();
    assert!(matches!(store.ping().await.unwrap_err(), StoreError::LeaseLost { .. }));
    assert!(matches!(insert(&store, "A").await.unwrap_err(), StoreError::LeaseLost { .. }));
}

#[tokio::test]
async fn a_term_raised_without_learning_of_it_is_ours() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    insert(&store, "A").await.unwrap();
    // The connection that replaced a lost one was lost as well, after it had raised the term.
    database.end_sessions().await;
    let sql = format!("UPDATE \"{}\".lease SET term = term + 1", database.config.db_name);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap();
    insert(&store, "B").await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.count_raw(&ANY, &Filter::All).await.unwrap(), 2);
}

#[tokio::test]
async fn a_term_cannot_be_raised_during_a_transaction() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    let sql = format!("SET lock_timeout = 100; UPDATE \"{}\".lease SET term = term + 1", database.config.db_name);
    let error = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap_err();
    assert!(error.to_string().contains("lock timeout"), "{error}");
    transaction.insert_raw(&ANY, &json!({"id": "A"})).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn the_lease_is_awaited_while_the_server_keeps_the_former_session() {
    let database = TestDatabase::postgres();
    let store = database.open().await;
    insert(&store, "A").await.unwrap();
    database.end_sessions().await;
    // Another session holds the lock, but nobody raised the term: like a session whose end the server has not noticed.
    let mut zombie = admin().await;
    let name = format!("writer lease of {}", database.config.db_name);
    sqlx::query("SELECT pg_advisory_lock(hashtextextended($1, 0))").bind(name).execute(&mut zombie).await.unwrap();
    for _ in 0..2 {
        let error = insert(&store, "B").await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
    sqlx::raw_sql("SELECT pg_advisory_unlock_all()").execute(&mut zombie).await.unwrap();
    insert(&store, "B").await.unwrap();
    assert_eq!(store.count_raw(&ANY, &Filter::All).await.unwrap(), 2);
}
