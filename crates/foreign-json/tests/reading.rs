//! Everything that JavaScript writes can be read.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use foreign_json::{MAX_DEPTH, Reading, from_slice, read, read_levels};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A text of arrays in arrays around a number.
fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// A worker of the asynchronous runtime has 2 MiB; half of it has to suffice, even without optimisation.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn ordinary_json_is_read_as_it_is() {
    let text = r#"{"b":[1,-2.5,true,null,"\ud83d\ude00 \u0000 \\ud83d"],"a":{}}"#;
    let reading: Reading<Value> = read(text).unwrap();
    assert!(reading.is_exact());
    assert_eq!(reading.value, json!({ "b": [1, -2.5, true, null, "😀 \0 \\ud83d"], "a": {} }));
    assert_eq!(reading.value.as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn lone_surrogates_are_replaced() {
    for (text, value) in [
        (r#""Hello \ud83d""#, json!("Hello \u{fffd}")),
        (r#""\uDE00\uD83D!""#, json!("\u{fffd}\u{fffd}!")),
        (r#""\ud83d\ud83d\ude00""#, json!("\u{fffd}😀")),
        (r#""\\\ud83d\\""#, json!("\\\u{fffd}\\")),
        (r#""ä\ud83dö""#, json!("ä\u{fffd}ö")),
        (r#"{"\ud83d":1,"b":["\udfff"]}"#, json!({ "\u{fffd}": 1, "b": ["\u{fffd}"] })),
    ] {
        let reading: Reading<Value> = read(text).unwrap();
        assert_eq!(reading.value, value, "{text}");
        assert!(reading.is_repaired && !reading.is_too_deep, "{text}");
    }
}

#[test]
fn numbers_beyond_a_double_are_null_as_javascript_writes_them() {
    let digits = "9".repeat(400);
    let reading: Reading<Value> =
        read(format!(r#"[1e400,-1E+999,{digits},1e308,"1e400",{{"1e400":1e-400}}]"#)).unwrap();
    assert_eq!(reading.value, json!([null, null, null, 1e308, "1e400", { "1e400": 0.0 }]));
    assert!(reading.is_repaired);
}

#[test]
fn arrays_and_objects_are_read_up_to_the_limit_and_then_as_texts() {
    on_a_small_stack(|| {
        for levels in [1, 99, 100, 101, 126, 127, 128, 129, 200, 201, MAX_DEPTH] {
            let reading: Reading<Value> = read(nested(levels)).unwrap();
            assert!(reading.is_exact(), "{levels}");
            assert_eq!(depth(&reading.value), levels);
            assert_eq!(reading.value.to_string(), nested(levels));
        }
        for levels in [MAX_DEPTH + 1, 5_000] {
            let reading: Reading<Value> = read(nested(levels)).unwrap();
            assert!(reading.is_too_deep && !reading.is_repaired, "{levels}");
            assert_eq!(depth(&reading.value), MAX_DEPTH);
            let rest = serde_json::to_string(&nested(levels - MAX_DEPTH)).unwrap();
            let expected = format!("{}{rest}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
            assert_eq!(reading.value.to_string(), expected);
        }
        let reading: Reading<Value> = read_levels(format!(r#"{{"a":{},"b":1}}"#, nested(300)), 300).unwrap();
        assert_eq!((reading.is_too_deep, depth(&reading.value)), (true, 300));
    });
}

#[test]
fn values_of_full_depth_can_be_handled() {
    on_a_small_stack(|| {
        let levels = MAX_DEPTH + 16;
        let objects = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        for text in [nested(levels), objects] {
            let value = read_levels::<Value>(&text, levels).unwrap().value;
            let copy = value.clone();
            assert_eq!(value, copy);
            assert_eq!(serde_json::to_value(&value).unwrap().to_string(), text);
            assert!(!format!("{copy:?}").is_empty());
            drop(value);
        }
    });
}

#[test]
fn damaged_json_is_refused() {
    for text in [
        "".to_owned(),
        "[1".to_owned(),
        "[1]]".to_owned(),
        r#""\ud83"#.to_owned(),
        r#""\ud83d"#.to_owned(),
        r#"{"a":1e400"#.to_owned(),
        "[".repeat(5_000),
        "]".repeat(5_000),
        format!("{}x", nested(5_000)),
        nested(5_000).replace('1', "x"),
        nested(200).replace("1]", "1}"),
        nested(5_000).replace("1]", "1}"),
    ] {
        assert!(read::<Value>(&text).is_err(), "{:.40}", text);
    }
    assert!(read::<Value>([b'"', 0xff, b'"']).is_err());
    let error = from_slice::<Vec<u8>>("[1,\n300]").unwrap_err();
    assert!(error.is_data() && error.line() == 2, "{error}");
}

/// Ten million levels, and many siblings at the depths where a new reader continues: a few seconds without
/// optimisation. A reader that scanned the rest of the text again on every level would take days.
#[test]
fn no_text_takes_long() {
    on_a_small_stack(|| {
        let start = Instant::now();
        let half = 5 * 1024 * 1024;
        assert!(read::<Value>("[".repeat(2 * half)).is_err());
        assert!(read::<Value>(nested(half)).unwrap().is_too_deep);
        assert!(read::<Value>(r#"{"a":"#.repeat(half / 3)).is_err());
        let siblings = vec!["[]"; half / 30].join(",");
        for around in [99, 100, 200, MAX_DEPTH - 1] {
            let text = format!("{}{siblings}{}", "[".repeat(around), "]".repeat(around));
            read::<Value>(text).unwrap();
        }
        assert!(read::<Value>(format!(r#""{}""#, r"\ud83d".repeat(half / 30))).unwrap().is_repaired);
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    });
}

/// JSON of JavaScript: its strings are any UTF-16.
#[derive(Debug, Clone)]
enum Js {
    Other(Value),
    Text(Vec<u16>),
    Array(Vec<Js>),
    Object(Vec<(Vec<u16>, Js)>),
}

fn js_text() -> impl Strategy<Value = Vec<u16>> {
    let unit = prop_oneof![
        3 => any::<u16>(),
        3 => u16::from(b' ')..=u16::from(b'~'),
        2 => 0xd800..=0xdfff_u16,
        1 => Just(u16::from(b'\\')),
    ];
    prop::collection::vec(unit, 0..6)
}

fn js() -> impl Strategy<Value = Js> {
    let leaf = prop_oneof![
        Just(Js::Other(Value::Null)),
        any::<bool>().prop_map(|value| Js::Other(value.into())),
        any::<i64>().prop_map(|value| Js::Other(value.into())),
        prop::num::f64::NORMAL.prop_map(|value| Js::Other(value.into())),
        js_text().prop_map(Js::Text),
    ];
    leaf.prop_recursive(8, 64, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Js::Array),
            prop::collection::vec((js_text(), inner), 0..4).prop_map(Js::Object),
        ]
    })
}

/// `JSON.stringify`; if `lone` is given, it replaces lone surrogates.
fn write(out: &mut String, value: &Js, lone: Option<&str>) {
    match value {
        Js::Other(value) => out.push_str(&value.to_string()),
        Js::Text(units) => write_text(out, units, lone),
        Js::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(out, item, lone);
            }
            out.push(']');
        }
        Js::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_text(out, name, lone);
                out.push(':');
                write(out, member, lone);
            }
            out.push('}');
        }
    }
}

fn write_text(out: &mut String, units: &[u16], lone: Option<&str>) {
    out.push('"');
    for character in char::decode_utf16(units.iter().copied()) {
        match (character, lone) {
            (Ok(character), _) => {
                let quoted = serde_json::to_string(&character).unwrap();
                out.push_str(&quoted[1..quoted.len() - 1]);
            }
            (Err(_), Some(lone)) => out.push_str(lone),
            (Err(surrogate), None) => out.push_str(&format!("\\u{:04x}", surrogate.unpaired_surrogate())),
        }
    }
    out.push('"');
}

fn has_lone_surrogate(value: &Js) -> bool {
    let is_lone = |units: &[u16]| String::from_utf16(units).is_err();
    match value {
        Js::Other(_) => false,
        Js::Text(units) => is_lone(units),
        Js::Array(items) => items.iter().any(has_lone_surrogate),
        Js::Object(members) => members.iter().any(|(name, member)| is_lone(name) || has_lone_surrogate(member)),
    }
}

fn expected(value: &Js, levels: usize) -> Value {
    match value {
        Js::Other(value) => value.clone(),
        Js::Text(units) => String::from_utf16_lossy(units).into(),
        Js::Array(_) | Js::Object(_) if levels == 0 => {
            let mut text = String::new();
            write(&mut text, value, Some("\\ufffd"));
            text.into()
        }
        Js::Array(items) => items.iter().map(|item| expected(item, levels - 1)).collect(),
        Js::Object(members) => {
            let mut object = Map::new();
            for (name, member) in members {
                object.insert(String::from_utf16_lossy(name), expected(member, levels - 1));
            }
            object.into()
        }
    }
}

proptest! {
    #[test]
    fn whatever_javascript_writes_is_read_by_the_rules(value in js(), around in 0..320_usize, levels in 128..320_usize) {
        let mut text = "[".repeat(around);
        write(&mut text, &value, None);
        text.push_str(&"]".repeat(around));
        let is_odd = has_lone_surrogate(&value);
        let wrapped = (0..around).fold(value, |value, _| Js::Array(vec![value]));
        let reading: Reading<Value> = read_levels(&text, levels).unwrap();
        prop_assert_eq!(reading.is_repaired, is_odd);
        prop_assert_eq!(&reading.value, &expected(&wrapped, levels));
        prop_assert_eq!(reading.is_too_deep, depth(&expected(&wrapped, usize::MAX)) > levels);
    }

    #[test]
    fn any_text_is_read_or_refused(text in r#"[\[\]{}",:\\ud8cDf0-9eE+\-.tn]{0,40}"#) {
        let reading = read::<Value>(&text);
        if let Ok(plain) = serde_json::from_str::<Value>(&text) {
            let reading = reading.unwrap();
            prop_assert!(reading.is_exact());
            prop_assert_eq!(reading.value, plain);
        }
    }
}
