//! What is wrong with the configuration of a broker.

/// A mistake in a configuration: names the key and what to write there, never the value, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct ConfigError {
    /// Where, for instance `modules.messageBrokerPublisher.brokers[0].configuration.url`.
    pub key: String,
    /// What is wrong there and what to write.
    pub reason: String,
}

impl ConfigError {
    /// The mistake at `key`.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}
