use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{CollectionSpec, Document, Filter, NewEvent, Query, Store, StoreConfig, StoreError};

use testing::TestDatabase;

/// The deepest nesting of a document.
const DEEPEST: usize = foreign_json::MAX_DEPTH + 16;

const ANY: CollectionSpec = CollectionSpec::with_id("Any").indexed(&["status", "peer.address"]);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Token {
    id: String,
    content: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

impl Document for Token {
    const COLLECTION: CollectionSpec = CollectionSpec::with_id("Tokens");

    fn key(&self) -> &str {
        &self.id
    }
}

fn token(id: &str, content: impl Into<Value>) -> Token {
    Token { id: id.to_owned(), content: content.into(), expires: None }
}

async fn ids(store: &Store, spec: &CollectionSpec) -> Vec<String> {
    let found = store.find_raw(spec, &Query::default()).await.unwrap();
    found.iter().map(|document| document["id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn documents_come_back_as_they_were_written(database: TestDatabase) {
    let store = database.open().await;
    let nested = (0..120).fold(json!("deep"), |inner, _| json!([inner]));
    let text = r#"{"zzz":1,"id":"A","aa":{"z":null,"a":[]},"nul":"a\u0000b","k\u0000y":1,"quote\"d":"\\\"","u":18446744073709551615,
        "i":-9223372036854775808,"f":0.1,"e":1e300,"minus":-0.0,"float":1.0,"empty":"","😀":"😀\u2028","true":true}"#;
    let mut document: Value = serde_json::from_str(text).unwrap();
    document["nested"] = nested;
    let written = document.to_string();

    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&ANY, &document).await.unwrap();
    transaction.insert(&token("T", json!({"x": 1}))).await.unwrap();
    transaction.commit().await.unwrap();

    let read = store.get_raw(&ANY, "A").await.unwrap().unwrap();
    assert_eq!(read.to_string(), written, "member order and numbers stay");
    assert_eq!(store.get::<Token>("T").await.unwrap(), Some(token("T", json!({"x": 1}))));
    assert_eq!(store.get::<Token>("A").await.unwrap(), None, "collections are separate");
    assert_eq!(store.count::<Token>(&Filter::All).await.unwrap(), 1);
    assert_eq!(
        store.find_one::<Token>(&Filter::eq("content.x", 1).into()).await.unwrap(),
        Some(token("T", json!({"x": 1})))
    );
}

pub(crate) async fn keys_are_unique_and_replacing_needs_a_document(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(&token("A", 1)).await.unwrap();
    let error = transaction.insert(&token("A", 2)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Duplicate { collection, key } if collection == "Tokens" && key == "A"));
    assert_eq!(error.code(), "error.store.duplicate");
    let error = transaction.replace(&token("B", 2)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }));
    assert_eq!(error.code(), "error.store.notFound");
    // Both refusals leave the transaction usable.
    transaction.put(&token("B", 3)).await.unwrap();
    transaction.put(&token("B", 4)).await.unwrap();
    transaction.replace(&token("A", 5)).await.unwrap();
    transaction.insert(&token("C", 6)).await.unwrap();
    assert!(transaction.delete::<Token>("C").await.unwrap());
    assert!(!transaction.delete::<Token>("C").await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(store.find::<Token>(&Query::default()).await.unwrap(), [token("A", 5), token("B", 4)]);

    // A map is unique by name, and keys differ in case.
    let map = CollectionSpec::map("SyncInfo");
    let mut transaction = store.begin().await.unwrap();
    for name in ["a", "A", "ä", "Ä"] {
        transaction.insert_raw(&map, &json!({"name": name, "value": 1})).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(store.count_raw(&map, &Filter::All).await.unwrap(), 4);
    assert_eq!(
        store.find_raw(&map, &Filter::eq("name", "ä").into()).await.unwrap(),
        [json!({"name": "ä", "value": 1})]
    );
}

pub(crate) async fn natural_order_is_insertion_order(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    for id in ["c", "a", "d", "b"] {
        transaction.insert_raw(&ANY, &json!({"id": id, "status": "x"})).await.unwrap();
    }
    transaction.replace_raw(&ANY, &json!({"id": "a", "status": "x", "longer": "than before"})).await.unwrap();
    transaction.delete_raw(&ANY, "c").await.unwrap();
    transaction.put_raw(&ANY, &json!({"id": "c", "status": "x"})).await.unwrap();
    transaction.put_raw(&ANY, &json!({"id": "d"})).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(ids(&store, &ANY).await, ["a", "d", "b", "c"]);
    let found = store.find_raw(&ANY, &Filter::eq("status", "x").into()).await.unwrap();
    assert_eq!(found.iter().map(|document| document["id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

pub(crate) async fn dropped_transactions_leave_nothing(database: TestDatabase) {
    let store = database.open().await;
    for end in ["drop", "rollback"] {
        let mut transaction = store.begin().await.unwrap();
        transaction.insert_raw(&ANY, &json!({"id": "A"})).await.unwrap();
        let event = NewEvent { namespace: "n".to_owned(), object_id: None, data: None, correlation_id: None };
        transaction.append_event(event).await.unwrap();
        transaction.set_cursor("c", 7).await.unwrap();
        if end == "rollback" {
            transaction.rollback().await.unwrap();
        } else {
            drop(transaction);
        }
    }
    let transaction = store.begin().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(ids(&store, &ANY).await, Vec::<String>::new());
    assert_eq!(store.events_after(0, 10).await.unwrap(), []);
    assert_eq!(store.cursor("c").await.unwrap(), None);
    // The index registered by the transactions that were undone is built again.
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&ANY, &json!({"id": "B", "status": "x"})).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(store.count_raw(&ANY, &Filter::eq("status", "x")).await.unwrap(), 1);
}

pub(crate) async fn a_cancelled_transaction_does_not_block_the_next(database: TestDatabase) {
    let store = database.open().await;
    for round in 0..20_u32 {
        let writing = store.clone();
        let task = tokio::spawn(async move {
            let mut transaction = writing.begin().await.unwrap();
            for number in 0.. {
                transaction.insert_raw(&ANY, &json!({"id": format!("{round}-{number}")})).await.unwrap();
            }
        });
        // Wherever the task is: before its transaction, or in the middle of a statement.
        for _ in 0..round * 7 {
            tokio::task::yield_now().await;
        }
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let mut transaction = store.begin().await.unwrap();
        transaction.insert_raw(&ANY, &json!({"id": round.to_string()})).await.unwrap();
        transaction.commit().await.unwrap();
    }
    assert_eq!(ids(&store, &ANY).await, (0..20).map(|round| round.to_string()).collect::<Vec<_>>());
}

pub(crate) async fn a_transaction_may_end_outside_the_runtime(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&ANY, &json!({"id": "A"})).await.unwrap();
    std::thread::spawn(move || drop(transaction)).join().unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&ANY, &json!({"id": "B"})).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(ids(&store, &ANY).await, ["B"]);
    store.ping().await.unwrap();
}

pub(crate) async fn nobody_sees_what_is_not_committed(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(&token("A", 1)).await.unwrap();
    assert_eq!(transaction.get::<Token>("A").await.unwrap(), Some(token("A", 1)), "a transaction reads its own writes");
    assert_eq!(transaction.count::<Token>(&Filter::All).await.unwrap(), 1);
    assert_eq!(transaction.find::<Token>(&Query::default()).await.unwrap().len(), 1);
    assert_eq!(store.get::<Token>("A").await.unwrap(), None);
    assert_eq!(store.count::<Token>(&Filter::All).await.unwrap(), 0);
    store.ping().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(store.get::<Token>("A").await.unwrap(), Some(token("A", 1)));

    // Writers take turns: no increment is lost.
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut transaction = store.begin().await.unwrap();
            let before = transaction.get::<Token>("A").await.unwrap().unwrap().content.as_i64().unwrap();
            transaction.replace(&token("A", before + 1)).await.unwrap();
            transaction.commit().await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.get::<Token>("A").await.unwrap(), Some(token("A", 11)));
}

pub(crate) async fn unstorable_documents_are_refused(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    let too_deep = (0..DEEPEST).fold(json!(1), |inner, _| json!({ "a": inner }));
    for document in [json!({"name": "x"}), json!({"id": 1}), json!("x"), json!({"id": "A", "deep": too_deep})] {
        let error = transaction.insert_raw(&ANY, &document).await.unwrap_err();
        assert!(matches!(error, StoreError::InvalidDocument { .. }), "{error}");
        assert_eq!(error.code(), "error.store.invalidDocument");
    }
    let deepest = (0..DEEPEST - 1).fold(json!(1), |inner, _| json!({ "a": inner }));
    transaction.insert_raw(&ANY, &json!({"id": "A", "deep": deepest})).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(store.get_raw(&ANY, "A").await.unwrap().unwrap()["deep"], deepest);
}

pub(crate) async fn the_deepest_documents_are_in_nobodys_way(database: TestDatabase) {
    let store = database.open().await;
    let arrays = (0..DEEPEST - 1).fold(json!("\u{0}"), |inner, _| json!([inner]));
    let objects = (0..DEEPEST - 1).fold(json!("\u{0}"), |inner, _| json!({ "a": inner }));
    let mut transaction = store.begin().await.unwrap();
    for (id, content) in [("1", &arrays), ("2", &objects), ("3", &json!({ "a": 1 }))] {
        transaction.insert(&token(id, content.clone())).await.unwrap();
        let raw = json!({ "id": id, "status": content, "peer": { "address": id } });
        let refused = transaction.insert_raw(&ANY, &json!({ "id": "0", "status": { "a": content } })).await;
        assert_eq!(refused.is_err(), id != "3");
        transaction.put_raw(&ANY, &raw).await.unwrap();
        let event = NewEvent { namespace: "n".to_owned(), object_id: None, data: Some(raw), correlation_id: None };
        transaction.append_event(event).await.unwrap();
    }
    transaction.commit().await.unwrap();

    assert_eq!(store.get::<Token>("2").await.unwrap(), Some(token("2", objects.clone())));
    for (filter, expected) in [
        (Filter::All, vec!["1", "2", "3"]),
        (Filter::eq("content.a", 1), vec!["3"]),
        (Filter::eq("content.a", 1).negate(), vec!["1", "2"]),
        (Filter::exists("content.a.a.a"), vec!["2"]),
    ] {
        let query = Query::new(filter.clone()).sort_by(store::Sort::descending("id"));
        let found: Vec<_> = store.find::<Token>(&query).await.unwrap().into_iter().map(|token| token.id).collect();
        assert_eq!(found.iter().rev().collect::<Vec<_>>(), expected, "{filter:?}");
        assert_eq!(store.count::<Token>(&filter).await.unwrap(), expected.len() as u64, "{filter:?}");
    }
    let by_index = store.find_raw(&ANY, &Filter::eq("peer.address", "1").into()).await.unwrap();
    assert_eq!(by_index[0]["status"], arrays);
    let events = store.events_after(0, 10).await.unwrap();
    assert_eq!(events[1].value().unwrap().unwrap()["status"], objects);
}

pub(crate) async fn a_document_of_another_shape_is_reported_without_its_values(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction
        .insert_raw(&Token::COLLECTION, &json!({"id": "A", "content": 1, "expires": "top secret"}))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let error = store.get::<Token>("A").await.unwrap_err();
    assert!(matches!(&error, StoreError::InvalidDocument { key, .. } if key == "A"));
    let printed = format!("{error} {error:?}");
    assert!(printed.contains("expires") && !printed.contains("top secret"), "{printed}");
}

pub(crate) async fn database_names_are_separate(database: TestDatabase) {
    let store = database.open().await;
    let other = StoreConfig { db_name: format!("{}-Other.1", database.config.db_name), ..database.config.clone() };
    let second = Store::open(&other).await.unwrap();
    for (store, id) in [(&store, "A"), (&second, "B")] {
        let mut transaction = store.begin().await.unwrap();
        transaction.insert_raw(&ANY, &json!({ "id": id })).await.unwrap();
        transaction.commit().await.unwrap();
    }
    assert_eq!(ids(&store, &ANY).await, ["A"]);
    assert_eq!(ids(&second, &ANY).await, ["B"]);
    second.close().await.unwrap();
    database.remove_schema(&other.db_name).await;
}

pub(crate) async fn documents_survive_reopening(database: TestDatabase) {
    for round in 0..3 {
        let store = database.open().await;
        assert_eq!(ids(&store, &ANY).await.len(), round);
        assert_eq!(store.count_raw(&ANY, &Filter::eq("status", "x")).await.unwrap(), round as u64, "through the index");
        let mut transaction = store.begin().await.unwrap();
        transaction.insert_raw(&ANY, &json!({"id": round.to_string(), "status": "x"})).await.unwrap();
        transaction.commit().await.unwrap();
        store.close().await.unwrap();
    }
}
