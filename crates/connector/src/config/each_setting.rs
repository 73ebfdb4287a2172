use serde_json::Value;

/// Every setting by its path, with a value that is not an object.
pub(crate) fn each_setting<'a>(value: &'a Value, path: &mut Vec<&'a str>, found: &mut impl FnMut(&[&str], &Value)) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                path.push(name);
                each_setting(value, path, found);
                path.pop();
            }
        }
        other => found(path, other),
    }
}
