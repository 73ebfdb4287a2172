//! Who is calling (`docs/protocol/06 §2`, `07 §2.8`).
//!
//! Instead of the reference's random delay, unauthorized requests are limited per source. Valid
//! credentials always pass: guessing a key of 30 characters is hopeless at any rate, and one
//! misconfigured client must not lock out the others behind the same proxy.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use core_types::Clock;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use secrecy::ExposeSecret as _;
use subtle::{Choice, ConstantTimeEq as _};

use crate::config::ApiKeyAuthenticationConfig;
use crate::error::ApiError;
use crate::scopes::ScopePattern;
use crate::startup::{StartupError, expiry};

/// 401 answers a source may get at once.
const UNAUTHORIZED_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);
/// Sources remembered before those that have calmed down are forgotten.
const REMEMBERED_SOURCES: usize = 10_000;

/// What an authenticated caller may do.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    scopes: Arc<[ScopePattern]>,
}

impl Principal {
    /// Whether any of the caller's scopes covers any of those that open a route.
    pub(crate) fn may_use(&self, permitted: &[&str]) -> bool {
        permitted.iter().any(|scope| self.scopes.iter().any(|pattern| pattern.covers(scope)))
    }
}

/// The configured methods, ready for use.
#[derive(Clone)]
pub(crate) struct Authenticator(Arc<Methods>);

struct Methods {
    /// Debug mode without any method: everybody may do everything.
    open: bool,
    header: HeaderName,
    keys: Vec<ApiKey>,
    clock: Arc<dyn Clock>,
    failures: DefaultKeyedRateLimiter<Source>,
}

struct ApiKey {
    digest: [u8; 32],
    enabled: bool,
    expires_at_millis: Option<i64>,
    scopes: Arc<[ScopePattern]>,
}

/// Where a request comes from: an address, for IPv6 the network of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    Unknown,
    V4([u8; 4]),
    V6Network([u16; 4]),
}

impl Authenticator {
    pub(crate) fn new(config: &ApiKeyAuthenticationConfig, clock: Arc<dyn Clock>) -> Result<Self, StartupError> {
        let open = !config.is_enabled();
        let header = HeaderName::try_from(config.header_name())
            .map_err(|_| StartupError::InvalidHeaderName(config.header_name().to_owned()))?;
        let keys = config
            .keys
            .iter()
            .filter(|_| !open)
            .map(|(id, key)| {
                Ok(ApiKey {
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
        Ok(Self(Arc::new(Methods {
            open,
            header,
            keys,
            clock,
            failures: RateLimiter::keyed(Quota::per_second(NonZeroU32::MIN).allow_burst(UNAUTHORIZED_BURST)),
        })))
    }

    fn principal(&self, headers: &HeaderMap) -> Result<Principal, ApiError> {
        let methods = &self.0;
        if methods.open {
            return Ok(Principal { scopes: Arc::from([ScopePattern::everything()]) });
        }
        let mut values = headers.get_all(&methods.header).iter();
        let (Some(presented), None) = (values.next(), values.next()) else {
            return Err(ApiError::Unauthorized);
        };
        methods.api_key(presented.as_bytes()).ok_or(ApiError::Unauthorized)
    }

    /// 401, or 429 if the source has had too many of them.
    fn refusal(&self, source: Source) -> ApiError {
        let failures = &self.0.failures;
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

impl Methods {
    /// Compares with every key, in a time that depends on none of them.
    fn api_key(&self, presented: &[u8]) -> Option<Principal> {
        let digest = crypto::hash::sha256(presented);
        let now = self.clock.now().as_millis();
        let mut found = None;
        for key in &self.keys {
            let expired = key.expires_at_millis.is_some_and(|expiry| expiry <= now);
            let usable = Choice::from(u8::from(key.enabled && !expired));
            if bool::from(key.digest.ct_eq(&digest) & usable) {
                found = Some(Principal { scopes: Arc::clone(&key.scopes) });
            }
        }
        found
    }
}

/// Lets only known callers through and tells the routes what they may do.
pub(crate) async fn authenticate(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Response {
    match authenticator.principal(request.headers()) {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(_) => authenticator.refusal(source(&request)).into_response(),
    }
}

/// Opens a route to callers that hold one of its scopes.
pub(crate) async fn require_scope(
    State(permitted): State<&'static [&'static str]>,
    request: Request,
    next: Next,
) -> Response {
    let principal = request.extensions().get::<Principal>();
    if principal.is_some_and(|principal| principal.may_use(permitted)) {
        next.run(request).await
    } else {
        ApiError::Forbidden.into_response()
    }
}

fn source(request: &Request) -> Source {
    let Some(ConnectInfo(address)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return Source::Unknown;
    };
    match address.ip() {
        IpAddr::V4(address) => Source::V4(address.octets()),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => Source::V4(address.octets()),
            None => Source::V6Network(customer_network(address)),
        },
    }
}

fn customer_network(address: Ipv6Addr) -> [u16; 4] {
    let [a, b, c, d, ..] = address.segments();
    [a, b, c, d]
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
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
