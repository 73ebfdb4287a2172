use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use axum::{Router, middleware};
use backbone_api::paths;
use tower::Layer as _;
use tower::util::MapRequestLayer;

use super::canonical_path::CanonicalPaths;
use super::{memory, response_headers};
use crate::context::Context;
use crate::resources::health;
use crate::{
    announcements, challenges, datawallet, deletion_processes, devices, feature_flags, files, identities, messages,
    notifications, oauth, quotas, relationships, server_info, sse, sync_runs, template_references, templates, tokens,
};

/// The HTTP interface of a Backbone.
pub(crate) fn router(context: Context) -> Router {
    let routes = routes();
    let canonical = CanonicalPaths::of(routes.iter().map(|(path, _)| *path));
    let router = routes
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
        // Bodies have limits of their own, see `read_body`.
        .layer(DefaultBodyLimit::disable())
        .with_state(context.clone());
    let memory = context.memory().clone();
    // Around the router, because a route has been chosen when its layers run.
    let any_case = MapRequestLayer::new(move |request| canonical.apply(request)).layer(router);
    Router::new()
        .fallback_service(any_case)
        .layer(middleware::from_fn(move |request, next| memory::account(memory.clone(), request, next)))
        .layer(middleware::from_fn_with_state(context.clone(), health::watch))
        .layer(middleware::from_fn_with_state(context, response_headers::add))
}

fn routes() -> Vec<(&'static str, MethodRouter<Context>)> {
    vec![
        (paths::CONNECT_TOKEN, post(oauth::token)),
        (paths::HEALTH, get(health::answer)),
        (paths::VERSION, get(server_info::version)),
        (paths::SSE, get(sse::listen)),
        (paths::SSE_V2, get(sse::listen)),
        (paths::TAGS, get(server_info::tags)),
        (paths::ANNOUNCEMENTS, get(announcements::list)),
        (paths::PUBLIC_RELATIONSHIP_TEMPLATE_REFERENCES, get(template_references::list)),
        (paths::QUOTAS, get(quotas::list)),
        (paths::NOTIFICATIONS, post(notifications::send)),
        (paths::CHALLENGES, post(challenges::create)),
        (paths::CHALLENGE, get(challenges::get)),
        (paths::IDENTITIES, post(identities::create)),
        (paths::IDENTITY_SELF, get(identities::own)),
        (paths::IDENTITY_IS_DELETED, get(identities::is_deleted)),
        (paths::IDENTITY_SELF_FEATURE_FLAGS, patch(feature_flags::change)),
        (paths::IDENTITY_FEATURE_FLAGS, get(feature_flags::list)),
        (paths::DELETION_PROCESSES, post(deletion_processes::start).get(deletion_processes::list)),
        (paths::DELETION_PROCESS, get(deletion_processes::get)),
        (paths::DELETION_PROCESS_CANCEL, put(deletion_processes::cancel)),
        (paths::DEVICES, post(devices::create).get(devices::list)),
        (paths::DEVICE, delete(devices::delete)),
        (paths::DEVICE_SELF, get(devices::own).put(devices::update)),
        (paths::DEVICE_PASSWORD, put(devices::change_password)),
        (paths::DEVICE_PUSH_NOTIFICATIONS, put(devices::register_push).delete(devices::unregister_push)),
        (paths::TEMPLATES, post(templates::create).get(templates::list)),
        (paths::TEMPLATE, get(templates::get).delete(templates::delete)),
        (paths::TOKENS, post(tokens::create).get(tokens::list)),
        (paths::TOKEN, get(tokens::get).delete(tokens::delete)),
        (paths::TOKEN_UPDATE_CONTENT, post(tokens::update_content)),
        (paths::FILES, post(files::upload).get(files::list)),
        (paths::FILE, get(files::download).delete(files::delete)),
        (paths::FILE_METADATA, get(files::metadata)),
        (paths::FILE_REGENERATE_OWNERSHIP_TOKEN, patch(files::regenerate_ownership_token)),
        (paths::FILE_CLAIM_OWNERSHIP, patch(files::claim_ownership)),
        (paths::FILE_VALIDATE_OWNERSHIP_TOKEN, post(files::validate_ownership_token)),
        (paths::RELATIONSHIPS, post(relationships::create).get(relationships::list)),
        (paths::RELATIONSHIPS_CAN_CREATE, get(relationships::can_create)),
        (paths::RELATIONSHIP, get(relationships::get)),
        (paths::RELATIONSHIP_ACCEPT, put(relationships::accept)),
        (paths::RELATIONSHIP_REJECT, put(relationships::reject)),
        (paths::RELATIONSHIP_REVOKE, put(relationships::revoke)),
        (paths::RELATIONSHIP_TERMINATE, put(relationships::terminate)),
        (paths::RELATIONSHIP_DECOMPOSE, put(relationships::decompose)),
        (paths::RELATIONSHIP_REACTIVATE, put(relationships::request_reactivation)),
        (paths::RELATIONSHIP_REACTIVATE_ACCEPT, put(relationships::accept_reactivation)),
        (paths::RELATIONSHIP_REACTIVATE_REJECT, put(relationships::reject_reactivation)),
        (paths::RELATIONSHIP_REACTIVATE_REVOKE, put(relationships::revoke_reactivation)),
        (paths::MESSAGES, post(messages::send).get(messages::list)),
        (paths::MESSAGE, get(messages::get)),
        (paths::DATAWALLET, get(datawallet::get)),
        (paths::DATAWALLET_MODIFICATIONS, get(datawallet::modifications).post(datawallet::push)),
        (paths::SYNC_RUNS, post(sync_runs::start)),
        (paths::SYNC_RUN, get(sync_runs::get)),
        (paths::SYNC_RUN_EXTERNAL_EVENTS, get(sync_runs::external_events)),
        (paths::SYNC_RUN_FINALIZE_EXTERNAL_EVENT_SYNC, put(sync_runs::finalize_external_event_sync)),
        (paths::SYNC_RUN_FINALIZE_DATAWALLET_VERSION_UPGRADE, put(sync_runs::finalize_datawallet_version_upgrade)),
        (paths::SYNC_RUN_REFRESH_EXPIRATION_TIME, put(sync_runs::refresh_expiration_time)),
    ]
}
