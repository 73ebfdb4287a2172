//! Cross-origin resource sharing with the behaviour of the Express `cors` middleware (`docs/protocol/07 §2.4`): with an
//! origin configured, every `OPTIONS` is answered here, before authentication and regardless of the path.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::config::{CorsConfig, CorsOrigin};
use crate::startup_error::StartupError;

/// The configured rules as prepared header values.
#[derive(Debug, Clone)]
pub(crate) struct Cors(Option<Arc<Rules>>);

#[derive(Debug)]
struct Rules {
    origin: Origin,
    methods: HeaderValue,
    allowed_headers: Option<HeaderValue>,
    exposed_headers: Option<HeaderValue>,
    credentials: bool,
    max_age: Option<u64>,
    preflight_continue: bool,
    success_status: StatusCode,
}

#[derive(Debug)]
enum Origin {
    Any,
    Fixed(HeaderValue),
    Reflect,
    Listed(Vec<HeaderValue>),
}

impl Cors {
    pub(crate) fn new(config: &CorsConfig) -> Result<Self, StartupError> {
        let invalid = || StartupError::InvalidHeaderValue("cors");
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| invalid());
        let origin = match &config.origin {
            CorsOrigin::Flag(false) => return Ok(Self(None)),
            CorsOrigin::Text(text) if text.is_empty() => return Ok(Self(None)),
            CorsOrigin::Flag(true) => Origin::Reflect,
            CorsOrigin::Text(text) if text == "*" => Origin::Any,
            CorsOrigin::Text(text) => Origin::Fixed(value(text)?),
            CorsOrigin::List(origins) => {
                Origin::Listed(origins.iter().map(|origin| value(origin)).collect::<Result<_, _>>()?)
            }
        };
        let joined =
            |list: &Option<crate::config::TextOrList>| list.as_ref().map(|list| value(&list.joined())).transpose();
        Ok(Self(Some(Arc::new(Rules {
            origin,
            methods: value(&config.methods.joined())?,
            allowed_headers: joined(&config.allowed_headers)?,
            exposed_headers: joined(&config.exposed_headers)?,
            credentials: config.credentials,
            max_age: config.max_age,
            preflight_continue: config.preflight_continue,
            success_status: StatusCode::from_u16(config.options_success_status)
                .ok()
                .filter(StatusCode::is_success)
                .ok_or_else(invalid)?,
        }))))
    }
}

/// Answers preflight requests and names the allowed origin on the others.
pub(crate) async fn apply(State(Cors(rules)): State<Cors>, request: Request, next: Next) -> Response {
    let Some(rules) = rules else {
        return next.run(request).await;
    };
    let mut own = HeaderMap::new();
    rules.add_origin(request.headers(), &mut own);
    if request.method() == Method::OPTIONS {
        rules.add_preflight(request.headers(), &mut own);
        if !rules.preflight_continue {
            return (rules.success_status, own).into_response();
        }
    } else if let Some(exposed) = &rules.exposed_headers {
        own.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
    }
    let mut response = next.run(request).await;
    for (name, value) in &own {
        response.headers_mut().append(name.clone(), value.clone());
    }
    response
}

impl Rules {
    fn add_origin(&self, request: &HeaderMap, own: &mut HeaderMap) {
        let requested = request.get(ORIGIN);
        let allowed = match &self.origin {
            Origin::Any => Some(HeaderValue::from_static("*")),
            Origin::Fixed(origin) => Some(origin.clone()),
            Origin::Reflect => requested.cloned(),
            Origin::Listed(origins) => {
                requested.filter(|requested| origins.iter().any(|origin| origin == *requested)).cloned()
            }
        };
        if let Some(allowed) = allowed {
            own.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        }
        if !matches!(self.origin, Origin::Any) {
            own.append(VARY, HeaderValue::from_static("Origin"));
        }
        if self.credentials {
            own.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    fn add_preflight(&self, request: &HeaderMap, own: &mut HeaderMap) {
        own.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        if let Some(allowed) = &self.allowed_headers {
            own.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
        } else {
            own.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
            if let Some(requested) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                own.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
            }
        }
        if let Some(max_age) = self.max_age {
            own.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(max_age));
        }
        if let Some(exposed) = &self.exposed_headers {
            own.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::{Router, routing};
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    async fn answer(config: Value, method: &str, headers: &[(&str, &str)]) -> Response {
        let config: CorsConfig = serde_json::from_value(config).unwrap();
        let router = Router::new()
            .route("/", routing::any(|| async { "served" }))
            .layer(from_fn_with_state(Cors::new(&config).unwrap(), apply));
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn without_an_origin_nothing_happens() {
        for origin in [json!(false), json!("")] {
            let response = answer(json!({"origin": origin}), "OPTIONS", &[("origin", "https://a")]).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert!(response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
            assert!(response.headers().get(VARY).is_none());
        }
    }

    #[tokio::test]
    async fn a_section_without_an_origin_allows_any() {
        let response = answer(json!({}), "GET", &[]).await;
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
        assert_eq!(header(&response, "vary"), None);
    }

    #[tokio::test]
    async fn reflected_and_listed_origins() {
        let own = [("origin", "https://a.example")];
        for (origin, expected) in [
            (json!(true), Some("https://a.example")),
            (json!(["https://b.example", "https://a.example"]), Some("https://a.example")),
            (json!(["https://b.example"]), None),
        ] {
            let response = answer(json!({"origin": origin}), "GET", &own).await;
            assert_eq!(header(&response, "access-control-allow-origin"), expected);
            assert_eq!(header(&response, "vary"), Some("Origin"));
        }
    }

    #[tokio::test]
    async fn everything_configured_appears_in_a_preflight_answer() {
        let config = json!({
            "origin": "https://a.example", "methods": ["GET", "POST"], "allowedHeaders": "x-a,x-b",
            "exposedHeaders": ["x-c"], "credentials": true, "maxAge": 60, "optionsSuccessStatus": 200,
        });
        let response = answer(config.clone(), "OPTIONS", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        for (name, expected) in [
            ("access-control-allow-origin", "https://a.example"),
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "x-a,x-b"),
            ("access-control-expose-headers", "x-c"),
            ("access-control-allow-credentials", "true"),
            ("access-control-max-age", "60"),
        ] {
            assert_eq!(header(&response, name), Some(expected), "{name}");
        }
        let response = answer(config, "GET", &[]).await;
        assert_eq!(header(&response, "access-control-expose-headers"), Some("x-c"));
        assert_eq!(header(&response, "access-control-allow-methods"), None);
    }

    #[tokio::test]
    async fn options_can_be_passed_on() {
        let config = json!({"origin": "https://a.example", "preflightContinue": true});
        let response = answer(config, "OPTIONS", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(header(&response, "access-control-allow-methods").is_some());
    }

    #[test]
    fn a_success_status_must_be_one() {
        let config: CorsConfig = serde_json::from_value(json!({"optionsSuccessStatus": 404})).unwrap();
        assert!(Cors::new(&config).is_err());
    }
}
