//! What can be wrong with the configuration, and where.

use serde_json::{Map, Value};
use url::Url;

/// What is wrong with the configuration; names the key, not the value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhooksConfigError {
    /// A webhook names a target that is not there.
    #[error("{key}: there is no target called '{name}' in modules.webhooks.targets")]
    InvalidTargetReference {
        /// Where.
        key: String,
        /// The name.
        name: String,
    },
    /// A URL is none, or not an absolute one of http or https.
    #[error("{key}: this is not an absolute http or https URL")]
    InvalidUrlFormat {
        /// Where.
        key: String,
    },
    /// An authentication cannot be used.
    #[error("{key}: {reason}")]
    InvalidAuthenticationConfig {
        /// Where.
        key: String,
        /// Why.
        reason: String,
    },
    /// One of the options of deliveries is wrong.
    #[error(transparent)]
    InvalidOption(#[from] delivery::OptionsError),
    /// A value has the wrong type.
    #[error("{key}: {reason}")]
    InvalidValue {
        /// Where.
        key: String,
        /// Why.
        reason: String,
    },
}

impl WebhooksConfigError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidTargetReference { .. } => "error.runtime.modules.webhooks.invalidTargetReference",
            Self::InvalidUrlFormat { .. } => "error.runtime.modules.webhooks.invalidUrlFormat",
            Self::InvalidAuthenticationConfig { .. } => "error.runtime.modules.webhooks.invalidAuthenticationConfig",
            Self::InvalidOption(_) | Self::InvalidValue { .. } => "error.runtime.modules.webhooks.invalidValue",
        }
    }
}

pub(super) type Result<T, E = WebhooksConfigError> = std::result::Result<T, E>;

/// Where in the configuration something is.
pub(super) struct Key(pub(super) String);

impl Key {
    pub(super) fn member(&self, name: &str) -> Self {
        Self(format!("{}.{name}", self.0))
    }

    pub(super) fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    pub(super) fn invalid(&self, reason: &str) -> WebhooksConfigError {
        WebhooksConfigError::InvalidValue { key: self.0.clone(), reason: reason.to_owned() }
    }

    pub(super) fn object<'a>(&self, value: &'a Value) -> Result<&'a Map<String, Value>> {
        value.as_object().ok_or_else(|| self.invalid("must be an object"))
    }

    pub(super) fn text<'a>(&self, value: Option<&'a Value>) -> Result<&'a str> {
        value.and_then(Value::as_str).ok_or_else(|| self.invalid("must be a text"))
    }

    pub(super) fn http_url(&self, text: &str) -> Result<Url> {
        Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| WebhooksConfigError::InvalidUrlFormat { key: self.0.clone() })
    }

    /// The value that one of these words stands for.
    pub(super) fn choice<T: Copy>(&self, value: Option<&Value>, default: T, choices: [(&str, T); 2]) -> Result<T> {
        let Some(value) = value else { return Ok(default) };
        let chosen = choices.iter().find(|(word, _)| value.as_str() == Some(word));
        chosen.map(|(_, chosen)| *chosen).ok_or_else(|| {
            let [one, other] = choices.map(|(word, _)| word);
            self.invalid(&format!("must be '{one}' or '{other}'"))
        })
    }
}
