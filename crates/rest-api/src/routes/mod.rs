//! The routes, one file per resource (`docs/protocol/06 §5`). A handler parses, calls one service method and maps the
//! outcome.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use runtime::Resource;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use self::fallback::or_authenticated;
use crate::auth::require_scope;
use crate::middleware::body::Bodies;
use crate::middleware::negotiation::{Produces, negotiate};
use crate::middleware::{body, limits};
use crate::openapi::describe::{describe_filters, describe_guard, describe_pages};
use crate::paths::{API_PREFIX, DELIVERY_PREFIX};
use crate::state::ApiState;

mod account;
mod announcements;
mod attributes;
mod backbone_notifications;
mod challenges;
mod delivery;
pub(crate) mod docs;
mod event_stream;
pub(crate) mod fallback;
pub(crate) mod favicon;
mod files;
mod health;
mod identity_deletion_process;
mod inbox;
mod messages;
pub(crate) mod metrics;
mod monitoring;
mod relationship_templates;
mod relationships;
mod tokens;

/// All routes that need credentials outside debug mode.
pub(crate) fn authenticated() -> OpenApiRouter<ApiState> {
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

/// The part of [`authenticated`] that remains without the core API.
pub(crate) fn infrastructure() -> OpenApiRouter<ApiState> {
    let delivery = delivery::routes().merge(event_stream::routes()).merge(inbox::routes());
    OpenApiRouter::new().nest(DELIVERY_PREFIX, delivery).merge(monitoring::routes())
}

/// The additions of debug mode to [`authenticated`].
pub(crate) fn debugging() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().nest(API_PREFIX, identity_deletion_process::routes())
}

/// The routes for everybody. For other methods these paths are unknown routes.
pub(crate) fn public(authenticated: &Router) -> OpenApiRouter<ApiState> {
    let public = |routes: UtoipaMethodRouter<ApiState>| routes.map(|router| or_authenticated(router, authenticated));
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
    fn json(self, routes: UtoipaMethodRouter<ApiState>) -> UtoipaMethodRouter<ApiState> {
        self.guarded(Some(Produces::Json), Bodies::Texts, routes)
    }

    /// The same, and forms with a file can be posted to them.
    fn json_for_files(self, routes: UtoipaMethodRouter<ApiState>) -> UtoipaMethodRouter<ApiState> {
        self.guarded(Some(Produces::Json), Bodies::TextsAndPostedFiles, routes)
    }

    /// Routes that answer with JSON or, if the client prefers it, with a QR code.
    fn json_or_png(self, routes: UtoipaMethodRouter<ApiState>) -> UtoipaMethodRouter<ApiState> {
        self.guarded(Some(Produces::JsonOrPng), Bodies::Texts, routes)
    }

    /// Routes without a declared type: any `Accept` header is acceptable.
    fn any_type(self, routes: UtoipaMethodRouter<ApiState>) -> UtoipaMethodRouter<ApiState> {
        self.guarded(None, Bodies::Texts, routes)
    }

    /// A caller without permission is refused before anything else; only then is the body read, and the request takes
    /// its turn only when the body has arrived.
    fn guarded(
        self,
        produces: Option<Produces>,
        bodies: Bodies,
        (schemas, mut paths, router): UtoipaMethodRouter<ApiState>,
    ) -> UtoipaMethodRouter<ApiState> {
        for path in paths.paths.values_mut() {
            describe_guard(path, self.0, produces.is_some());
        }
        // The last layer is the outermost.
        let router = router.route_layer(from_fn(limits::enforce));
        let router = match produces {
            Some(produces) => router.route_layer(from_fn_with_state(produces, negotiate)),
            None => router,
        };
        let router = router
            .route_layer(from_fn_with_state(bodies, body::parse))
            .route_layer(from_fn_with_state(self.0, require_scope));
        (schemas, paths, router)
    }
}

/// Documents the members by which the list among the routes can be filtered and sorted.
fn filtered_by(
    resource: Resource,
    (schemas, mut paths, router): UtoipaMethodRouter<ApiState>,
) -> UtoipaMethodRouter<ApiState> {
    for path in paths.paths.values_mut() {
        describe_filters(path, resource);
        describe_pages(path, resource);
    }
    (schemas, paths, router)
}
