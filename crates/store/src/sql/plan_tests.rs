#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use crate::collection::select;
use crate::sql::{Dialect, Statement};
use crate::{CollectionSpec, Filter, Query, Store, StoreConfig};

const COUNT: usize = 20_000;
const SPEC: CollectionSpec =
    CollectionSpec::with_id("Messages").indexed(&["createdAt", "recipients.address", "status"]);

async fn fill(store: &Store) {
    let mut transaction = store.begin().await.unwrap();
    for number in 0..COUNT {
        let recipients = json!([{"address": format!("did:e:{}", number / 5)}]);
        let document = json!({"id": format!("MSG{number}"), "recipients": recipients, "status": "Active", "createdAt": format!("{number:06}"), "isOwn": number % 2 == 0});
        transaction.insert_raw(&SPEC, &document).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// The database's plan for the query.
async fn plan(store: &Store, query: &Query) -> String {
    let mut connection = store.inner.read().await.unwrap();
    let mut session = connection.session("test");
    let (explain, column) = match session.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", 3),
        Dialect::Postgres => ("EXPLAIN ", 0),
    };
    let (Statement { sql, args }, exact) =
        select("d.document_key, d.body", session.dialect(), &SPEC, &store.inner.indexes().of(SPEC.name), query)
            .unwrap();
    assert!(exact);
    let rows = session.fetch_all(Statement { sql: explain.to_owned() + &sql, args }).await.unwrap();
    rows.iter().map(|row| row.text(column).unwrap() + "\n").collect()
}

fn indexed_queries() -> Vec<Query> {
    let by_address = Filter::eq("recipients.address", "did:e:77");
    vec![
        by_address.clone().into(),
        by_address.clone().and(Filter::eq("isOwn", true)).into(),
        Query::new(by_address.clone().and(Filter::exists("isOwn"))).limit(3),
        Filter::any_of("recipients.address", ["did:e:1", "did:e:2"]).into(),
        Filter::Gte("createdAt".to_owned(), "000100".into())
            .and(Filter::Lt("createdAt".to_owned(), "000200".into()))
            .into(),
        Filter::And(vec![Filter::And(vec![
            Filter::Gte("createdAt".to_owned(), "000100".into()),
            Filter::Lt("createdAt".to_owned(), "000200".into()),
        ])])
        .into(),
        Filter::Gt("createdAt".to_owned(), "019900".into()).and(Filter::eq("isOwn", true)).into(),
    ]
}

#[tokio::test]
async fn sqlite_uses_the_indexes() {
    let store = Store::in_memory().await.unwrap();
    fill(&store).await;
    for query in indexed_queries() {
        let plan = plan(&store, &query).await;
        assert!(plan.contains("SEARCH d USING INTEGER PRIMARY KEY (rowid=?)"), "{query:?}\n{plan}");
        assert!(plan.contains("SEARCH e USING PRIMARY KEY (index_id=? AND value"), "{query:?}\n{plan}");
        assert!(!plan.contains("SCAN d") && !plan.contains("TEMP B-TREE"), "{query:?}\n{plan}");
    }
    let plan_of_key = plan(&store, &Filter::eq("id", "MSG7").and(Filter::eq("status", "Active")).into()).await;
    assert!(plan_of_key.contains("(collection=? AND document_key=?)"), "{plan_of_key}");
    let plan_of_page = plan(&store, &Query::default().limit(10)).await;
    assert!(plan_of_page.contains("USING INDEX document_in_order (collection=?)"), "{plan_of_page}");
    assert!(!plan_of_page.contains("TEMP B-TREE"), "{plan_of_page}");
}

#[tokio::test]
async fn postgres_uses_the_indexes() {
    let schema = format!("test_{}", core_types::random::uuid(&mut core_types::Randomness::system()));
    let store = Store::open(&StoreConfig { connection_string: testing::postgres_url(), db_name: schema.clone() })
        .await
        .unwrap();
    fill(&store).await;
    let mut plans = Vec::new();
    for query in indexed_queries() {
        plans.push(plan(&store, &query).await);
    }
    let plan_of_key = plan(&store, &Filter::eq("id", "MSG7").and(Filter::eq("status", "Active")).into()).await;
    let mut writer = store.inner.writer.lock().await;
    let mut session = writer.connection.as_mut().unwrap().session("test");
    session.execute(Statement::new(format!("DROP SCHEMA \"{schema}\" CASCADE"))).await.unwrap();

    for plan in plans {
        assert!(
            plan.contains("Index Only Scan using index_entry_pkey")
                || plan.contains("Bitmap Index Scan on index_entry_pkey"),
            "{plan}"
        );
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    assert!(plan_of_key.contains("document_collection_document_key_key"), "{plan_of_key}");
}
