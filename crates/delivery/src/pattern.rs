//! Matching of triggers and events (`docs/protocol/07-connector-modules-and-operations.md` §4.3).

/// True if events called `namespace` match the trigger `pattern`.
///
/// Both are segments separated by dots. `*` stands for exactly one segment, `**` for any number including none; inside
/// a segment a star has no meaning.
#[must_use]
pub fn matches(pattern: &str, namespace: &str) -> bool {
    let segments: Vec<&str> = namespace.split('.').collect();
    // The lengths of the namespace's prefixes that match the pattern read so far.
    let mut reached = vec![false; segments.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for part in pattern.split('.') {
        let mut next = vec![false; segments.len() + 1];
        if part == "**" {
            let mut open = false;
            for (now, then) in reached.iter().zip(&mut next) {
                open |= now;
                *then = open;
            }
        } else {
            for ((now, segment), then) in reached.iter().zip(&segments).zip(next.iter_mut().skip(1)) {
                *then = *now && (part == "*" || part == *segment);
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn table() {
        for (pattern, expected) in [
            ("**", [true, true, true]),
            ("transport.*", [true, false, false]),
            ("transport.**", [true, false, false]),
            ("*.messageReceived", [true, false, false]),
            ("**.messageReceived", [true, false, false]),
            ("*", [false, false, false]),
            ("transport", [false, false, false]),
            ("transport.message*", [false, false, false]),
            ("a.**.c", [false, false, true]),
            ("a.**.b.**.c", [false, false, true]),
            ("a.*.c", [false, false, true]),
            ("a.*", [false, false, false]),
        ] {
            let names = ["transport.messageReceived", "runtime.initialized", "a.b.c"];
            assert_eq!(names.map(|name| matches(pattern, name)), expected, "{pattern}");
        }
        assert!(matches("transport.**", "transport"));
    }

    fn segments() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[ab]{1,2}", 1..6)
    }

    /// The same rule, written as recursion.
    fn reference(pattern: &[&str], name: &[&str]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ["**", rest @ ..] => {
                (0..=name.len()).any(|skipped| reference(rest, name.get(skipped..).unwrap_or_default()))
            }
            [first, rest @ ..] => match name {
                [head, tail @ ..] => (*first == "*" || first == head) && reference(rest, tail),
                [] => false,
            },
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_recursive_rule(
            pattern in proptest::collection::vec("(\\*|\\*\\*|[ab]{1,2})", 1..6),
            name in segments(),
        ) {
            let pattern_segments: Vec<&str> = pattern.iter().map(String::as_str).collect();
            let name_segments: Vec<&str> = name.iter().map(String::as_str).collect();
            prop_assert_eq!(matches(&pattern.join("."), &name.join(".")), reference(&pattern_segments, &name_segments));
        }

        #[test]
        fn a_name_means_itself_and_two_stars_mean_everything(name in segments()) {
            let name = name.join(".");
            prop_assert!(matches(&name, &name));
            prop_assert!(matches("**", &name));
            let prefixed = format!("{}.**", name);
            prop_assert!(matches(&prefixed, &name));
        }
    }
}
