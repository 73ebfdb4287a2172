//! Conditions on Requests and their items (`docs/protocol/05 §10.2`).

use content::{CreateAttributeRequestItem, RequestItem, ShareAttributeRequestItem};
use core_types::Timestamp;
use core_types::json::stringify;
use serde_json::Value;

use super::config::{AutomationEntry, ITEM_PREFIX, RELATIONSHIP_ALREADY_EXISTS};
use crate::ConsumptionError;

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// Returns whether the conditions on the whole Request are fulfilled.
pub(super) fn fits_request(entry: &AutomationEntry, request: &Value, relationship_exists: bool) -> Result<bool> {
    for (key, condition) in entry.conditions().filter(|(key, _)| !key.starts_with(ITEM_PREFIX)) {
        let is_fulfilled = if key == RELATIONSHIP_ALREADY_EXISTS {
            *condition == Value::Bool(relationship_exists)
        } else {
            is_fulfilled(key, condition, request)?
        };
        if !is_fulfilled {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns whether an item is decided by an entry that fits its Request. Without conditions on items, only those are accepted that
/// need no more than that.
pub(super) fn fits_item(entry: &AutomationEntry, item: &RequestItem<'_>) -> Result<bool> {
    if entry.is_general() {
        let name = item.type_name();
        let is_simple = name == CreateAttributeRequestItem::TYPE || name == ShareAttributeRequestItem::TYPE;
        return Ok(is_simple || !entry.accepts());
    }
    let item = item.object().to_owned().into_value();
    for (key, condition) in entry.conditions() {
        if let Some(key) = key.strip_prefix(ITEM_PREFIX)
            && !is_fulfilled(key.trim(), condition, &item)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns whether a condition on a member, whose path the key is, is fulfilled.
fn is_fulfilled(key: &str, condition: &Value, object: &Value) -> Result<bool> {
    let Some(found) = key.split('.').try_fold(object, member) else { return Ok(false) };
    match (condition, found) {
        (Value::Array(tags), Value::Array(found)) if key.ends_with("tags") => {
            Ok(tags.iter().any(|tag| !is_object_like(tag) && found.contains(tag)))
        }
        _ if key.ends_with("At") => {
            let date = found.as_str().ok_or_else(|| incomparable(key))?;
            Ok(is_at(condition, date))
        }
        (Value::Array(conditions), _) => {
            let found = match found {
                Value::String(text) => text.clone(),
                Value::Array(_) | Value::Object(_) => stringify(found),
                Value::Null | Value::Bool(_) | Value::Number(_) => return Err(incomparable(key)),
            };
            Ok(conditions.iter().map(in_text).any(|condition| condition == *found))
        }
        _ => Ok(equals(condition, found)),
    }
}

/// A member of an object, or of a list by its index.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => value.get(name),
    }
}

const fn is_object_like(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_) | Value::Null)
}

/// Objects are compared by their JSON text, so that the order of their members counts.
fn in_text(value: &Value) -> Value {
    if is_object_like(value) { Value::String(stringify(value)) } else { value.clone() }
}

fn equals(condition: &Value, found: &Value) -> bool {
    match (in_text(condition), in_text(found)) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        // Lists are compared by identity at the peers, so that none is equal to another.
        _ if found.is_array() => false,
        (one, other) => one == other,
    }
}

/// Returns whether a date is after, before or at the date of a condition; of several conditions all have to hold.
fn is_at(condition: &Value, date: &str) -> bool {
    let conditions = condition.as_array().map_or(std::slice::from_ref(condition), Vec::as_slice);
    let date = date.parse::<Timestamp>();
    conditions.iter().all(|condition| {
        let (Ok(date), Some(condition)) = (&date, condition.as_str()) else { return false };
        let parsed = |text: &str| text.parse::<Timestamp>();
        match (condition.strip_prefix('>'), condition.strip_prefix('<')) {
            (Some(text), _) => parsed(text).is_ok_and(|limit| *date > limit),
            (_, Some(text)) => parsed(text).is_ok_and(|limit| *date < limit),
            _ => parsed(condition).is_ok_and(|limit| *date == limit),
        }
    })
}

fn incomparable(key: &str) -> ConsumptionError {
    ConsumptionError::Invalid(format!("the member '{key}' of a Request cannot be compared with the automationConfig"))
}
