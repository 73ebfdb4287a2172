/// The reason why the HTTP server must not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartupError {
    /// Production mode without any authentication method.
    #[error("no authentication method is enabled; this is only allowed in debug mode")]
    NoAuthentication,
    /// A replacement of the methods in a running server that leaves none.
    #[error(
        "no authentication method would be left; only a restart can open a server to everybody that asks for credentials"
    )]
    WouldOpen,
    /// Two keys have the same value.
    #[error("the API keys {first:?} and {second:?} have the same value")]
    DuplicateApiKeys {
        /// Id of the first key.
        first: String,
        /// Id of the second key.
        second: String,
    },
    /// API keys are enabled but none of them can be used.
    #[error("API key authentication is enabled, but no key is both enabled and unexpired")]
    NoUsableApiKey,
    /// Keys that are too easy to guess.
    #[error(
        "the following API keys are too weak: {}; a key needs at least 30 characters, 2 upper-case letters, 2 lower-case letters, 2 digits and a special character",
        ids.join(", ")
    )]
    WeakApiKeys {
        /// Ids of the keys.
        ids: Vec<String>,
    },
    /// A key that would not arrive unchanged.
    #[error("the API key {id:?} {reason}: no client can send it")]
    UnusableApiKey {
        /// Id of the key.
        id: String,
        /// The fault of the key.
        reason: &'static str,
    },
    /// `expiresAt` of a key is not a date.
    #[error("expiresAt of the API key {id:?} is not an ISO 8601 date or date-time")]
    InvalidExpiry {
        /// Id of the key.
        id: String,
    },
    /// The name of the API key header is not a valid header name.
    #[error("{0:?} is not a valid name for the API key header")]
    InvalidHeaderName(String),
    /// A configured method is not available in this version.
    #[error("the authentication method {0} is not available in this version")]
    MethodNotAvailable(&'static str),
    /// `helmetOptions` or `cors` would produce an invalid header.
    #[error("{0} leads to an invalid header value")]
    InvalidHeaderValue(&'static str),
}

impl StartupError {
    /// The path of the mistake in the section of the configuration.
    pub(crate) fn place(&self) -> Vec<&str> {
        match self {
            Self::NoAuthentication | Self::WouldOpen => vec!["authentication"],
            Self::DuplicateApiKeys { second: id, .. } | Self::UnusableApiKey { id, .. } => {
                vec!["authentication", "apiKey", "keys", id, "key"]
            }
            Self::NoUsableApiKey | Self::WeakApiKeys { .. } => vec!["authentication", "apiKey", "keys"],
            Self::InvalidExpiry { id } => vec!["authentication", "apiKey", "keys", id, "expiresAt"],
            Self::InvalidHeaderName(_) => vec!["authentication", "apiKey", "headerName"],
            Self::MethodNotAvailable(method) => vec!["authentication", method],
            Self::InvalidHeaderValue(section) => vec![section],
        }
    }

    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAuthentication => "error.connector.startup.noAuthentication",
            Self::WouldOpen => "error.connector.startup.wouldOpen",
            Self::DuplicateApiKeys { .. } => "error.connector.startup.duplicateApiKeys",
            Self::NoUsableApiKey => "error.connector.startup.noUsableApiKey",
            Self::WeakApiKeys { .. } => "error.connector.startup.weakApiKeys",
            Self::UnusableApiKey { .. } => "error.connector.startup.unusableApiKey",
            Self::InvalidExpiry { .. } => "error.connector.startup.invalidApiKeyExpiry",
            Self::InvalidHeaderName(_) => "error.connector.startup.invalidApiKeyHeaderName",
            Self::MethodNotAvailable(_) => "error.connector.startup.authenticationMethodNotAvailable",
            Self::InvalidHeaderValue(_) => "error.connector.startup.invalidHeaderValue",
        }
    }
}
