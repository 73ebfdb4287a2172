//! The characters attribute values may hold, and how values are trimmed (`docs/protocol/04 §2.4, §2.5`).

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// Permitted characters, first and last of each range: the Latin letters of DIN 91379 and what goes with them.
const RANGES: &[(char, char)] = &[
    ('\u{9}', '\u{a}'),
    ('\u{d}', '\u{d}'),
    ('\u{20}', '\u{7e}'),
    ('\u{a0}', '\u{ac}'),
    ('\u{ae}', '\u{17e}'),
    ('\u{187}', '\u{188}'),
    ('\u{18f}', '\u{18f}'),
    ('\u{197}', '\u{197}'),
    ('\u{1a0}', '\u{1a1}'),
    ('\u{1af}', '\u{1b0}'),
    ('\u{1b7}', '\u{1b7}'),
    ('\u{1cd}', '\u{1dc}'),
    ('\u{1de}', '\u{1df}'),
    ('\u{1e2}', '\u{1f0}'),
    ('\u{1f4}', '\u{1f5}'),
    ('\u{1f8}', '\u{1ff}'),
    ('\u{212}', '\u{213}'),
    ('\u{218}', '\u{21b}'),
    ('\u{21e}', '\u{21f}'),
    ('\u{227}', '\u{233}'),
    ('\u{259}', '\u{259}'),
    ('\u{268}', '\u{268}'),
    ('\u{292}', '\u{292}'),
    ('\u{2b9}', '\u{2ba}'),
    ('\u{2be}', '\u{2bf}'),
    ('\u{2c8}', '\u{2c8}'),
    ('\u{2cc}', '\u{2cc}'),
    ('\u{1e02}', '\u{1e03}'),
    ('\u{1e06}', '\u{1e07}'),
    ('\u{1e0a}', '\u{1e11}'),
    ('\u{1e17}', '\u{1e17}'),
    ('\u{1e1c}', '\u{1e2b}'),
    ('\u{1e2f}', '\u{1e37}'),
    ('\u{1e3a}', '\u{1e3b}'),
    ('\u{1e40}', '\u{1e49}'),
    ('\u{1e52}', '\u{1e5b}'),
    ('\u{1e5e}', '\u{1e63}'),
    ('\u{1e6a}', '\u{1e6f}'),
    ('\u{1e80}', '\u{1e87}'),
    ('\u{1e8c}', '\u{1e97}'),
    ('\u{1e9e}', '\u{1e9e}'),
    ('\u{1ea0}', '\u{1ef9}'),
    ('\u{2019}', '\u{2019}'),
    ('\u{2021}', '\u{2021}'),
    ('\u{20ac}', '\u{20ac}'),
];

/// Permitted sequences: a base, and what may follow it. Combining marks are forbidden everywhere else.
const SEQUENCES: &[(char, &[&str])] = &[
    ('\u{41}', &["\u{30b}"]),
    ('\u{43}', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{315}", "\u{323}", "\u{326}", "\u{328}\u{306}"]),
    ('\u{44}', &["\u{302}"]),
    ('\u{46}', &["\u{300}", "\u{304}"]),
    ('\u{47}', &["\u{300}"]),
    ('\u{48}', &["\u{304}", "\u{326}", "\u{331}"]),
    ('\u{4a}', &["\u{301}", "\u{30c}"]),
    (
        '\u{4b}',
        &[
            "\u{300}",
            "\u{302}",
            "\u{304}",
            "\u{307}",
            "\u{315}",
            "\u{31b}",
            "\u{326}",
            "\u{35f}\u{48}",
            "\u{35f}\u{68}",
        ],
    ),
    ('\u{4c}', &["\u{302}", "\u{325}", "\u{325}\u{304}", "\u{326}"]),
    ('\u{4d}', &["\u{300}", "\u{302}", "\u{306}", "\u{310}"]),
    ('\u{4e}', &["\u{302}", "\u{304}", "\u{306}", "\u{326}"]),
    ('\u{50}', &["\u{300}", "\u{304}", "\u{315}", "\u{323}"]),
    ('\u{52}', &["\u{306}", "\u{325}", "\u{325}\u{304}"]),
    ('\u{53}', &["\u{300}", "\u{304}", "\u{31b}\u{304}", "\u{331}"]),
    ('\u{54}', &["\u{300}", "\u{304}", "\u{308}", "\u{315}", "\u{31b}"]),
    ('\u{55}', &["\u{307}"]),
    ('\u{5a}', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{327}"]),
    ('\u{61}', &["\u{30b}"]),
    ('\u{63}', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{315}", "\u{323}", "\u{326}", "\u{328}\u{306}"]),
    ('\u{64}', &["\u{302}"]),
    ('\u{66}', &["\u{300}", "\u{304}"]),
    ('\u{67}', &["\u{300}"]),
    ('\u{68}', &["\u{304}", "\u{326}"]),
    ('\u{6a}', &["\u{301}"]),
    ('\u{6b}', &["\u{300}", "\u{302}", "\u{304}", "\u{307}", "\u{315}", "\u{31b}", "\u{326}", "\u{35f}\u{68}"]),
    ('\u{6c}', &["\u{302}", "\u{325}", "\u{325}\u{304}", "\u{326}"]),
    ('\u{6d}', &["\u{300}", "\u{302}", "\u{306}", "\u{310}"]),
    ('\u{6e}', &["\u{302}", "\u{304}", "\u{306}", "\u{326}"]),
    ('\u{70}', &["\u{300}", "\u{304}", "\u{315}", "\u{323}"]),
    ('\u{72}', &["\u{306}", "\u{325}", "\u{325}\u{304}"]),
    ('\u{73}', &["\u{300}", "\u{304}", "\u{31b}\u{304}", "\u{331}"]),
    ('\u{74}', &["\u{300}", "\u{304}", "\u{315}", "\u{31b}"]),
    ('\u{75}', &["\u{307}"]),
    ('\u{7a}', &["\u{300}", "\u{304}", "\u{306}", "\u{308}", "\u{327}"]),
    ('\u{c7}', &["\u{306}"]),
    ('\u{db}', &["\u{304}"]),
    ('\u{e7}', &["\u{306}"]),
    ('\u{fb}', &["\u{304}"]),
    ('\u{ff}', &["\u{301}"]),
    ('\u{10c}', &["\u{315}", "\u{323}"]),
    ('\u{10d}', &["\u{315}", "\u{323}"]),
    ('\u{113}', &["\u{30d}"]),
    ('\u{12a}', &["\u{301}"]),
    ('\u{12b}', &["\u{301}"]),
    ('\u{14d}', &["\u{30d}"]),
    ('\u{17d}', &["\u{326}", "\u{327}"]),
    ('\u{17e}', &["\u{326}", "\u{327}"]),
    ('\u{1e32}', &["\u{304}"]),
    ('\u{1e33}', &["\u{304}"]),
    ('\u{1e62}', &["\u{304}"]),
    ('\u{1e63}', &["\u{304}"]),
    ('\u{1e6c}', &["\u{304}"]),
    ('\u{1e6d}', &["\u{304}"]),
    ('\u{1ea0}', &["\u{308}"]),
    ('\u{1ea1}', &["\u{308}"]),
    ('\u{1ecc}', &["\u{308}"]),
    ('\u{1ecd}', &["\u{308}"]),
    ('\u{1ee4}', &["\u{304}", "\u{308}"]),
    ('\u{1ee5}', &["\u{304}", "\u{308}"]),
];

static PERMITTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let mut pattern = String::from("^(?:[");
    for (first, last) in RANGES {
        pattern.push_str(&format!(r"\x{{{:x}}}-\x{{{:x}}}", u32::from(*first), u32::from(*last)));
    }
    pattern.push(']');
    for (base, followers) in SEQUENCES {
        for follower in *followers {
            pattern.push_str(&format!("|{base}{follower}"));
        }
    }
    pattern.push_str(")*$");
    Regex::new(&pattern).ok()
});

/// Returns whether the text consists of permitted characters and sequences only.
#[must_use]
pub fn are_permitted(text: &str) -> bool {
    PERMITTED.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// The name of the first property of an attribute's value that holds a forbidden character. Only texts directly in the value
/// are looked at; title and description of relationship attributes are free.
#[must_use]
pub fn forbidden_property(attribute: &Value) -> Option<&str> {
    let is_relationship = attribute.get("@type").and_then(Value::as_str) == Some("RelationshipAttribute");
    let value = attribute.get("value").and_then(Value::as_object)?;
    value
        .iter()
        .filter(|(name, _)| !(is_relationship && matches!(name.as_str(), "title" | "description")))
        .find(|(_, property)| property.as_str().is_some_and(|text| !are_permitted(text)))
        .map(|(name, _)| name.as_str())
}

/// Removes white space around every text directly in the value of an IdentityAttribute; other attributes are left alone.
pub fn trim_identity_attribute(attribute: &mut Value) {
    if attribute.get("@type").and_then(Value::as_str) != Some("IdentityAttribute") {
        return;
    }
    let Some(value) = attribute.get_mut("value").and_then(Value::as_object_mut) else { return };
    for (_, property) in value.iter_mut() {
        if let Value::String(text) = property {
            let trimmed = text.trim_matches(is_javascript_white_space);
            if trimmed.len() < text.len() {
                *text = trimmed.to_owned();
            }
        }
    }
}

/// The characters JavaScript trims: Unicode's spaces and line ends without U+0085, and the byte order mark.
fn is_javascript_white_space(character: char) -> bool {
    character == '\u{feff}' || (character != '\u{85}' && character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn latin_letters_and_their_sequences_only() {
        for text in ["", "Ann Müller-Łódź", "€ 5,- †"] {
            assert_eq!(are_permitted(text), text != "€ 5,- †", "{text}");
        }
        assert!(are_permitted("K\u{35f}h C\u{328}\u{306} A\u{30b}"));
        for forbidden in ["A\u{300}", "\u{ad}", "\u{1f600}", "Ω", "Ж", "–", "“", "…", "K\u{35f}", "\u{0}"] {
            assert!(!are_permitted(forbidden), "{forbidden:?}");
        }
    }

    #[test]
    fn which_texts_of_an_attribute_count() {
        let mut attribute = json!({"@type": "RelationshipAttribute", "value": {"@type": "ProprietaryString", "title": "Ω", "description": "Ω", "value": "a"}});
        assert_eq!(forbidden_property(&attribute), None);
        attribute["value"]["value"] = json!("Ω");
        assert_eq!(forbidden_property(&attribute), Some("value"));
        assert_eq!(
            forbidden_property(&json!({"@type": "RelationshipAttribute", "value": {"value": {"nested": "Ω"}}})),
            None
        );
    }

    #[test]
    fn only_identity_attributes_are_trimmed() {
        let mut attribute =
            json!({"@type": "IdentityAttribute", "value": {"city": " \u{feff}A b\n", "nested": {"a": " x "}}});
        trim_identity_attribute(&mut attribute);
        assert_eq!(attribute["value"], json!({"city": "A b", "nested": {"a": " x "}}));
        let mut other = json!({"@type": "RelationshipAttribute", "value": {"value": " x "}});
        trim_identity_attribute(&mut other);
        assert_eq!(other["value"]["value"], " x ");
    }
}
