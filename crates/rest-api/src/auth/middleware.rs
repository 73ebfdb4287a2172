//! Admits only known callers, and only to routes they may use.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::authenticator::Authenticator;
use super::principal::Principal;
use crate::error::ApiError;

/// Admits only known callers and passes their permissions to the routes. Logs receive the caller's identity.
pub(crate) async fn authenticate(State(authenticator): State<Authenticator>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let principal = match authenticator.authenticate(&head).await {
        Ok(principal) => principal,
        Err(refusal) => return refusal.into_response(),
    };
    let identity = principal.identity().clone();
    head.extensions.insert(principal);
    let mut response = next.run(Request::from_parts(head, body)).await;
    response.extensions_mut().insert(identity);
    response
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
