//! The identity and the permissions of a caller.

use std::fmt;
use std::sync::Arc;

use super::source::Source;
use crate::scopes::ScopePattern;

/// An authenticated caller.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(super) scopes: Arc<[ScopePattern]>,
    pub(super) caller: Caller,
    pub(super) identity: CallerIdentity,
}

/// The unit that shares the limits of one caller: the users of a key, or those of an address if there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// Not determined.
    Unknown,
    /// The hash of the key.
    Key([u8; 32]),
    /// The origin of the request.
    Source(Source),
}

/// The name of a caller in logs: its authentication method, and its name there. Contains no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallerIdentity {
    /// In debug mode without any authentication method there is no access control.
    Anyone,
    /// The id of an API key.
    ApiKey(Arc<str>),
}

impl fmt::Display for CallerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::ApiKey(id) => write!(f, "apiKey:{id}"),
        }
    }
}

impl Principal {
    pub(crate) fn caller(&self) -> Caller {
        self.caller
    }

    pub(crate) fn identity(&self) -> &CallerIdentity {
        &self.identity
    }

    /// Returns true if any of the caller's scopes covers any of those that open a route.
    pub(crate) fn may_use(&self, permitted: &[&str]) -> bool {
        permitted.iter().any(|scope| self.scopes.iter().any(|pattern| pattern.covers(scope)))
    }
}
