//! The JSON rules of the existing implementation (`docs/protocol/01 §4`): how text is written, and how strictly members
//! are read.
//!
//! Two kinds of order occur. Typed objects have sorted members, which our structs achieve by declaring their fields in
//! that order; free content keeps its original order, except that JavaScript moves integer-like names to the front.
//! [`to_string`] applies the second rule and the JavaScript number format to anything serialisable, so it is right for
//! both.

use std::cmp::Ordering;
use std::fmt::Write;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value};

/// Integers up to this size are exact in JavaScript; larger ones pass through a double there.
const MAX_SAFE_INTEGER: u64 = 1 << 53;

/// Largest array index of JavaScript plus one: smaller names that are plain integers are moved to the front.
const INTEGER_NAME_LIMIT: u64 = u32::MAX as u64;

/// JSON text in the existing notation: compact, members in JavaScript order, numbers in JavaScript format.
///
/// # Errors
/// If `value` cannot be represented in JSON, for instance a map with names that are not texts.
pub fn to_string(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_value(value).map(|value| stringify(&value))
}

/// JSON text of a value, members in JavaScript order (integer-like names ascending, then as they are).
#[must_use]
pub fn stringify(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, &in_javascript_order);
    text
}

/// JSON text of a value with all members sorted by UTF-16 code unit, at every depth.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, &sorted);
    text
}

/// A number in JavaScript's notation: shortest form that reads back the same, exponents from `1e+21` and below `1e-6`,
/// `-0` as `0`.
#[must_use]
pub fn number(number: &Number) -> String {
    let exact = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)).filter(|n| *n <= MAX_SAFE_INTEGER);
    if exact.is_some() { number.to_string() } else { double(number.as_f64().unwrap_or_default()) }
}

fn double(value: f64) -> String {
    let text = format!("{:e}", value.abs());
    let sign = if value < 0.0 { "-" } else { "" };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // Position of the decimal point, counted from the first digit.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let body = if !(-5..=21).contains(&point) {
        let fraction = if length > 1 { format!(".{}", digits.get(1..).unwrap_or_default()) } else { String::new() };
        let exponent = point - 1;
        format!(
            "{}{fraction}e{}{}",
            digits.get(..1).unwrap_or_default(),
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        )
    } else if point <= 0 {
        format!("0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or_default()))
    } else if length <= point {
        format!("{digits}{}", "0".repeat(usize::try_from(point - length).unwrap_or_default()))
    } else {
        let point = usize::try_from(point).unwrap_or_default();
        format!("{}.{}", digits.get(..point).unwrap_or_default(), digits.get(point..).unwrap_or_default())
    };
    format!("{sign}{body}")
}

/// The members in another order, if they need one.
type Order<'f> = &'f dyn for<'a> Fn(&'a Map<String, Value>) -> Option<Vec<(&'a String, &'a Value)>>;

fn write_value(out: &mut String, value: &Value, order: Order<'_>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => out.push_str(&number(n)),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item, order);
            }
            out.push(']');
        }
        Value::Object(members) => match order(members) {
            Some(ordered) => write_members(out, ordered.into_iter(), order),
            None => write_members(out, members.iter(), order),
        },
    }
}

fn write_members<'a>(out: &mut String, members: impl Iterator<Item = (&'a String, &'a Value)>, order: Order<'_>) {
    out.push('{');
    for (index, (name, member)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write_value(out, member, order);
    }
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // Most texts have nothing to escape, so the parts in between are copied as a whole.
    while let Some(position) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let (plain, escaped) = rest.split_at(position);
        out.push_str(plain);
        let mut characters = escaped.chars();
        match characters.next() {
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(control) if control < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            Some(quoted) => out.extend(['\\', quoted]),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn in_javascript_order(members: &Map<String, Value>) -> Option<Vec<(&String, &Value)>> {
    if members.keys().all(|name| integer_name(name).is_none()) {
        return None;
    }
    let mut ordered: Vec<_> = members.iter().collect();
    // Stable, so names that are not integers keep their order.
    ordered.sort_by_key(|(name, _)| integer_name(name).unwrap_or(INTEGER_NAME_LIMIT));
    Some(ordered)
}

fn integer_name(name: &str) -> Option<u64> {
    let canonical = name == "0" || (!name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { name.parse().ok().filter(|index| *index < INTEGER_NAME_LIMIT) } else { None }
}

fn sorted(members: &Map<String, Value>) -> Option<Vec<(&String, &Value)>> {
    let mut ordered: Vec<_> = members.iter().collect();
    ordered.sort_by(|(left, _), (right, _)| by_utf16(left, right));
    Some(ordered)
}

fn by_utf16(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// For optional members that may be absent but not `null` (texts, numbers, booleans, arrays): use together with
/// `default`.
///
/// # Errors
/// If the member is `null` or of another type.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads an identifier of any kind: a text, or an object with the text member `id`.
///
/// # Errors
/// If it is neither.
pub fn id_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextVisitor { member: "id" })
}

/// Reads a nested object of a declared class: an `@type` may be absent, but a different one is refused, as in the
/// existing implementation.
///
/// # Errors
/// If `@type` names a class other than `class`, or the members do not fit.
pub fn declared<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D, class: &str) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    match type_name(&value).map_err(D::Error::custom)? {
        Some(other) if other != class => Err(D::Error::custom(format_args!("expected an object of type {class}"))),
        _ => serde_json::from_value(value).map_err(D::Error::custom),
    }
}

/// The `@type` of an object, if it has one.
///
/// # Errors
/// [`crate::CoreError::Validation`] if `@type` is not a text.
pub fn type_name(value: &Value) -> Result<Option<&str>, crate::CoreError> {
    match value.get("@type") {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name)),
        Some(_) => Err(crate::CoreError::validation("@type", "must be a text")),
    }
}

/// Serde and formatting for a newtype over `String` that is written as plain JSON string and is also read from an
/// object with the text in one member.
macro_rules! text_type {
    ($name:ident, $member:literal) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(crate::json::TextVisitor { member: $member }).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}
pub(crate) use text_type;

/// Reads a text, or the only text member of an object.
pub(crate) struct TextVisitor {
    pub(crate) member: &'static str,
}

impl<'de> serde::de::Visitor<'de> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a text or an object with the text member '{}'", self.member)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<String, A::Error> {
        let mut found = None;
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if name == self.member
                && let Value::String(text) = value
            {
                found = Some(text);
            }
        }
        found.ok_or_else(|| A::Error::missing_field(self.member))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        /// Contents pass through us as parsed values; a double misread by one unit would alter them.
        #[test]
        fn a_double_survives_reading_and_writing(number in proptest::num::f64::NORMAL) {
            let read: Value = serde_json::from_str(&format!("{number:e}")).unwrap();
            prop_assert_eq!(read.as_f64().unwrap().to_bits(), number.to_bits());
            let again: Value = serde_json::from_str(&stringify(&read)).unwrap();
            prop_assert_eq!(again.as_f64().unwrap().to_bits(), number.to_bits());
        }
    }

    #[test]
    fn numbers_are_written_as_javascript_does() {
        let value: Value = serde_json::from_str(
            "[1e21,1e-7,0.000001,123456.789,-0.0,0.0,1.5e300,-2.5,9007199254740993,-9007199254740993,1e20,100]",
        )
        .unwrap();
        assert_eq!(
            stringify(&value),
            "[1e+21,1e-7,0.000001,123456.789,0,0,1.5e+300,-2.5,9007199254740992,-9007199254740992,100000000000000000000,100]"
        );
    }

    #[test]
    fn integer_like_names_come_first() {
        let value = json!({"b":1,"10":1,"2":1,"01":1,"-1":1,"0":1,"4294967295":1,"4294967294":1,"a":1});
        assert_eq!(
            stringify(&value),
            r#"{"0":1,"2":1,"10":1,"4294967294":1,"b":1,"01":1,"-1":1,"4294967295":1,"a":1}"#
        );
    }

    #[test]
    fn canonical_sorts_by_utf16_code_unit() {
        // U+1F600 is written with surrogates (D83D …), which sort before U+FB00 although its code point is larger.
        let value = json!({"\u{fb00}":1,"\u{1f600}":{"b":1,"@type":2},"a":3});
        assert_eq!(canonical(&value), "{\"a\":3,\"\u{1f600}\":{\"@type\":2,\"b\":1},\"\u{fb00}\":1}");
    }

    #[test]
    fn null_is_no_optional_text() {
        #[derive(Deserialize)]
        struct Probe {
            #[serde(default, deserialize_with = "present")]
            text: Option<String>,
        }
        assert!(serde_json::from_str::<Probe>(r#"{"text":null}"#).is_err());
        assert_eq!(serde_json::from_str::<Probe>("{}").unwrap().text, None);
        assert_eq!(serde_json::from_str::<Probe>(r#"{"text":"x"}"#).unwrap().text.as_deref(), Some("x"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 53)..=(1 << 53)).prop_map(Value::from),
            "\\PC*".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(value in any_json()) {
            prop_assert_eq!(&serde_json::from_str::<Value>(&stringify(&value)).unwrap(), &value);
            prop_assert_eq!(&serde_json::from_str::<Value>(&canonical(&value)).unwrap(), &value);
        }

        #[test]
        fn doubles_read_back_the_same(value in any::<f64>().prop_filter("JSON has no NaN", |v| v.is_finite())) {
            prop_assert_eq!(double(value).parse::<f64>().unwrap(), value);
        }
    }
}
