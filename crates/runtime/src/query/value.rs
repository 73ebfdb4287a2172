//! Operators and values of query parameters (`docs/protocol/06-rest-api.md` §4.5, steps 4 to 6).

use core_types::LocationIndicator;
use serde_json::{Number, Value};
use store::Filter;

/// The condition that the value or values of one parameter impose on the field at `path`.
pub(super) fn condition(path: &str, values: &[&str]) -> Filter {
    match values {
        [""] => Filter::exists(path),
        ["!" | "!="] => Filter::missing(path),
        [value] => Operand::parse(value).condition(path),
        values => combined(path, values),
    }
}

/// Repeated parameters: plain values and negated ones are collected; of several text searches the last one counts.
fn combined(path: &str, values: &[&str]) -> Filter {
    let (mut any_of, mut none_of, mut conditions, mut search) = (Vec::new(), Vec::new(), Vec::new(), None);
    for value in values {
        let operand = Operand::parse(value);
        match operand.operator {
            Operator::Equal => any_of.push(operand.value()),
            Operator::NotEqual => none_of.push(operand.value()),
            Operator::StartsWith | Operator::EndsWith | Operator::Contains => search = Some(operand.condition(path)),
            Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual => {
                conditions.push(operand.condition(path));
            }
        }
    }
    if !any_of.is_empty() {
        conditions.push(Filter::In(path.to_owned(), any_of));
    }
    if !none_of.is_empty() {
        conditions.push(Filter::NotIn(path.to_owned(), none_of));
    }
    conditions.extend(search);
    Filter::And(conditions)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    StartsWith,
    EndsWith,
    Contains,
}

struct Operand<'a> {
    operator: Operator,
    text: &'a str,
}

impl<'a> Operand<'a> {
    fn parse(value: &'a str) -> Self {
        const OPERATORS: [(&str, Operator); 8] = [
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("!", Operator::NotEqual),
            ("^", Operator::StartsWith),
            ("$", Operator::EndsWith),
            ("~", Operator::Contains),
        ];
        let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, value.strip_prefix(sign)?)));
        match found {
            Some((operator, text)) => Self { operator, text: text.strip_prefix('=').unwrap_or(text) },
            None => Self { operator: Operator::Equal, text: value },
        }
    }

    fn value(&self) -> Value {
        convert(self.text)
    }

    /// Searches compare texts: a value read as a number or boolean is converted back to text.
    fn search_text(&self) -> String {
        match self.value() {
            Value::String(text) => text,
            other => core_types::json::stringify(&other),
        }
    }

    fn condition(&self, path: &str) -> Filter {
        let path = path.to_owned();
        match self.operator {
            Operator::Equal => Filter::Eq(path, self.value()),
            Operator::NotEqual => Filter::Ne(path, self.value()),
            Operator::Greater => Filter::Gt(path, self.value()),
            Operator::GreaterOrEqual => Filter::Gte(path, self.value()),
            Operator::Less => Filter::Lt(path, self.value()),
            Operator::LessOrEqual => Filter::Lte(path, self.value()),
            Operator::StartsWith => Filter::StartsWith(path, self.search_text()),
            Operator::EndsWith => Filter::EndsWith(path, self.search_text()),
            Operator::Contains => Filter::Contains(path, self.search_text()),
        }
    }
}

/// Booleans in any case, numbers in JavaScript's decimal notation, otherwise text.
pub(super) fn convert(text: &str) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    number(text).map_or_else(|| Value::from(text), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let trimmed = text.trim();
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // JavaScript first recognises 0x10 as a number, and then reads its leading decimal digits.
    if unsigned == trimmed && is_prefixed_integer(trimmed) {
        return Some(Number::from(0));
    }
    if let Ok(integer) = trimmed.parse::<i64>() {
        return Some(Number::from(integer));
    }
    let decimal =
        unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let number = trimmed.parse::<f64>().ok().filter(|number| decimal && number.is_finite())?;
    #[expect(clippy::cast_possible_truncation, reason = "integral and within the exact range of doubles")]
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Some(Number::from(number as i64));
    }
    Number::from_f64(number)
}

fn is_prefixed_integer(text: &str) -> bool {
    let digits = |prefixes: [&str; 2], radix: u32| {
        prefixes
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix)))
    };
    digits(["0x", "0X"], 16) || digits(["0o", "0O"], 8) || digits(["0b", "0B"], 2)
}

/// The stored number of an indicator; −1, which no document has, for anything else.
pub(super) fn location_indicator(text: &str) -> i64 {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().unwrap_or(-1);
    }
    LocationIndicator::from_name(text).map_or(-1, |indicator| i64::from(indicator.number()))
}
