//! The configured methods, and the refusal of unauthorized callers.
//!
//! Instead of the reference's random delay, unauthorized requests are limited per source. Valid credentials always
//! pass: guessing a key of 30 characters is hopeless at any rate, and one misconfigured client must not lock out the
//! others behind the same proxy.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use core_types::Clock;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::api_key::ApiKeys;
use super::method::Method;
use super::principal::{Caller, CallerIdentity, Principal};
use super::source::Source;
use super::verdict::Verdict;
use crate::config::ApiKeyAuthenticationConfig;
use crate::error::ApiError;
use crate::scopes::ScopePattern;
use crate::startup_error::StartupError;

/// The number of 401 answers that a source may get at once.
const UNAUTHORIZED_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);
/// The number of sources remembered before inactive ones are forgotten.
const REMEMBERED_SOURCES: usize = 10_000;

/// The configured methods, ready for use. Keys can be replaced while requests are served.
#[derive(Clone)]
pub struct Authenticator(Arc<Shared>);

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authenticator").finish_non_exhaustive()
    }
}

struct Shared {
    methods: RwLock<Arc<[Method]>>,
    clock: Arc<dyn Clock>,
    failures: DefaultKeyedRateLimiter<Source>,
}

impl Authenticator {
    /// Keeps digests of the keys, not the keys. Without any method there is no access control, which only debug mode
    /// allows.
    ///
    /// # Errors
    /// An invalid header name or expiry.
    pub fn new(config: &ApiKeyAuthenticationConfig, clock: Arc<dyn Clock>) -> Result<Self, StartupError> {
        Ok(Self(Arc::new(Shared {
            methods: RwLock::new(methods(config)?),
            clock,
            failures: RateLimiter::keyed(Quota::per_second(NonZeroU32::MIN).allow_burst(UNAUTHORIZED_BURST)),
        })))
    }

    /// These methods apply from the next request on.
    ///
    /// # Errors
    /// As [`Self::prepare`]; the previous methods then remain.
    pub fn replace(&self, config: &ApiKeyAuthenticationConfig) -> Result<(), StartupError> {
        self.prepare(config)?();
        Ok(())
    }

    /// The part of a replacement that can fail; it takes effect when the returned function is called.
    ///
    /// # Errors
    /// As [`Self::new`]; also if credentials would no longer be required: opening a running server to everybody takes a
    /// restart, whatever the new configuration says.
    pub fn prepare(&self, config: &ApiKeyAuthenticationConfig) -> Result<impl FnOnce() + use<>, StartupError> {
        let new = methods(config)?;
        let shared = Arc::clone(&self.0);
        if new.is_empty() && !shared.methods().is_empty() {
            return Err(StartupError::WouldOpen);
        }
        Ok(move || {
            let mut methods = shared.methods.write().unwrap_or_else(PoisonError::into_inner);
            // Another replacement may have closed it since.
            if methods.is_empty() || !new.is_empty() {
                *methods = new;
            }
        })
    }

    /// Identifies the caller.
    ///
    /// # Errors
    /// 401, or 429 if the source has had too many of these.
    pub(super) async fn authenticate(&self, head: &Parts) -> Result<Principal, ApiError> {
        let methods = self.0.methods();
        if methods.is_empty() {
            let scopes = Arc::from([ScopePattern::everything()]);
            return Ok(Principal { scopes, caller: Caller::Source(source(head)), identity: CallerIdentity::Anyone });
        }
        for method in &*methods {
            match method.authenticate(head, &*self.0.clock).await {
                Verdict::Accepted(principal) => return Ok(principal),
                // The credentials of another method may be valid.
                Verdict::Absent | Verdict::Refused => {}
            }
        }
        Err(self.0.refusal(source(head)))
    }
}

impl Shared {
    fn methods(&self) -> Arc<[Method]> {
        Arc::clone(&self.methods.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn refusal(&self, source: Source) -> ApiError {
        let failures = &self.failures;
        if failures.len() > REMEMBERED_SOURCES {
            failures.retain_recent();
        }
        match failures.check_key(&source) {
            Ok(()) => ApiError::Unauthorized,
            Err(exceeded) => {
                let wait = exceeded.wait_time_from(DefaultClock::default().now());
                ApiError::TooManyUnauthorizedRequests { retry_after_seconds: wait.as_secs().saturating_add(1) }
            }
        }
    }
}

/// The enabled methods.
fn methods(api_key: &ApiKeyAuthenticationConfig) -> Result<Arc<[Method]>, StartupError> {
    // A disabled method must still be valid.
    let keys = ApiKeys::new(api_key)?;
    let api_key = api_key.is_enabled().then_some(Method::ApiKey(keys));
    Ok(api_key.into_iter().collect())
}

fn source(head: &Parts) -> Source {
    let address = head.extensions.get::<ConnectInfo<SocketAddr>>();
    address.map_or(Source::Unknown, |ConnectInfo(address)| Source::of(address.ip()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::middleware::authenticate;
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use core_types::{ManualClock, Timestamp};
    use std::time::Duration;
    use tower::ServiceExt as _;

    fn router(keys: serde_json::Value, clock: Arc<ManualClock>) -> Router {
        let config: ApiKeyAuthenticationConfig = serde_json::from_value(serde_json::json!({"keys": keys})).unwrap();
        let authenticator = Authenticator::new(&config, clock).unwrap();
        Router::new().fallback(|| async {}).layer(from_fn_with_state(authenticator, authenticate))
    }

    async fn status(router: &Router, address: &str, keys: &[&str]) -> StatusCode {
        let mut request = Request::builder().uri("/");
        for key in keys {
            request = request.header("x-api-key", *key);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let address: SocketAddr = address.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(address));
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_key_is_accepted_until_it_expires() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_767_225_600_000)));
        let keys = serde_json::json!({"a": {"key": "k", "expiresAt": "2026-01-01T00:00:01Z"}});
        let router = router(keys, Arc::clone(&clock));
        assert_eq!(status(&router, "1.1.1.1:1", &["k"]).await, 200);
        clock.advance(Duration::from_secs(1));
        assert_eq!(status(&router, "1.1.1.1:1", &["k"]).await, 401);
    }

    #[tokio::test]
    async fn a_replacement_never_opens_what_is_closed() {
        let config = |keys| serde_json::from_value(serde_json::json!({ "keys": keys })).unwrap();
        let (none, one): (ApiKeyAuthenticationConfig, _) =
            (config(serde_json::json!({})), config(serde_json::json!({"a": {"key": "k"}})));
        let authenticator = Authenticator::new(&none, Arc::new(ManualClock::new(Timestamp::from_millis(0)))).unwrap();
        let router = Router::new().fallback(|| async {}).layer(from_fn_with_state(authenticator.clone(), authenticate));
        authenticator.replace(&none).unwrap();
        let late = authenticator.prepare(&none).unwrap();
        assert_eq!(status(&router, "1.1.1.1:1", &[]).await, 200);
        authenticator.replace(&one).unwrap();
        assert_eq!(status(&router, "1.1.1.1:1", &[]).await, 401);
        assert_eq!(authenticator.replace(&none), Err(StartupError::WouldOpen));
        late();
        assert_eq!(status(&router, "1.1.1.1:1", &[]).await, 401);
        assert_eq!(status(&router, "1.1.1.1:1", &["k"]).await, 200);
    }

    #[tokio::test]
    async fn several_keys_in_one_request_are_none() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(0)));
        let router = router(serde_json::json!({"a": {"key": "k"}}), clock);
        assert_eq!(status(&router, "1.1.1.1:1", &["k", "k"]).await, 401);
    }

    #[tokio::test]
    async fn unauthorized_requests_are_limited_per_source_and_valid_keys_pass() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(0)));
        let router = router(serde_json::json!({"a": {"key": "k"}}), clock);
        for _ in 0..UNAUTHORIZED_BURST.get() {
            assert_eq!(status(&router, "1.1.1.1:1", &["x"]).await, 401);
        }
        assert_eq!(status(&router, "1.1.1.1:2", &["x"]).await, 429);
        assert_eq!(status(&router, "[::ffff:1.1.1.1]:3", &[]).await, 429);
        assert_eq!(status(&router, "1.1.1.1:4", &["k"]).await, 200);
        assert_eq!(status(&router, "1.1.1.2:1", &["x"]).await, 401);
    }

    #[tokio::test]
    async fn the_addresses_of_one_customer_count_as_one_source() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(0)));
        let router = router(serde_json::json!({"a": {"key": "k"}}), clock);
        for host in 0..UNAUTHORIZED_BURST.get() {
            let address = format!("[2001:db8:1:2::{host:x}]:1");
            assert_eq!(status(&router, &address, &["x"]).await, 401);
        }
        assert_eq!(status(&router, "[2001:db8:1:2:ffff::1]:1", &["x"]).await, 429);
        assert_eq!(status(&router, "[2001:db8:1:3::1]:1", &["x"]).await, 401);
    }
}
