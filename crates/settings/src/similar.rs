//! Suggestions for mistyped names.

use strsim::damerau_levenshtein;

use crate::{Kind, Section};

/// Longer names are not typing errors, and comparing them takes time.
const LONGEST: usize = 80;

/// The name that differs from `word` in case only, or by a few letters: one in short words, more in long ones.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let best = known.into_iter().map(|name| (damerau_levenshtein(&word, &name.to_lowercase()), name)).min();
    best.filter(|(distance, _)| *distance <= tolerance(word.chars().count())).map(|(_, name)| name)
}

fn tolerance(letters: usize) -> usize {
    match letters {
        0..=2 => 0,
        3..=4 => 1,
        5..=9 => 2,
        _ => 3,
    }
}

/// The keys as the table writes them, as far as it has similar ones.
#[must_use]
pub fn corrected(section: &Section, keys: &[&str]) -> Vec<String> {
    let mut kind = Some(Kind::Section(*section));
    let mut corrected = Vec::new();
    for key in keys {
        let (name, below) = match kind {
            Some(Kind::Section(section)) => {
                let name = closest(key, section.keys()).unwrap_or(key);
                (name, section.find(name).map(|setting| setting.kind))
            }
            Some(Kind::Entries(entries)) => {
                let known = (entries.known)();
                let name = closest(key, known.iter().map(|entry| entry.key)).unwrap_or(key);
                let entry = known.iter().find(|entry| entry.key == name);
                (name, entry.map(|entry| Kind::Section(entry.section)))
            }
            Some(Kind::Members(members)) => (*key, Some(members.kind)),
            _ => (*key, None),
        };
        corrected.push(name.to_owned());
        kind = below;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["baseUrl", "platformClientId", "enabled", "privateAddresses", "key"];
        for (word, meant) in [
            ("baseURL", Some("baseUrl")),
            ("platformClientld", Some("platformClientId")),
            ("enable", Some("enabled")),
            ("privateAdresses", Some("privateAddresses")),
            ("KEY", Some("key")),
            ("kye", Some("key")),
            ("foo", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known), meant, "{word}");
        }
        assert_eq!(closest(&"key".repeat(100_000), known), None);
    }
}
