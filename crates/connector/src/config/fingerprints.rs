//! Digests of a configuration instead of its contents: enough to detect changes.

use std::collections::BTreeMap;

use core_types::Randomness;
use rand::Rng as _;
use serde_json::Value;

/// A digest of every setting, which reveals nothing about it outside this process.
pub(crate) struct Fingerprints {
    salt: [u8; 32],
    settings: BTreeMap<String, [u8; 32]>,
}

impl Fingerprints {
    pub(crate) fn of(configuration: &Value) -> Self {
        let mut salt = [0; 32];
        Randomness::system().fill_bytes(&mut salt);
        let settings = digests(configuration, &salt);
        Self { salt, settings }
    }

    /// The settings that differ from those that were read before. Only those that take effect are remembered, so that
    /// the others are reported again.
    pub(crate) fn update(&mut self, configuration: &Value, takes_effect: impl Fn(&str) -> bool) -> Vec<String> {
        let new = digests(configuration, &self.salt);
        let paths = self.settings.keys().chain(new.keys().filter(|path| !self.settings.contains_key(*path)));
        let changed: Vec<String> = paths.filter(|path| self.settings.get(*path) != new.get(*path)).cloned().collect();
        for path in changed.iter().filter(|path| takes_effect(path)) {
            match new.get(path) {
                Some(digest) => self.settings.insert(path.clone(), *digest),
                None => self.settings.remove(path),
            };
        }
        changed
    }
}

fn digests(configuration: &Value, salt: &[u8]) -> BTreeMap<String, [u8; 32]> {
    let mut digests = BTreeMap::new();
    super::each_setting::each_setting(configuration, &mut Vec::new(), &mut |path, value| {
        let text = value.to_string();
        digests.insert(path.join("."), crypto::hash::sha256([salt, text.as_bytes()].concat()));
    });
    digests
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Fingerprints;

    #[test]
    fn what_has_changed_is_named_and_what_has_no_effect_is_named_again() {
        let mut known = Fingerprints::of(&json!({"a": {"b": 1, "c": "x"}, "d": []}));
        let now = json!({"a": {"b": 2, "e": true}, "d": []});
        let effective = |path: &str| path == "a.b";
        assert_eq!(known.update(&now, effective), ["a.b", "a.c", "a.e"]);
        assert_eq!(known.update(&now, effective), ["a.c", "a.e"]);
    }
}
