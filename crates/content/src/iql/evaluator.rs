use core_types::json::number;
use serde_json::Value;

use super::{Operation, Predicate, Term, dates};

/// Evaluates a query in postfix order.
pub(super) fn matches(operations: &[Operation], attribute: &Value) -> bool {
    let mut stack: Vec<bool> = Vec::with_capacity(8);
    for operation in operations {
        let result = match operation {
            Operation::Term(term) => term_matches(term, attribute),
            Operation::Not => !stack.pop().unwrap_or_default(),
            Operation::And => {
                let right = stack.pop().unwrap_or_default();
                stack.pop().unwrap_or_default() && right
            }
            Operation::Or => {
                let right = stack.pop().unwrap_or_default();
                stack.pop().unwrap_or_default() || right
            }
        };
        stack.push(result);
    }
    stack.pop().unwrap_or_default()
}

fn term_matches(term: &Term, attribute: &Value) -> bool {
    match term {
        Term::Value { type_name, condition } => {
            let Some(value) = attribute.get("value") else { return false };
            value.get("@type").is_some_and(|name| name == type_name.as_str())
                && condition.as_ref().is_none_or(|(path, predicate)| holds(predicate, value, path))
        }
        Term::Path(path, predicate) => holds(predicate, attribute, path),
        Term::Tag(tag) => attribute.get("tags").is_some_and(|tags| contains(tags, tag)),
    }
}

/// Returns whether the member at `path` is there and fulfils the predicate.
fn holds(predicate: &Predicate, root: &Value, path: &[String]) -> bool {
    let found = path.iter().try_fold(root, |value, name| value.as_object()?.get(name));
    let Some(field) = found.filter(|field| !field.is_null()) else { return false };
    match predicate {
        Predicate::Equals(operand) => match field {
            Value::String(text) => text == operand,
            _ => text_form(field) == *operand,
        },
        Predicate::NotBefore(operand) => {
            dates::of_value(field).zip(*operand).is_some_and(|(date, limit)| date >= limit)
        }
        Predicate::NotAfter(operand) => dates::of_value(field).zip(*operand).is_some_and(|(date, limit)| date <= limit),
        Predicate::Contains(operand) => contains(field, operand),
        Predicate::Exists => match field {
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            _ => true,
        },
    }
}

fn contains(list: &Value, text: &str) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|item| item == text))
}

/// The text JavaScript makes of a value when it needs one.
fn text_form(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => number(value),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_form).collect::<Vec<_>>().join(","),
        Value::Object(_) => "[object Object]".to_owned(),
    }
}
