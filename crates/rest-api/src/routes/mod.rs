//! The routes, one file a resource (`docs/protocol/06 §5`). A handler parses, calls one service method and
//! maps the outcome.

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::app::{API_PREFIX, DELIVERY_PREFIX, or_authenticated};
use crate::middleware::authentication::require_scope;
use crate::middleware::negotiation::{Produces, negotiate};
use crate::openapi::{describe_filters, describe_guard};
use crate::state::AppState;

mod account;
mod announcements;
mod attributes;
mod backbone_notifications;
mod challenges;
mod delivery;
pub(crate) mod docs;
mod event_stream;
mod files;
mod health;
mod identity_deletion_process;
mod messages;
pub(crate) mod metrics;
mod monitoring;
mod relationship_templates;
mod relationships;
mod tokens;

/// Everything that needs credentials, as it is outside debug mode.
pub(crate) fn authenticated() -> OpenApiRouter<AppState> {
    let api = OpenApiRouter::new()
        .merge(account::routes())
        .merge(announcements::routes())
        .merge(attributes::routes())
        .merge(backbone_notifications::routes())
        .merge(challenges::routes())
        .merge(files::routes())
        .merge(messages::routes())
        .merge(relationships::routes())
        .merge(relationship_templates::routes())
        .merge(tokens::routes());
    OpenApiRouter::new().nest(API_PREFIX, api).merge(infrastructure())
}

/// What of [`authenticated`] stays without the core API.
pub(crate) fn infrastructure() -> OpenApiRouter<AppState> {
    let delivery = delivery::routes().merge(event_stream::routes());
    OpenApiRouter::new().nest(DELIVERY_PREFIX, delivery).merge(monitoring::routes())
}

/// What debug mode adds to [`authenticated`].
pub(crate) fn debugging() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().nest(API_PREFIX, identity_deletion_process::routes())
}

/// What everybody may ask. With another method these paths are unknown routes.
pub(crate) fn public(authenticated: &Router) -> OpenApiRouter<AppState> {
    let public = |routes: UtoipaMethodRouter<AppState>| routes.map(|router| or_authenticated(router, authenticated));
    OpenApiRouter::new()
        .routes(public(routes!(health::health)))
        .routes(public(routes!(health::live)))
        .routes(public(routes!(health::ready)))
}

/// The guard of a resource: callers need one of its scopes.
#[derive(Debug, Clone, Copy)]
struct Guard(&'static [&'static str]);

impl Guard {
    /// Routes that answer with JSON.
    fn json(self, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
        self.negotiating(Produces::Json, routes)
    }

    /// Routes that answer with JSON or, if the client prefers it, with a QR code.
    fn json_or_png(self, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
        self.negotiating(Produces::JsonOrPng, routes)
    }

    fn negotiating(self, produces: Produces, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
        self.guarded(true, routes.map(|router| router.route_layer(from_fn_with_state(produces, negotiate))))
    }

    /// Routes without a declared type: any `Accept` header will do.
    fn any_type(self, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
        self.guarded(false, routes)
    }

    /// The scope is checked first: 403 comes before 406.
    fn guarded(
        self,
        negotiates: bool,
        (schemas, mut paths, router): UtoipaMethodRouter<AppState>,
    ) -> UtoipaMethodRouter<AppState> {
        for path in paths.paths.values_mut() {
            describe_guard(path, self.0, negotiates);
        }
        let router = router.route_layer(from_fn_with_state(self.0, require_scope));
        (schemas, paths, router)
    }
}

/// Documents by which members the list among the routes can be filtered; the service knows them too.
fn filtered_by(
    names: &[&str],
    (schemas, mut paths, router): UtoipaMethodRouter<AppState>,
) -> UtoipaMethodRouter<AppState> {
    for path in paths.paths.values_mut() {
        describe_filters(path, names);
    }
    (schemas, paths, router)
}
