//! Documents that are read one after the other, and not kept.

use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document, Filter, Query, Sort, Store, StoreError};

use testing::TestDatabase;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    id: String,
    size: u64,
    name: String,
    text: String,
}

impl Document for Item {
    const COLLECTION: CollectionSpec = CollectionSpec::with_id("Items");

    fn key(&self) -> &str {
        &self.id
    }
}

const COUNT: u64 = 700;

/// Of all sizes: some fit into a portion by the hundred, others by themselves.
fn item(number: u64) -> Item {
    let length = if number % 50 == 7 { 300_000 } else { 10 };
    let name = if number.is_multiple_of(3) { format!("Ünder {}", number % 5) } else { format!("Name {}", number % 7) };
    Item { id: format!("I{number}"), size: number % 11, name, text: "x".repeat(length) }
}

async fn fill(store: &Store) {
    let mut transaction = store.begin().await.unwrap();
    for number in 0..COUNT {
        transaction.insert(&item(number)).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn all(store: &Store, query: &Query) -> Vec<Item> {
    let mut scan = store.scan::<Item>(query).await.unwrap();
    let mut items = Vec::new();
    while let Some(item) = scan.next().await.unwrap() {
        items.push(item);
    }
    assert_eq!(scan.next().await.unwrap(), None);
    items
}

pub(crate) async fn a_scan_gives_what_a_search_finds(database: TestDatabase) {
    let store = database.open().await;
    fill(&store).await;
    let filters = [
        Filter::All,
        Filter::None,
        Filter::eq("size", 3),
        // Only the evaluator decides these exactly.
        Filter::Contains("name".to_owned(), "ünder".to_owned()),
        Filter::StartsWith("name".to_owned(), "name 1".to_owned()).negate(),
    ];
    let orders = [vec![], vec![Sort::ascending("size")], vec![Sort::descending("name"), Sort::ascending("size")]];
    for filter in filters {
        for sort in &orders {
            for (limit, offset, after) in [
                (None, 0, None),
                (Some(10), 0, None),
                (None, 650, None),
                (Some(30), 5, None),
                (Some(40), 3, Some("I99")),
            ] {
                let after = after.map(str::to_owned);
                let query = Query { filter: filter.clone(), sort: sort.clone(), limit, offset, after };
                let found = store.find::<Item>(&query).await.unwrap();
                assert!(all(&store, &query).await == found, "{query:?}");
            }
        }
    }
}

pub(crate) async fn pages_put_together_are_the_whole(database: TestDatabase) {
    let store = database.open().await;
    fill(&store).await;
    for sort in [None, Some(Sort::ascending("size")), Some(Sort::descending("name"))] {
        let mut query = Query::new(Filter::Gt("size".to_owned(), 2.into())).limit(60);
        query.sort.extend(sort);
        let whole = all(&store, &Query { limit: None, ..query.clone() }).await;
        let mut pages = Vec::new();
        loop {
            let page = all(&store, &query).await;
            let Some(last) = page.last() else { break };
            query.after = Some(last.id.clone());
            pages.extend(page);
        }
        assert!(pages == whole, "{:?}", query.sort);
    }
}

pub(crate) async fn what_follows_nothing_is_an_error(database: TestDatabase) {
    let store = database.open().await;
    fill(&store).await;
    for query in [Query::default().after("I700"), Query::default().sort_by(Sort::ascending("size")).after("")] {
        assert!(matches!(store.scan::<Item>(&query).await, Err(StoreError::UnknownPosition { .. })));
        assert!(matches!(store.find::<Item>(&query).await, Err(StoreError::UnknownPosition { .. })));
    }
    // Nothing follows the last one, which is not an error.
    assert_eq!(all(&store, &Query::default().after("I699")).await, []);
}

pub(crate) async fn whoever_takes_his_time_keeps_nobody_from_reading(database: TestDatabase) {
    let store = database.open().await;
    fill(&store).await;
    let mut scans = Vec::new();
    // There are far fewer connections.
    for _ in 0..40 {
        let mut scan = store.scan::<Item>(&Query::default()).await.unwrap();
        assert_eq!(scan.next().await.unwrap().as_ref(), Some(&item(0)));
        scans.push(scan);
    }
    assert_eq!(store.get::<Item>("I5").await.unwrap(), Some(item(5)));

    // Later changes are seen.
    let mut transaction = store.begin().await.unwrap();
    transaction.delete::<Item>("I600").await.unwrap();
    transaction.replace(&Item { text: "new".to_owned(), ..item(601) }).await.unwrap();
    transaction.insert(&item(COUNT)).await.unwrap();
    transaction.commit().await.unwrap();
    for mut scan in scans {
        let mut number = 1;
        while let Some(found) = scan.next().await.unwrap() {
            let expected = if number == 601 { Item { text: "new".to_owned(), ..item(601) } } else { item(number) };
            assert!(found == expected, "{number}: {}", found.id);
            number += if number == 599 { 2 } else { 1 };
        }
        assert_eq!(number, COUNT);
    }
}
