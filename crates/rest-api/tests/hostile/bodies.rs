//! JSON bodies that are wrong in one member or in their form, or not JSON at all.

use std::fmt::Write as _;

use axum::body::Body;
use serde_json::{Value, json};

use crate::routes::{Operation, operations};
use crate::support::request;
use crate::world::World;

const JSON: &str = "application/json";

fn values() -> Vec<Value> {
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(0.5),
        json!(1e308),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(""),
        json!(" "),
        json!("x"),
        json!("\u{0}"),
        json!("\u{feff}\u{202e}😀"),
        json!("2000-01-01"),
        json!("9999-99-99T99:99:99.999Z"),
        json!("+275760-09-13T00:00:00.001Z"),
        json!("../../etc/passwd"),
        json!("a".repeat(70_000)),
        json!("did:e:localhost:dids:0000000000000000000000"),
        json!("FIL00000000000000000"),
        json!("VE9L".repeat(22)),
        json!("https://localhost/r/FIL00000000000000000#AAAA"),
        json!("[".repeat(10_000)),
        json!([]),
        json!([null]),
        json!([[]]),
        json!(["x", "x"]),
        json!(vec![0; 20_000]),
        json!({}),
        json!({"@type": 1}),
        json!({"@type": "Request"}),
        json!({"@type": "Request", "items": [null]}),
        json!({"@type": "RelationshipTemplateContent", "onNewRelationship": {}}),
        json!({"@type": "Mail", "to": {}}),
        json!({"@type": "__proto__", "__proto__": {"a": 1}}),
        json!({"": {"": {"": ""}}}),
        nested(60),
        nested(200),
        nested(foreign_json::MAX_DEPTH - 1),
    ]
}

/// Every body that differs from `body` in one member.
fn variants(body: &Value) -> Vec<Value> {
    let mut variants = Vec::new();
    let Value::Object(members) = body else { return variants };
    for (name, member) in members {
        let mut replace = |value: Option<Value>| {
            let mut changed = members.clone();
            match value {
                Some(value) => changed.insert(name.clone(), value),
                None => changed.shift_remove(name),
            };
            variants.push(Value::Object(changed));
        };
        replace(None);
        values().into_iter().for_each(|value| replace(Some(value)));
        if name == "passwordProtection" {
            self::variants(member).into_iter().for_each(|value| replace(Some(value)));
        }
    }
    for name in ["extra", "@type", "__proto__", "constructor", "id", ""] {
        let mut changed = members.clone();
        changed.insert(name.to_owned(), json!("x"));
        variants.push(Value::Object(changed));
    }
    variants.push(json!([body]));
    variants
}

/// Bodies that are not JSON, or extreme JSON.
fn texts(body: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let text = body.to_string();
    let mut long_number = String::from("{\"expiresAt\":");
    long_number.extend(std::iter::repeat_n('9', 100_000));
    long_number.push('}');
    let mut many_members = String::from("{\"a\":0");
    for number in 0..20_000 {
        write!(many_members, ",\"m{number}\":{number}").unwrap();
    }
    many_members.push('}');
    let mut twice = text.trim_end_matches('}').to_owned();
    if let Value::Object(members) = body {
        for name in members.keys() {
            write!(twice, ",{}:null", json!(name)).unwrap();
        }
    }
    twice.push('}');
    let around = |middle: &[u8]| [b"{\"reference\":\"", middle, b"\",\"content\":{}}"].concat();
    vec![
        ("arrays in arrays, open", "[".repeat(10_000).into_bytes()),
        ("arrays in arrays", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes()),
        ("objects in objects", format!("{}1{}", "{\"content\":".repeat(10_000), "}".repeat(10_000)).into_bytes()),
        ("two megabytes of brackets", vec![b'['; 2 * 1024 * 1024]),
        ("a large text", around(&vec![b'a'; 1_900_000])),
        ("too large", around(&vec![b'a'; 2_200_000])),
        ("many members", many_members.into_bytes()),
        ("a long number", long_number.into_bytes()),
        ("infinite number", b"{\"maxNumberOfAllocations\":1e999}".to_vec()),
        ("no UTF-8", around(b"\xff\xfe")),
        ("overlong UTF-8", around(b"\xc0\x80")),
        ("surrogate in UTF-8", around(b"\xed\xa0\x80")),
        ("lone high surrogate", around(br"\ud800")),
        ("lone low surrogate", around(br"\udc00")),
        ("wrong pair", around(br"\ud800\ud800")),
        ("NUL byte", around(b"\0")),
        ("NUL bytes only", vec![0; 100]),
        ("NUL escaped", around(br"\u0000")),
        ("control character", around(b"\n")),
        ("every member twice", twice.into_bytes()),
        ("byte order mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("two byte order marks", [b"\xef\xbb\xbf\xef\xbb\xbf", text.as_bytes()].concat()),
        ("cut off", text.as_bytes().get(..text.len() - 1).unwrap().to_vec()),
        ("something behind it", format!("{text}{text}").into_bytes()),
        ("comma at the end", format!("{},}}", text.trim_end_matches('}')).into_bytes()),
        ("NaN", b"{\"a\":NaN}".to_vec()),
        ("comment", b"/**/{}".to_vec()),
        ("number", b"1".to_vec()),
        ("null", b"null".to_vec()),
        ("empty array", b"[]".to_vec()),
        ("nothing", Vec::new()),
        ("white space", b" \r\n\t".to_vec()),
    ]
}

async fn attack_with(world: &World, operation: &Operation, what: &str, content_type: &str, body: impl Into<Body>) {
    let path = operation.path(&world.ids);
    let request = request(&operation.method, &path, &[("content-type", content_type)], body);
    world.attack(what, request).await;
}

pub(crate) async fn members_of_a_wrong_kind_or_number(world: World) {
    let mut count = 0;
    for operation in operations() {
        let Some(body) = operation.body(&world.ids) else { continue };
        for variant in variants(&body) {
            attack_with(&world, &operation, "variant", JSON, variant.to_string()).await;
            count += 1;
        }
    }
    assert!(count > 1000, "{count} variants");
}

pub(crate) async fn bodies_that_are_no_ordinary_json(world: World) {
    for operation in operations() {
        let body = operation.body(&world.ids);
        // All routes read bodies in the same place; those that expect none only get some of them.
        let step = if body.is_some() { 1 } else { 5 };
        for (what, text) in texts(&body.unwrap_or_else(|| json!({"a": 1}))).into_iter().step_by(step) {
            attack_with(&world, &operation, what, JSON, text).await;
        }
    }
}

pub(crate) async fn other_types_and_charsets(world: World) {
    let utf16: Vec<u8> = "{\"a\":\"".encode_utf16().chain([0xd800]).flat_map(u16::to_le_bytes).collect();
    for operation in operations() {
        let text = operation.body(&world.ids).unwrap_or_default().to_string();
        for (content_type, body) in [
            ("text/plain", text.clone().into_bytes()),
            ("application/x-www-form-urlencoded", text.clone().into_bytes()),
            ("application/x-www-form-urlencoded", b"content=%FF%00&content=&&=&=x&a[b]=1&expiresAt=x".to_vec()),
            ("application/x-www-form-urlencoded", "a=1&".repeat(25_000).into_bytes()),
            ("application/x-www-form-urlencoded", "%".repeat(200_000).into_bytes()),
            ("application/json; charset=utf-16", utf16.clone()),
            ("application/json; charset=utf-16be", vec![0xdc; 101]),
            ("application/json; charset=utf-32", vec![0xff; 7]),
            ("application/json; charset=utf-7", text.clone().into_bytes()),
            ("application/json; charset=\"", text.clone().into_bytes()),
            ("application/json;;;;", text.clone().into_bytes()),
            ("application/vnd.api+json", text.clone().into_bytes()),
            ("multipart/form-data; boundary=x", text.clone().into_bytes()),
            ("multipart/form-data", text.clone().into_bytes()),
            ("/", text.clone().into_bytes()),
            ("", text.clone().into_bytes()),
        ] {
            attack_with(&world, &operation, content_type, content_type, body).await;
        }
    }
}
