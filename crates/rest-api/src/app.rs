//! Assembles the middleware and the routes, in the order of `docs/protocol/06 §1.1`.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler as _;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse as _, Response};
use axum::{Router, routing};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::auth::{self, Authenticator};
use crate::config::HttpServerConfig;
use crate::error::ApiError;
use crate::error_codes;
use crate::middleware::allowance::{self, Limits};
use crate::middleware::body::Bodies;
use crate::middleware::canonical_path::CanonicalPaths;
use crate::middleware::cors::{self, Cors};
use crate::middleware::errors::{self, Renderer};
use crate::middleware::observation::{self, Observer};
use crate::middleware::security_headers::{self, SecurityHeaders};
use crate::middleware::{body, canonical_path, compression, correlation, etag, head, vary};
use crate::request_head;
use crate::routes::{self, fallback};
use crate::startup_error::StartupError;
use crate::state::{ApiOptions, ApiState};

/// The whole HTTP interface.
///
/// The router expects [`axum::extract::ConnectInfo`] of a [`std::net::SocketAddr`] (as [`crate::serve`]
/// provides) to limit unauthorized requests per source; without it all requests count as one source.
///
/// # Errors
/// Returns an error if the configuration breaks a startup rule, see [`HttpServerConfig::validate`].
pub fn router(state: ApiOptions, config: &HttpServerConfig) -> Result<Router, StartupError> {
    let authenticator = Authenticator::new(&config.authentication.api_key, Arc::clone(&state.clock))?;
    router_with(state, config, authenticator)
}

/// [`router`] with an [`Authenticator`] whose keys can be replaced later.
///
/// # Errors
/// As [`router`].
pub fn router_with(
    state: ApiOptions,
    config: &HttpServerConfig,
    authenticator: Authenticator,
) -> Result<Router, StartupError> {
    let now = state.clock.now().as_millis();
    let now = jiff::Timestamp::from_millisecond(now).unwrap_or(jiff::Timestamp::MAX);
    config.validate(state.mode, now)?;

    let (clock, randomness) = (Arc::clone(&state.clock), state.randomness.clone());
    let mode = state.mode;
    let state = ApiState::new(state, config);
    let core_api = mode.core_api;
    let routes = if core_api.enabled { routes::authenticated() } else { routes::infrastructure() };
    let routes = if core_api.enabled && mode.debug { routes.merge(routes::debugging()) } else { routes };
    let metrics = config.metrics;
    let routes =
        if metrics.enabled && metrics.authenticated { routes.merge(routes::metrics::guarded()) } else { routes };
    let (api, document) = routes.split_for_parts();
    let api = api
        // An unreadable body is reported first, even if no route accepts it.
        .fallback(fallback::route_does_not_exist.layer(from_fn_with_state(Bodies::Texts, body::parse)))
        .method_not_allowed_fallback(fallback::method_not_allowed.layer(from_fn_with_state(Bodies::Texts, body::parse)))
        // Uploads have a limit of their own.
        .layer(DefaultBodyLimit::disable())
        .with_state(state.clone());
    let is_documented = core_api.enabled && core_api.documentation;
    let api = if is_documented && !mode.debug { routes::docs::beside(api, core_api) } else { api };
    let authenticated = Router::new().fallback_service(api).layer((
        from_fn_with_state(authenticator, auth::authenticate),
        from_fn_with_state(Limits::default(), allowance::admit),
        RequestDecompressionLayer::new().pass_through_unaccepted(true),
    ));

    let public = routes::public(&authenticated);
    let is_open = metrics.enabled && !metrics.authenticated;
    let public = if is_open { public.merge(routes::metrics::open(&authenticated)) } else { public };
    let (public, public_document) = public.split_for_parts();
    let mut everything = public
        .with_state(state.clone())
        .route(
            routes::favicon::PATH,
            fallback::or_authenticated(routing::get(routes::favicon::favicon), &authenticated),
        )
        .route(
            error_codes::PAGE,
            fallback::or_authenticated(routing::get(async || Html(error_codes::page())), &authenticated),
        );
    let mut paths: Vec<&str> = [&document, &public_document]
        .into_iter()
        .flat_map(|document| document.paths.paths.keys())
        .map(String::as_str)
        .collect();
    // Debug mode shows the documentation to everybody.
    let authenticated =
        if is_documented && mode.debug { routes::docs::beside(authenticated, core_api) } else { authenticated };
    everything = everything.fallback_service(authenticated);
    paths.extend([routes::favicon::PATH, error_codes::PAGE]);
    if is_documented {
        paths.extend(routes::docs::PATHS);
    }
    let paths = CanonicalPaths::new(paths);

    // One layer of many, the outermost first: a router that gets them one by one boxes the inner service for each, and
    // copies all these boxes for every request.
    let middleware = (
        from_fn_with_state(randomness.clone(), correlation::scope),
        from_fn_with_state(
            Observer { statistics: state.statistics(), clock: Arc::clone(&clock) },
            observation::observe,
        ),
        from_fn_with_state(SecurityHeaders::new(config.helmet_options.as_ref(), mode.debug)?, security_headers::add),
        from_fn(allowance::keep_until_sent),
        from_fn(vary::unify),
        from_fn_with_state(Cors::new(&config.cors)?, cors::apply),
        from_fn(head::serve_by_get),
        from_fn(compression::tolerate_impossible_preferences),
        compression::layer(),
        compression::layer_of_streams(),
        from_fn(etag::tag),
        from_fn_with_state(Renderer { debug: mode.debug, clock, randomness }, errors::render),
        from_fn(request_head::refuse),
        CatchPanicLayer::custom(panicked),
        from_fn_with_state(paths, canonical_path::restore),
    );
    Ok(Router::new().fallback_service(everything).layer(middleware))
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    ApiError::unexpected(format!("panic: {text}")).into_response()
}
