use std::time::Instant;

use serde_json::{Value, json};
use store::{CollectionSpec, Filter, Query, Sort, Store};

use testing::TestDatabase;

const PLAIN: CollectionSpec = CollectionSpec::with_id("Plain");
const INDEXED: CollectionSpec =
    CollectionSpec::with_id("Indexed").indexed(&["peer.address", "size", "tags", "recipients.address", "flag"]);

fn documents() -> Vec<Value> {
    vec![
        json!({"id": "1", "peer": {"address": "did:e:a"}, "size": 10, "tags": ["x", "y"], "flag": true, "at": "2024-01-01T00:00:00.000Z", "name": "Straße"}),
        json!({"id": "2", "peer": {"address": "did:e:b"}, "size": 2, "tags": [], "flag": false, "at": "2024-06-01T00:00:00.000Z", "name": "strasse 7"}),
        json!({"id": "3", "size": "10", "tags": null, "flag": null, "name": "100%_*"}),
        json!({"id": "4", "peer": {"address": null}, "size": 10.0, "name": "ÄRGER"}),
        json!({"id": "5", "recipients": [{"address": "r1"}, {"address": "r2", "relationshipId": "REL1"}], "size": 2.5, "name": "ärgerlich"}),
        json!({"id": "6", "recipients": [{"address": "r2"}], "peer": "did:e:a", "tags": [["x"]], "name": ["Berg", "Tal"]}),
        json!({"id": "7", "recipients": [], "peer": {"address": ["did:e:a", "did:e:c"]}, "tags": {"x": 1}, "a b'c": {"@type": "T"}}),
    ]
}

async fn fill(store: &Store) {
    let mut transaction = store.begin().await.unwrap();
    for document in documents() {
        transaction.insert_raw(&PLAIN, &document).await.unwrap();
        transaction.insert_raw(&INDEXED, &document).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn found(store: &Store, spec: &CollectionSpec, query: &Query) -> String {
    let found = store.find_raw(spec, query).await.unwrap();
    found.iter().map(|document| document["id"].as_str().unwrap()).collect()
}

pub(crate) async fn filters_select_what_they_say(database: TestDatabase) {
    let store = database.open().await;
    fill(&store).await;
    let text = |value: &str| value.to_owned();
    let cases = [
        (Filter::All, "1234567"),
        (Filter::None, ""),
        (Filter::And(vec![]), "1234567"),
        (Filter::Or(vec![]), ""),
        (Filter::eq("id", "3"), "3"),
        (Filter::eq("id", 3), ""),
        (Filter::any_of("id", ["3", "1", "9"]), "13"),
        // Equality: through objects and arrays, by type, and numbers by value.
        (Filter::eq("peer.address", "did:e:a"), "17"),
        (Filter::eq("peer", "did:e:a"), "6"),
        (Filter::ne("peer.address", "did:e:a"), "23456"),
        (Filter::eq("size", 10), "14"),
        (Filter::eq("size", 10.0), "14"),
        (Filter::eq("size", "10"), "3"),
        (Filter::eq("tags", "x"), "1"),
        (Filter::eq("tags", json!(["x"])), "6"),
        (Filter::eq("tags", json!(["x", "y"])), "1"),
        (Filter::eq("tags", json!([])), "2"),
        (Filter::eq("tags", json!({"x": 1.0})), "7"),
        (Filter::ne("tags", json!([])), "134567"),
        (Filter::eq("tags.x", 1), "7"),
        (Filter::eq("recipients.address", "r2"), "56"),
        (Filter::eq("recipients.0.address", "r1"), ""),
        (Filter::any_of("recipients.address", ["r1", "r2", "r3"]), "56"),
        (Filter::NotIn(text("recipients.address"), vec![json!("r1"), json!("r9")]), "123467"),
        (Filter::any_of("size", [json!(2), json!("10"), json!(null), json!({})]), "23"),
        (Filter::any_of("size", Vec::<Value>::new()), ""),
        (Filter::eq("flag", true), "1"),
        (Filter::eq("flag", false), "2"),
        (Filter::eq("a b'c.@type", "T"), "7"),
        // Null is a value, absence is not.
        (Filter::eq("flag", Value::Null), "3"),
        (Filter::ne("flag", Value::Null), "124567"),
        (Filter::exists("flag"), "123"),
        (Filter::missing("flag"), "4567"),
        (Filter::exists("tags"), "12367"),
        (Filter::exists("peer.address"), "1247"),
        (Filter::exists("recipients.relationshipId"), "5"),
        (Filter::missing("recipients.address"), "12347"),
        (Filter::exists("name.x"), ""),
        // Order within a type.
        (Filter::Gt(text("size"), json!(2)), "145"),
        (Filter::Gte(text("size"), json!(2)), "1245"),
        (Filter::Lt(text("size"), json!(10)), "25"),
        (Filter::Lte(text("size"), json!(10)), "1245"),
        (Filter::Lt(text("size"), json!("2")), "3"),
        (Filter::Gt(text("at"), json!("2024-03")), "2"),
        (Filter::Lt(text("flag"), json!(true)), "2"),
        (Filter::Gte(text("flag"), Value::Null), ""),
        (Filter::Gt(text("recipients.address"), json!("r1")), "56"),
        // Text: any case, no patterns.
        (Filter::Contains(text("name"), text("STRASSE")), "12"),
        (Filter::Contains(text("name"), text("straße")), "12"),
        (Filter::StartsWith(text("name"), text("ärger")), "45"),
        (Filter::EndsWith(text("name"), text("ÄRGER")), "4"),
        (Filter::Contains(text("name"), text("%_*")), "3"),
        (Filter::Contains(text("name"), text(".")), ""),
        (Filter::StartsWith(text("name"), text("t")), "6"),
        (Filter::EndsWith(text("name"), text(" 7")), "2"),
        (Filter::Contains(text("name"), text("")), "123456"),
        (Filter::Contains(text("size"), text("1")), "3"),
        (Filter::Contains(text("name"), text("strasse")).negate(), "34567"),
        (Filter::Contains(text("name"), text("7")).negate(), "134567"),
        (Filter::StartsWith(text("name"), text("100")).negate().negate(), "3"),
        // Combinations.
        (Filter::eq("size", 10).and(Filter::eq("flag", true)), "1"),
        (Filter::eq("size", 10).or(Filter::eq("flag", false)).or(Filter::Contains(text("name"), text("BERG"))), "1246"),
        (Filter::eq("size", 10).or(Filter::exists("recipients")).negate(), "23"),
        (Filter::eq("peer.address", "did:e:a").and(Filter::Contains(text("name"), text("ss"))), "1"),
    ];
    for (filter, expected) in cases {
        let by_evaluator: String = documents()
            .iter()
            .filter(|document| filter.matches(document))
            .map(|document| document["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(by_evaluator, expected, "evaluator: {filter:?}");
        for spec in [&PLAIN, &INDEXED] {
            assert_eq!(found(&store, spec, &filter.clone().into()).await, expected, "{}: {filter:?}", spec.name);
            assert_eq!(
                store.count_raw(spec, &filter).await.unwrap(),
                expected.len() as u64,
                "{}: {filter:?}",
                spec.name
            );
        }
    }
}

pub(crate) async fn thousands_of_alternatives_are_no_problem(database: TestDatabase) {
    let store = database.open().await;
    fill(&store).await;
    let numbers = (0..3000).map(|number| Filter::eq("peer.address", format!("did:e:{number}")));
    let any = Filter::Or(numbers.chain([Filter::eq("size", 2.5), Filter::eq("id", "1")]).collect());
    assert_eq!(found(&store, &PLAIN, &any.clone().into()).await, "15");
    assert_eq!(found(&store, &INDEXED, &Filter::And(vec![any; 20]).into()).await, "15");
    let among = Filter::any_of(
        "peer.address",
        (0..50_000).map(|number| format!("did:e:{number}")).chain(["did:e:b".to_owned()]),
    );
    for spec in [&PLAIN, &INDEXED] {
        assert_eq!(found(&store, spec, &among.clone().into()).await, "2");
    }
}

pub(crate) async fn queries_sort_limit_and_skip(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    let values = [
        json!(10),
        json!("b"),
        json!(9.5),
        Value::Null,
        json!(true),
        json!("B"),
        json!({"x": 1}),
        json!(false),
        json!("ä"),
        json!(-3),
    ];
    for (number, value) in values.iter().enumerate() {
        let document =
            json!({"id": number.to_string(), "group": if number % 2 == 0 { "even" } else { "odd" }, "v": {"w": value}});
        transaction.insert_raw(&PLAIN, &document).await.unwrap();
    }
    transaction.insert_raw(&PLAIN, &json!({"id": "X", "group": "none"})).await.unwrap();
    transaction.commit().await.unwrap();

    let all = Query::default();
    let cases = [
        (all.clone().sort_by(Sort::ascending("v.w")), "36X92051874".to_owned()),
        (all.clone().sort_by(Sort::descending("v.w")), "47815029".to_owned() + "36X"),
        (
            all.clone().sort_by(Sort::descending("group")).sort_by(Sort::ascending("v.w")),
            "395".to_owned() + "17" + "X" + "62084",
        ),
        (all.clone().limit(3), "012".to_owned()),
        (all.clone().offset(8), "89X".to_owned()),
        (all.clone().limit(2).offset(3), "34".to_owned()),
        (all.clone().limit(0), String::new()),
        (all.clone().offset(11), String::new()),
        (all.clone().sort_by(Sort::descending("id")).limit(2), "X9".to_owned()),
        // Text filters are evaluated outside the database; limits must count after that.
        (Query::new(Filter::Contains("group".to_owned(), "OD".to_owned())).limit(2).offset(1), "35".to_owned()),
        (Query::new(Filter::Contains("group".to_owned(), "n".to_owned()).negate()).limit(2), "13".to_owned()),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&store, &PLAIN, &query).await, expected, "{query:?}");
    }
    let error = store.find_raw(&PLAIN, &all.sort_by(Sort::ascending("a\"b"))).await.unwrap_err();
    assert_eq!(error.code(), "error.store.invalidQuery");
}

pub(crate) async fn indexes_follow_the_documents(database: TestDatabase) {
    let store = database.open().await;
    let by_address = |address: &str| Query::new(Filter::eq("recipients.address", address));
    let document = |address: &str| json!({"id": "A", "recipients": [{"address": address}, {"address": "always"}, {"address": "always"}]});
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&INDEXED, &document("one")).await.unwrap();
    transaction.replace_raw(&INDEXED, &document("two")).await.unwrap();
    transaction.insert_raw(&INDEXED, &json!({"id": "B", "recipients": [{"address": "two"}]})).await.unwrap();
    transaction.put_raw(&INDEXED, &document("three")).await.unwrap();
    transaction.commit().await.unwrap();
    for (address, expected) in [("one", ""), ("two", "B"), ("three", "A"), ("always", "A")] {
        assert_eq!(found(&store, &INDEXED, &by_address(address)).await, expected, "{address}");
    }
    let long = "l".repeat(10_000);
    let mut transaction = store.begin().await.unwrap();
    transaction.delete_raw(&INDEXED, "A").await.unwrap();
    transaction.put_raw(&INDEXED, &json!({"id": "C", "recipients": {"address": long}, "size": -0.0})).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(found(&store, &INDEXED, &by_address("three")).await, "");
    assert_eq!(found(&store, &INDEXED, &by_address(&long)).await, "C", "longer than an index entry");
    assert_eq!(found(&store, &INDEXED, &Filter::eq("size", 0).into()).await, "C");
    assert_eq!(found(&store, &INDEXED, &Filter::ne("recipients.address", "two").into()).await, "C");
}

pub(crate) async fn an_index_declared_later_covers_what_is_there(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    for number in 0..1100 {
        transaction
            .insert_raw(
                &PLAIN,
                &json!({"id": number.to_string(), "status": if number == 1050 { "rare" } else { "usual" }}),
            )
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    store.close().await.unwrap();

    let indexed = PLAIN.indexed(&["status"]);
    let store = database.open().await;
    store.register(&[indexed, INDEXED]).await.unwrap();
    assert_eq!(found(&store, &indexed, &Filter::eq("status", "rare").into()).await, "1050");
    assert_eq!(store.count_raw(&indexed, &Filter::eq("status", "usual")).await.unwrap(), 1099);
    // A writer that does not know the index keeps it correct nevertheless.
    let mut transaction = store.begin().await.unwrap();
    transaction.put_raw(&PLAIN, &json!({"id": "7", "status": "rare"})).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(found(&store, &indexed, &Filter::eq("status", "rare").into()).await, "71050");
}

pub(crate) async fn a_hundred_thousand_documents_are_found_at_once(database: TestDatabase) {
    const COUNT: usize = 100_000;
    let messages = CollectionSpec::with_id("Messages").indexed(&["recipients.address"]);
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    for number in 0..COUNT {
        let document = json!({
            "id": format!("MSG{number:017}"), "createdAt": "2024-01-01T00:00:00.000Z", "recipients": [{"address": format!("did:e:{}", number / 10)}],
            "content": {"@type": "Mail", "subject": "Subject", "body": "A body of some length, as most of them have one, more or less."},
        });
        transaction.insert_raw(&messages, &document).await.unwrap();
    }
    transaction.commit().await.unwrap();

    let filter = Filter::eq("recipients.address", "did:e:7777").and(Filter::eq("content.@type", "Mail"));
    let started = Instant::now();
    assert_eq!(store.count_raw(&messages, &Filter::eq("content.subject", "none")).await.unwrap(), 0);
    let reading_all = started.elapsed();
    let started = Instant::now();
    for number in 0..20 {
        let id = format!("MSG{:017}", number * 4_999);
        assert_eq!(store.get_raw(&messages, &id).await.unwrap().unwrap()["id"], id);
        assert_eq!(store.find_raw(&messages, &filter.clone().into()).await.unwrap().len(), 10);
        assert_eq!(store.count_raw(&messages, &filter).await.unwrap(), 10);
        let page = Query::new(Filter::All).limit(10).offset(10);
        assert_eq!(store.find_raw(&messages, &page).await.unwrap()[0]["id"], "MSG00000000000000010");
    }
    let each = started.elapsed() / 80;
    assert!(each * 10 < reading_all, "a query takes {each:?}, reading all documents {reading_all:?}");
    assert_eq!(store.count_raw(&messages, &Filter::All).await.unwrap(), COUNT as u64);
}
