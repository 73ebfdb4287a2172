//! The authentication methods. A new one is a file next to this one, and a variant here.

use axum::http::request::Parts;
use core_types::Clock;

use super::api_key::ApiKeys;
use super::verdict::Verdict;

/// An enabled authentication method.
pub(super) enum Method {
    ApiKey(ApiKeys),
}

impl Method {
    #[expect(clippy::unused_async, reason = "methods may have to ask others")]
    pub(super) async fn authenticate(&self, head: &Parts, clock: &dyn Clock) -> Verdict {
        match self {
            Self::ApiKey(keys) => keys.authenticate(head, clock.now().as_millis()),
        }
    }
}
