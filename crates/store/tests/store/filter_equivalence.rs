//! The same filter on the same documents gives the same answer in SQLite, PostgreSQL and the evaluator, with and
//! without indexes, and the same order.

use std::cmp::Ordering;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};
use store::{CollectionSpec, Filter, Query, Sort, Store};
use testing::TestDatabase;

const PLAIN: CollectionSpec = CollectionSpec::with_id("Plain");
const INDEXED: CollectionSpec =
    CollectionSpec::with_id("Indexed").indexed(&["a", "b", "a.b", "b.a", "a.b.c", "@type", "o'c"]);

const NAMES: [&str; 9] = ["a", "b", "c", "@type", "o'c", "0", "", "q\"u", "b\\s"];
const TEXTS: [&str; 24] = [
    "",
    "a",
    "A",
    "ab",
    "AB",
    "aB",
    "b",
    "1",
    "true",
    "null",
    "Straße",
    "STRASSE",
    "ss",
    "é",
    "É",
    "E",
    "%",
    "_",
    "\\",
    "\"",
    "\u{212a}",
    "k",
    "did:e:localhost:dids:1",
    "😀",
];

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&NAMES[..3]),
        1 => prop::sample::select(&NAMES[3..]),
    ]
    .prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![9 => vec(member(), 1..=3).prop_map(|names| names.join(".")), 1 => Just("id".to_owned())]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![8 => prop::sample::select(&TEXTS[..]).prop_map(str::to_owned), 1 => "\\PC{0,4}", 1 => (300..400_usize).prop_map(|n| "x".repeat(n))]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => (-3..12_i64).prop_map(Value::from),
        1 => prop::sample::select(vec![0.5, 1.0, -0.0, 10.0, 0.1, 1e300, -1e-300, 9_007_199_254_740_993.0]).prop_map(Value::from),
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, 9_007_199_254_740_993]).prop_map(Value::from),
        1 => Just(Value::from(u64::MAX)),
        1 => any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        6 => text().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(member(), inner, 0..3).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn document() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(member(), value(), 0..5).prop_map(|members| members.into_iter().collect())
}

fn filter() -> impl Strategy<Value = Filter> {
    let operand = prop_oneof![5 => scalar(), 1 => value()];
    let leaf = prop_oneof![
        4 => (path(), operand.clone()).prop_map(|(path, operand)| Filter::Eq(path, operand)),
        1 => (path(), operand.clone()).prop_map(|(path, operand)| Filter::Ne(path, operand)),
        2 => (path(), vec(operand.clone(), 0..4)).prop_map(|(path, operands)| Filter::In(path, operands)),
        1 => (path(), vec(operand.clone(), 0..4)).prop_map(|(path, operands)| Filter::NotIn(path, operands)),
        1 => path().prop_map(Filter::Exists),
        1 => path().prop_map(Filter::Missing),
        1 => (path(), operand.clone()).prop_map(|(path, operand)| Filter::Lt(path, operand)),
        1 => (path(), operand.clone()).prop_map(|(path, operand)| Filter::Lte(path, operand)),
        1 => (path(), operand.clone()).prop_map(|(path, operand)| Filter::Gt(path, operand)),
        1 => (path(), operand).prop_map(|(path, operand)| Filter::Gte(path, operand)),
        2 => (path(), text()).prop_map(|(path, text)| Filter::Contains(path, text)),
        2 => (path(), text()).prop_map(|(path, text)| Filter::StartsWith(path, text)),
        2 => (path(), text()).prop_map(|(path, text)| Filter::EndsWith(path, text)),
        1 => Just(Filter::All),
        1 => Just(Filter::None),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 0..3).prop_map(Filter::And),
            2 => vec(inner.clone(), 0..3).prop_map(Filter::Or),
            1 => inner.prop_map(Filter::negate),
        ]
    })
}

fn sort() -> impl Strategy<Value = Sort> {
    let plain = prop::sample::select(&NAMES[..6]).prop_map(str::to_owned);
    (vec(plain, 1..=2), any::<bool>()).prop_map(|(names, descending)| Sort { path: names.join("."), descending })
}

/// The order of [`Sort`], implemented a second time.
fn compare(one: &Value, other: &Value, sort: &Sort) -> Ordering {
    fn at<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(document, |node, name| node.as_object()?.get(name))
    }
    fn rank(value: Option<&Value>) -> u8 {
        match value {
            Some(Value::Number(_)) => 1,
            Some(Value::String(_)) => 2,
            Some(Value::Bool(_)) => 3,
            _ => 0,
        }
    }
    let (one, other) = (at(one, &sort.path), at(other, &sort.path));
    let within = match (one, other) {
        (Some(Value::Number(one)), Some(Value::Number(other))) => one.as_f64().partial_cmp(&other.as_f64()).unwrap(),
        (Some(Value::String(one)), Some(Value::String(other))) => one.cmp(other),
        (Some(Value::Bool(one)), Some(Value::Bool(other))) => one.cmp(other),
        _ => Ordering::Equal,
    };
    let order = rank(one).cmp(&rank(other)).then(within);
    if sort.descending { order.reverse() } else { order }
}

fn keys<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Vec<&'a str> {
    documents.into_iter().map(|document| document["id"].as_str().unwrap()).collect()
}

/// Writes the documents, runs the queries and undoes everything.
async fn check(
    store: &Store,
    documents: &[Value],
    filters: &[Filter],
    sort: &Sort,
    page: (u64, u64),
) -> Result<(), TestCaseError> {
    let mut transaction = store.begin().await.unwrap();
    for spec in [&PLAIN, &INDEXED] {
        for document in documents {
            transaction.insert_raw(spec, document).await.unwrap();
        }
        for filter in filters {
            let expected: Vec<&Value> = documents.iter().filter(|document| filter.matches(document)).collect();
            let found = transaction.find_raw(spec, &filter.clone().into()).await.unwrap();
            prop_assert_eq!(keys(&found), keys(expected.iter().copied()), "{} {}: {:?}", spec.name, "find", filter);
            let count = transaction.count_raw(spec, filter).await.unwrap();
            prop_assert_eq!(count, expected.len() as u64, "{} {}: {:?}", spec.name, "count", filter);

            let mut sorted = expected;
            sorted.sort_by(|one, other| compare(one, other, sort));
            let (offset, limit) = page;
            for sort in [None, Some(sort)] {
                let mut everything: Vec<&Value> = documents.iter().collect();
                everything.sort_by(|one, other| sort.map_or(Ordering::Equal, |sort| compare(one, other, sort)));
                let known = everything[limit as usize % everything.len()]["id"].as_str().unwrap();
                let mut query = Query::new(filter.clone()).after(known).limit(limit);
                query.sort.extend(sort.cloned());
                let found = transaction.find_raw(spec, &query).await.unwrap();
                let after = everything.into_iter().skip_while(|document| document["id"] != known).skip(1);
                let expected = after.filter(|document| filter.matches(document)).take(limit as usize);
                prop_assert_eq!(keys(&found), keys(expected), "{}: {:?}", spec.name, query);
            }
            let query = Query::new(filter.clone()).sort_by(sort.clone()).offset(offset).limit(limit);
            let found = transaction.find_raw(spec, &query).await.unwrap();
            let expected = sorted.into_iter().skip(offset as usize).take(limit as usize);
            prop_assert_eq!(keys(&found), keys(expected), "{}: {:?}", spec.name, query);
        }
    }
    transaction.rollback().await.unwrap();
    Ok(())
}

fn run(cases: u32, database: &TestDatabase) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(async {
        let store = database.open().await;
        store.register(&[PLAIN, INDEXED]).await.unwrap();
        store
    });
    let strategy = (vec(document(), 1..8), vec(filter(), 1..6), sort(), (0..3_u64, 0..6_u64));
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&strategy, |(documents, filters, sort, page)| {
        let numbered = documents.into_iter().enumerate().map(|(number, mut members)| {
            members.insert("id".to_owned(), json!(number.to_string()));
            Value::Object(members)
        });
        let documents: Vec<Value> = numbered.collect();
        runtime.block_on(check(&store, &documents, &filters, &sort, page))
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
}

#[test]
fn sqlite_answers_as_the_evaluator() {
    run(400, &TestDatabase::sqlite());
}

#[test]
fn postgres_answers_as_the_evaluator() {
    run(250, &TestDatabase::postgres());
}

/// A number read back from its decimal form must be the same double in the database and in the evaluator.
async fn numbers_are_themselves(database: TestDatabase) {
    let store = database.open().await;
    let mut runner = TestRunner::deterministic();
    let numbers = vec(any::<f64>().prop_filter("finite", |number| number.is_finite()), 1000);
    let mut numbers = numbers.new_tree(&mut runner).unwrap().current();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    assert!(numbers.len() > 700);
    let mut transaction = store.begin().await.unwrap();
    for (id, number) in numbers.iter().enumerate().rev() {
        let document = json!({"id": id.to_string(), "a": number});
        transaction.insert_raw(&PLAIN, &document).await.unwrap();
    }
    for chunk in numbers.chunks(50) {
        let operands: Vec<Value> = chunk.iter().map(|number| json!(number)).collect();
        assert_eq!(
            transaction.count_raw(&PLAIN, &Filter::In("a".to_owned(), operands)).await.unwrap(),
            chunk.len() as u64
        );
    }
    for (position, number) in numbers.iter().enumerate().step_by(97) {
        let less = transaction.count_raw(&PLAIN, &Filter::Lt("a".to_owned(), json!(number))).await.unwrap();
        let at_most = transaction.count_raw(&PLAIN, &Filter::Gt("a".to_owned(), json!(number)).negate()).await.unwrap();
        assert_eq!((less, at_most), (position as u64, position as u64 + 1));
    }
    let query = Query::default().sort_by(Sort::ascending("a"));
    let found = transaction.find_raw(&PLAIN, &query).await.unwrap();
    let found: Vec<f64> = found.iter().map(|document| document["a"].as_f64().unwrap()).collect();
    assert_eq!(found, numbers);
}

#[tokio::test]
async fn sqlite_reads_numbers_exactly() {
    numbers_are_themselves(TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn postgres_reads_numbers_exactly() {
    numbers_are_themselves(TestDatabase::postgres()).await;
}
