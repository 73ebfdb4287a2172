//! The HTTP interface: the routes of the resources, and the middleware around every request.

mod canonical_path;
mod response_headers;
mod routes;

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use tower::Layer as _;
use tower::util::{MapRequestLayer, MapResponseLayer};

use crate::context::Context;
use crate::http::account;
use crate::resources::health;
use canonical_path::CanonicalPaths;
use routes::routes;

/// The HTTP interface of a Backbone.
pub(crate) fn router(context: Context) -> Router {
    let routes = routes();
    let errors = context.error_bodies();
    let bodies = errors.clone();
    let canonical = CanonicalPaths::of(routes.iter().map(|(path, _)| *path));
    let router = routes
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
        // Bodies have limits of their own, see `read_body`.
        .layer(DefaultBodyLimit::disable())
        .layer(MapResponseLayer::new(move |response| bodies.complete(response)))
        .with_state(context.clone());
    // Around the router, because a route has been chosen when its layers run.
    let any_case = MapRequestLayer::new(move |request| canonical.apply(request)).layer(router);
    Router::new()
        .fallback_service(any_case)
        .layer(middleware::from_fn_with_state((context.memory().clone(), errors), account))
        .layer(middleware::from_fn_with_state(context.clone(), health::watch))
        .layer(middleware::from_fn_with_state(context, response_headers::add))
}
