use serde_json::Value;

/// The values that a path leads to. Arrays are entered on the way, not at the end.
pub(crate) fn targets<'a>(document: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut nodes = vec![document];
    for segment in path.split('.') {
        let mut next = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Value::Object(members) => next.extend(members.get(segment)),
                // Only objects directly inside the array have members: arrays inside arrays are not entered.
                Value::Array(items) => next.extend(items.iter().filter_map(|item| item.as_object()?.get(segment))),
                _ => {}
            }
        }
        nodes = next;
    }
    nodes
}

/// The values that a condition at the path is tested on: those the path leads to, and the elements of arrays at its
/// end.
pub(crate) fn candidates<'a>(document: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut all = Vec::new();
    for target in targets(document, path) {
        all.push(target);
        if let Value::Array(items) = target {
            all.extend(items);
        }
    }
    all
}
