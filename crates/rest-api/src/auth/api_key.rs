//! API keys: one secret per client, in a header (`docs/protocol/07 §2.8`).

use std::sync::Arc;

use axum::http::HeaderName;
use axum::http::request::Parts;
use secrecy::ExposeSecret as _;
use subtle::{Choice, ConstantTimeEq as _};

use super::principal::{Caller, CallerIdentity, Principal};
use super::verdict::Verdict;
use crate::config::ApiKeyAuthenticationConfig;
use crate::scopes::ScopePattern;
use crate::startup::expiry;
use crate::startup_error::StartupError;

/// The configured keys. Only their digests are kept.
pub(super) struct ApiKeys {
    header: HeaderName,
    keys: Vec<ApiKey>,
}

struct ApiKey {
    id: Arc<str>,
    digest: [u8; 32],
    enabled: bool,
    expires_at_millis: Option<i64>,
    scopes: Arc<[ScopePattern]>,
}

impl ApiKeys {
    pub(super) fn new(config: &ApiKeyAuthenticationConfig) -> Result<Self, StartupError> {
        let header = HeaderName::try_from(config.header_name())
            .map_err(|_| StartupError::InvalidHeaderName(config.header_name().to_owned()))?;
        let keys = config
            .keys
            .iter()
            .map(|(id, key)| {
                Ok(ApiKey {
                    id: Arc::from(id.as_str()),
                    digest: crypto::hash::sha256(key.key.expose_secret().as_bytes()),
                    enabled: key.enabled != Some(false),
                    expires_at_millis: expiry(id, key.expires_at.as_deref())?.map(jiff::Timestamp::as_millisecond),
                    scopes: match &key.scopes {
                        None => Arc::from([ScopePattern::everything()]),
                        Some(scopes) => scopes.iter().map(|scope| ScopePattern::parse(scope)).collect(),
                    },
                })
            })
            .collect::<Result<_, StartupError>>()?;
        Ok(Self { header, keys })
    }

    pub(super) fn authenticate(&self, head: &Parts, now_millis: i64) -> Verdict {
        let mut values = head.headers.get_all(&self.header).iter();
        match (values.next(), values.next()) {
            (None, _) => Verdict::Absent,
            (Some(presented), None) => {
                self.find(presented.as_bytes(), now_millis).map_or(Verdict::Refused, Verdict::Accepted)
            }
            // With several values, it would be ambiguous which one counts.
            (Some(_), Some(_)) => Verdict::Refused,
        }
    }

    /// Compares with every key, in a time that does not depend on the keys.
    fn find(&self, presented: &[u8], now_millis: i64) -> Option<Principal> {
        let digest = crypto::hash::sha256(presented);
        let mut found = None;
        for key in &self.keys {
            let expired = key.expires_at_millis.is_some_and(|expiry| expiry <= now_millis);
            let usable = Choice::from(u8::from(key.enabled && !expired));
            if bool::from(key.digest.ct_eq(&digest) & usable) {
                found = Some(Principal {
                    scopes: Arc::clone(&key.scopes),
                    caller: Caller::Key(key.digest),
                    identity: CallerIdentity::ApiKey(Arc::clone(&key.id)),
                });
            }
        }
        found
    }
}
