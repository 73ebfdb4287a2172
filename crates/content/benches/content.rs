//! How long it takes to read a large request, and to evaluate a query over many attributes.
#![expect(clippy::unwrap_used, reason = "benchmarks")]

use std::hint::black_box;

use content::Reader;
use content::iql::Query;
use core_types::Timestamp;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

/// Items of every kind that holds an attribute or a query, 50 in all.
fn request() -> String {
    let owner = "did:e:backbone.example:dids:8f0a3b1c2d4e5f60718293";
    let items: Vec<Value> = (0..50)
        .map(|index| match index % 5 {
            0 => json!({"@type": "CreateAttributeRequestItem", "mustBeAccepted": true, "attribute": {"@type": "IdentityAttribute", "owner": owner,
                "tags": ["x:work", "language:de"], "value": {"@type": "StreetAddress", "recipient": "Ann Example", "street": "Main Street", "houseNo": "1a",
                "zipCode": "12345", "city": "Town", "country": "DE"}}}),
            1 => json!({"@type": "ReadAttributeRequestItem", "mustBeAccepted": false, "query": {"@type": "IQLQuery", "queryString": "GivenName || Surname && #x:work"}}),
            2 => json!({"@type": "ProposeAttributeRequestItem", "mustBeAccepted": true, "query": {"@type": "IdentityAttributeQuery", "valueType": "EMailAddress"},
                "attribute": {"@type": "IdentityAttribute", "owner": "", "value": {"@type": "EMailAddress", "value": "ann@example.com"}}}),
            3 => json!({"@type": "CreateAttributeRequestItem", "mustBeAccepted": true, "attribute": {"@type": "RelationshipAttribute", "owner": owner, "key": "customer",
                "confidentiality": "public", "value": {"@type": "ProprietaryString", "title": "Customer number", "value": "0815", "valueHintsOverride": {"max": 10}}}}),
            _ => json!({"@type": "FormFieldRequestItem", "mustBeAccepted": true, "title": "Choose", "settings": {"@type": "SelectionFormFieldSettings", "options": ["a", "b"]}}),
        })
        .collect();
    json!({"@type": "Request", "title": "Many items", "expiresAt": "2030-01-01T00:00:00.000Z", "items": items})
        .to_string()
}

fn attributes() -> Vec<Value> {
    let types = ["GivenName", "Surname", "DisplayName", "EMailAddress", "JobTitle"];
    (0..100_000)
        .map(|index| {
            let tags: &[&str] = if index % 7 == 0 { &["x:work"] } else { &["x:home", "x:other"] };
            json!({"@type": "IdentityAttribute", "owner": "did:e:backbone.example:dids:8f0a3b1c2d4e5f60718293", "tags": tags,
                "value": {"@type": types[index % types.len()], "value": format!("value {}", index % 1000)}})
        })
        .collect()
}

fn benchmarks(criterion: &mut Criterion) {
    let reader = Reader::new(Timestamp::from_millis(1_780_000_000_000));
    let text = request();
    let value: Value = serde_json::from_str(&text).unwrap();
    criterion.bench_function("read a request with 50 items from text", |bencher| {
        bencher.iter(|| reader.read_text(black_box(&text)).unwrap());
    });
    criterion.bench_function("read a request with 50 items from a JSON value", |bencher| {
        bencher.iter(|| reader.read(black_box(&value)).unwrap());
    });

    let attributes = attributes();
    let query = Query::parse("( GivenName || Surname ) && #x:work && !DisplayName='value 5'").unwrap();
    assert_eq!(query.matching_indexes(&attributes).len(), 5715);
    criterion.bench_function("evaluate a query over 100000 attributes", |bencher| {
        bencher.iter(|| query.matching_indexes(black_box(&attributes)));
    });
    criterion.bench_function("parse a query", |bencher| {
        bencher
            .iter(|| Query::parse(black_box("( GivenName || Surname ) && #x:work && !DisplayName='value 5'")).unwrap());
    });
}

criterion_group!(content, benchmarks);
criterion_main!(content);
