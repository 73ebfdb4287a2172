use crypto::CryptoError;

/// The errors of core values: identifiers, addresses, dates, references.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoreError {
    /// The text of a reference does not have the right number of parts, or one of them cannot be read
    /// (`docs/protocol/01 §8.2, §8.3`).
    #[error("The given reference is not valid: {0}")]
    InvalidTruncatedReference(&'static str),

    /// The URL form of a reference was requested, but the reference names no Backbone.
    #[error("The reference cannot be written as a URL because it holds no Backbone base URL.")]
    MissingBackboneBaseUrl,

    /// A date that is not ISO 8601 or names an instant that does not exist.
    #[error("The date is invalid.")]
    InvalidDate,

    /// An identity address whose last 22 characters are not hexadecimal digits.
    #[error("The identity address is malformed.")]
    MalformedAddress,

    /// A prefix that cannot start an identifier: more than six characters, or other characters than letters and digits.
    #[error("An identifier prefix consists of at most 6 letters and digits.")]
    InvalidIdPrefix,

    /// A member is missing, has the wrong type or breaks a rule of its own.
    #[error("'{member}' is invalid: {reason}")]
    Validation {
        /// Name of the offending member.
        member: &'static str,
        /// The fault; never contains the value.
        reason: String,
    },

    /// A key or cipher inside the value was refused.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl CoreError {
    /// Stable code. The existing implementation has codes of its own only for the two reference errors and for those of
    /// the cryptography.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::InvalidTruncatedReference(_) => "error.core-types.invalidTruncatedReference",
            Self::MissingBackboneBaseUrl => "error.core-types.missingBackboneBaseUrl",
            Self::InvalidDate => "error.core-types.invalidDate",
            Self::MalformedAddress => "error.core-types.malformedAddress",
            Self::InvalidIdPrefix => "error.core-types.invalidIdPrefix",
            Self::Validation { .. } => "error.core-types.validation",
            Self::Crypto(error) => error.code(),
        }
    }

    pub(crate) fn validation(member: &'static str, reason: impl Into<String>) -> Self {
        Self::Validation { member, reason: reason.into() }
    }
}
