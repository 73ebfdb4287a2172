//! The merge rule of `docs/protocol/07 §1.1`: objects deeply per key, arrays and scalars as a whole.

use serde_json::Value;

/// Merges `upper` into `lower`. Keys that only `upper` has come last, which makes them load last as modules.
pub(super) fn merge(lower: &mut Value, upper: Value) {
    match (lower, upper) {
        (Value::Object(lower), Value::Object(upper)) => {
            for (key, value) in upper {
                match lower.get_mut(&key) {
                    Some(existing) => merge(existing, value),
                    None => {
                        lower.insert(key, value);
                    }
                }
            }
        }
        (lower, upper) => *lower = upper,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::merge;

    fn merged(mut lower: Value, upper: Value) -> Value {
        merge(&mut lower, upper);
        lower
    }

    #[test]
    fn objects_merge_deeply_and_arrays_are_replaced() {
        let lower = json!({"a": {"x": 1, "list": [1, 2, 3]}, "b": true});
        let upper = json!({"a": {"list": [9], "y": 2}});
        assert_eq!(merged(lower, upper), json!({"a": {"x": 1, "list": [9], "y": 2}, "b": true}));
    }

    #[test]
    fn a_scalar_replaces_a_whole_subtree_and_the_other_way_round() {
        assert_eq!(merged(json!({"a": {"b": 1}}), json!({"a": false})), json!({"a": false}));
        assert_eq!(merged(json!({"a": false}), json!({"a": {"b": 1}})), json!({"a": {"b": 1}}));
        assert_eq!(merged(json!({"a": {"b": 1}}), json!({"a": null})), json!({"a": null}));
    }

    #[test]
    fn keys_of_the_lower_source_keep_their_place() {
        let result = merged(json!({"sync": {}, "webhooks": {}}), json!({"own": {}, "sync": {"enabled": true}}));
        let keys: Vec<_> = result.as_object().into_iter().flat_map(Map::keys).collect();
        assert_eq!(keys, ["sync", "webhooks", "own"]);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c:_]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-c]{1,2}", inner), 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    fn scalars_of(value: &Value, path: String, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(key, value)| scalars_of(value, format!("{path}/{key}"), found));
            }
            other => found.push((path, other.clone())),
        }
    }

    proptest! {
        #[test]
        fn the_upper_source_always_wins(lower in any_json(), upper in any_json()) {
            let result = merged(lower, upper.clone());
            let mut scalars = Vec::new();
            scalars_of(&upper, String::new(), &mut scalars);
            for (path, expected) in scalars {
                prop_assert_eq!(result.pointer(&path), Some(&expected));
            }
        }

        #[test]
        fn merging_a_value_over_itself_changes_nothing(value in any_json()) {
            prop_assert_eq!(merged(value.clone(), value.clone()), value);
        }
    }
}
