//! The answers to requests without a route.

use axum::{Router, routing};

use crate::error::ApiError;

/// A method router that answers all other methods as if its path did not exist.
pub(crate) fn or_authenticated<S: Clone + Send + Sync + 'static>(
    routes: routing::MethodRouter<S>,
    authenticated: &Router,
) -> routing::MethodRouter<S> {
    routes.fallback_service(authenticated.clone())
}

pub(crate) async fn route_does_not_exist() -> ApiError {
    ApiError::RouteDoesNotExist
}

pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}
