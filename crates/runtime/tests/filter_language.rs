//! The same query string on the same documents gives the same result in SQLite, in PostgreSQL and in memory.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use runtime::query::{Resource, parse};
use serde_json::{Map, Value, json};
use store::{CollectionSpec, Document as _, Store, StoreConfig};
use testing::TestDatabase;
use transport::documents::{File, Message, Relationship, RelationshipTemplate, Token};

const RESOURCES: [(Resource, CollectionSpec); 5] = [
    (Resource::Files, File::COLLECTION),
    (Resource::Messages, Message::COLLECTION),
    (Resource::Relationships, Relationship::COLLECTION),
    (Resource::RelationshipTemplates, RelationshipTemplate::COLLECTION),
    (Resource::Tokens, Token::COLLECTION),
];

/// Few enough that queries match documents.
const TEXTS: [&str; 30] = [
    "",
    "a",
    "A",
    "ab",
    "b",
    "Straße",
    "STRASSE",
    "ss",
    "\u{212a}",
    "k",
    "7",
    "007",
    "-1",
    "1e3",
    "0.5",
    "true",
    "false",
    "null",
    "%",
    "_",
    "\\",
    "\"",
    "x\u{0}y",
    "\u{fffd}",
    "FIL00000000000000001",
    "did:e:localhost:dids:0000000000000000000001",
    "2024-01-01T00:00:00.000Z",
    "2025-06-01T00:00:00.000Z",
    "pin4",
    "pw",
];
const OPERATORS: [&str; 14] = ["", "", "", "!", ">", ">=", "<", "<=", "^", "$", "~", "=", "!=", "~="];

fn text() -> impl Strategy<Value = String> {
    let usual = select(vec!["a", "A", "7", "true", "FIL00000000000000001", "pin4"]);
    prop_oneof![8 => usual.prop_map(str::to_owned), 6 => select(&TEXTS[..]).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn stored_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        8 => text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        2 => select(vec![json!(7), json!(-1), json!(0), json!(1000), json!(0.5), json!(7.0), json!(5)]),
        1 => Just(Value::Null),
    ];
    prop_oneof![6 => scalar.clone(), 1 => vec(scalar, 0..3).prop_map(Value::from), 1 => Just(json!({}))]
}

/// Inserts a value at the path that the parameter of this name reads; a part of the path may be an array.
fn put(members: &mut Map<String, Value>, path: &str, value: Value, in_array: bool) {
    let path = match path {
        "peer" => "peer.address",
        "participant" => "createdBy",
        "passwordProtection.passwordIsPin" => "passwordProtection.passwordType",
        path => path,
    };
    let Some((first, rest)) = path.split_once('.') else {
        members.entry(path).or_insert(value);
        return;
    };
    let inner = members.entry(first).or_insert_with(|| if in_array { json!([{}]) } else { json!({}) });
    let inner = match inner {
        Value::Array(items) => items.first_mut(),
        inner => Some(inner),
    };
    if let Some(Value::Object(inner)) = inner {
        put(inner, rest, value, false);
    }
}

#[derive(Debug, Clone)]
struct Case {
    resource: usize,
    documents: Vec<Value>,
    queries: Vec<Vec<(String, String)>>,
}

/// The name, the operators and texts of the values, and the notation.
type Parameter = (&'static str, Vec<(&'static str, String)>, u8);

fn case() -> impl Strategy<Value = Case> {
    (0..RESOURCES.len()).prop_flat_map(|resource| {
        let names = RESOURCES[resource].0.parameters();
        let document = vec((select(names.clone()), stored_value(), any::<bool>()), 8..30);
        let parameter = (select(names), vec((select(&OPERATORS[..]), text()), 1..4), 0..8_u8);
        let documents = vec(document, 3..8).prop_map(|documents| {
            let build = |(number, parts): (usize, Vec<(&str, Value, bool)>)| {
                let mut members = Map::from_iter([("id".to_owned(), json!(number.to_string()))]);
                parts.into_iter().for_each(|(path, value, in_array)| put(&mut members, path, value, in_array));
                Value::Object(members)
            };
            documents.into_iter().enumerate().map(build).collect()
        });
        let queries = vec(vec(parameter, 1..3), 1..8).prop_map(|queries| {
            let spell = |parameters: Vec<Parameter>| {
                let mut query = Vec::new();
                for (name, values, kind) in parameters {
                    // Mostly one value; repeated ones may be written with brackets.
                    let values = if kind < 5 { values.into_iter().take(1).collect() } else { values };
                    let brackets = if kind == 7 && values.len() > 1 { "[]" } else { "" };
                    query.extend(
                        values.into_iter().map(|(sign, text)| (format!("{name}{brackets}"), format!("{sign}{text}"))),
                    );
                }
                query
            };
            queries.into_iter().map(spell).collect()
        });
        (documents, queries).prop_map(move |(documents, queries)| Case { resource, documents, queries })
    })
}

fn ids<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Vec<&'a str> {
    documents.into_iter().map(|document| document["id"].as_str().unwrap()).collect()
}

/// The number of valid queries, and of those that found some documents but not all.
#[derive(Default)]
struct Tally {
    understood: usize,
    telling: usize,
}

async fn check(store: &Store, case: &Case, tally: &mut Tally) -> Result<(), TestCaseError> {
    let (resource, spec) = &RESOURCES[case.resource];
    let mut transaction = store.begin().await.unwrap();
    for document in &case.documents {
        transaction.insert_raw(spec, document).await.unwrap();
    }
    for query in &case.queries {
        let Ok(filter) = parse(*resource, query) else { continue };
        let expected = ids(case.documents.iter().filter(|document| filter.matches(document)));
        let found = transaction.find_raw(spec, &filter.clone().into()).await.unwrap();
        prop_assert_eq!(ids(&found), expected.clone(), "{:?} {:?}: {:?}", resource, query, filter);
        tally.understood += 1;
        tally.telling += usize::from(!expected.is_empty() && expected.len() < case.documents.len());
    }
    transaction.rollback().await.unwrap();
    Ok(())
}

fn run(cases: u32, config: &StoreConfig) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(async {
        let store = Store::open(config).await.unwrap();
        store.register(&RESOURCES.map(|(_, spec)| spec)).await.unwrap();
        store
    });
    let tally = std::cell::RefCell::new(Tally::default());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&case(), |case| runtime.block_on(check(&store, &case, &mut tally.borrow_mut())));
    runtime.block_on(store.close()).unwrap();
    assert!(result.is_ok(), "{}", result.unwrap_err());
    let tally = tally.into_inner();
    assert!(
        tally.understood > cases as usize && tally.telling > cases as usize / 4,
        "{} {}",
        tally.understood,
        tally.telling
    );
}

#[test]
fn sqlite_answers_as_the_evaluator() {
    let database = TestDatabase::sqlite();
    run(400, &database.config);
}

#[test]
fn postgres_answers_as_the_evaluator() {
    let database = TestDatabase::postgres();
    run(250, &database.config);
}
