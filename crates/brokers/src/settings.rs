//! Reading the `configuration` of a broker member by member.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use url::Url;

use crate::ConfigError;

/// The members of a `configuration` and where they stand. Members nobody asks for are ignored.
pub(crate) struct Settings<'a> {
    key: &'a str,
    members: &'a Map<String, Value>,
}

#[cfg_attr(not(feature = "amqp"), expect(dead_code, reason = "not every broker has settings of every kind"))]
impl<'a> Settings<'a> {
    pub(crate) fn of(key: &'a str, configuration: &'a Value) -> Result<Self, ConfigError> {
        let members = configuration.as_object().ok_or_else(|| ConfigError::new(key, "must be an object"))?;
        Ok(Self { key, members })
    }

    /// The mistake at member `name`.
    pub(crate) fn error(&self, name: &str, reason: impl Into<String>) -> ConfigError {
        ConfigError::new(format!("{}.{name}", self.key), reason)
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, ConfigError> {
        let text = |value: &'a Value| value.as_str().filter(|text| !text.is_empty());
        let value = self.members.get(name).filter(|value| !value.is_null());
        value.map(|value| text(value).ok_or_else(|| self.error(name, "must be a non-empty text"))).transpose()
    }

    pub(crate) fn possibly_empty_text(&self, name: &str) -> Result<Option<&'a str>, ConfigError> {
        let value = self.members.get(name).filter(|value| !value.is_null());
        value.map(|value| value.as_str().ok_or_else(|| self.error(name, "must be a text"))).transpose()
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<&'a str, ConfigError> {
        self.text(name)?.ok_or_else(|| self.error(name, "is missing: write a non-empty text"))
    }

    /// Refuses a URL in which a part of a password counts as something else, and would be shown: `/`, `?` and `#` end the
    /// part with the credentials.
    pub(crate) fn whole_credentials(&self, name: &str, url: &Url) -> Result<(), ConfigError> {
        let rest = [Some(url.path()), url.query(), url.fragment()];
        if rest.into_iter().flatten().any(|part| part.contains('@')) {
            let reason = "must have / ? # and @ percent-encoded in user, password and path: %2F %3F %23 %40";
            return Err(self.error(name, reason));
        }
        Ok(())
    }

    pub(crate) fn boolean(&self, name: &str, default: bool) -> Result<bool, ConfigError> {
        let value = self.members.get(name).filter(|value| !value.is_null());
        value.map_or(Ok(default), |value| value.as_bool().ok_or_else(|| self.error(name, "must be true or false")))
    }

    pub(crate) fn number(&self, name: &str, range: RangeInclusive<u64>, default: u64) -> Result<u64, ConfigError> {
        let Some(value) = self.members.get(name).filter(|value| !value.is_null()) else { return Ok(default) };
        value.as_u64().filter(|number| range.contains(number)).ok_or_else(|| {
            self.error(name, format!("must be a whole number from {} to {}", range.start(), range.end()))
        })
    }
}

/// A short stable name for what `parts` say, for the place of a broker in the event log. FNV-1a, as it has to stay the same
/// in every release and hides nothing: no part may be a secret.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::{Settings, fingerprint};

    #[test]
    fn mistakes_name_the_key_and_what_to_write() {
        let configuration = json!({ "text": "", "flag": "yes", "number": 10, "nothing": null });
        let settings = Settings::of("brokers[0]", &configuration).unwrap();
        let error = |error: crate::ConfigError| error.to_string();
        assert_eq!(settings.text("text").map_err(error), Err("brokers[0].text: must be a non-empty text".to_owned()));
        assert_eq!(settings.boolean("flag", true).unwrap_err().reason, "must be true or false");
        assert_eq!(settings.number("number", 0..=9, 1).unwrap_err().reason, "must be a whole number from 0 to 9");
        assert!(settings.required_text("other").unwrap_err().reason.contains("is missing"));
        assert_eq!(settings.text("nothing").unwrap(), None);
        assert_eq!(settings.number("number", 0..=10, 1).unwrap(), 10);
        assert!(Settings::of("brokers[0]", &json!([])).is_err());
    }

    #[test]
    fn fingerprints_stay_what_they_are() {
        assert_eq!(fingerprint(&["a"]), fingerprint(&["a"]));
        assert_ne!(fingerprint(&["a", "b"]), fingerprint(&["ab"]));
        assert_eq!(fingerprint(&["mqtt://broker:1883"]), "74135bce4a7bf7f6");
    }
}
