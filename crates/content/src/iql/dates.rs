//! Dates as comparisons understand them: the ISO 8601 subset of ECMAScript.

use std::sync::LazyLock;

use core_types::Timestamp;
use core_types::json::stringify;
use regex::Regex;
use serde_json::Value;

/// Beyond this many milliseconds from 1970 there are no dates.
const LIMIT: f64 = 8.64e15;

static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^([0-9]{4}|[+-][0-9]{6})(-[0-9]{2}(-[0-9]{2})?)?(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$").ok()
});

/// The milliseconds since 1970 a text stands for. Without a zone it is taken as UTC.
pub(super) fn of_text(text: &str) -> Option<i64> {
    FORM.as_ref().filter(|form| form.is_match(text))?;
    text.parse().ok().map(Timestamp::as_millis)
}

/// The milliseconds since 1970 a member stands for: texts by their form, numbers as they are.
pub(super) fn of_value(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => of_text(text),
        Value::Number(number) => {
            let millis = number.as_f64().filter(|millis| millis.abs() <= LIMIT)?;
            // In these limits every integer is exact.
            stringify(&Value::from(millis.trunc())).parse().ok()
        }
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Array(items) => match items.as_slice() {
            [Value::String(only)] => of_text(only),
            _ => None,
        },
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_forms_of_ecmascript_are_dates() {
        assert_eq!(of_text("1970"), Some(0));
        assert_eq!(of_text("1970-01-02"), Some(86_400_000));
        assert_eq!(of_text("1970-01-01T01:00+01:00"), Some(0));
        for other in ["", "19700101", "1970-W01", "1970-001", "1970-13", "1970-01-01T1", "Jan 5 2022", "not a date"] {
            assert_eq!(of_text(other), None, "{other}");
        }
        assert_eq!(of_value(&Value::from(-1.5)), Some(-1));
        assert_eq!(of_value(&Value::from(8.65e15)), None);
    }
}
