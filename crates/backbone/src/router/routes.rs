use axum::routing::{MethodRouter, delete, get, patch, post, put};
use backbone_api::paths;

use crate::context::Context;
use crate::resources::announcements::handlers as announcements;
use crate::resources::challenges::handlers as challenges;
use crate::resources::datawallet::handlers as datawallet;
use crate::resources::deletion_processes::handlers as deletion_processes;
use crate::resources::devices::handlers as devices;
use crate::resources::feature_flags::handlers as feature_flags;
use crate::resources::files::handlers as files;
use crate::resources::identities::handlers as identities;
use crate::resources::messages::handlers as messages;
use crate::resources::oauth::login as oauth;
use crate::resources::quotas::handlers as quotas;
use crate::resources::relationships::handlers as relationships;
use crate::resources::sse::handlers as sse;
use crate::resources::sync_runs::handlers as sync_runs;
use crate::resources::templates::handlers as templates;
use crate::resources::tokens::handlers as tokens;
use crate::resources::{health, notifications, server_info, template_references};

/// A path with its handlers.
type Route = (&'static str, MethodRouter<Context>);

pub(super) fn routes() -> Vec<Route> {
    [of_the_service(), of_identities(), of_exchanged_objects(), of_relationships(), of_synchronisation()].concat()
}

fn of_the_service() -> Vec<Route> {
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
    ]
}

fn of_identities() -> Vec<Route> {
    vec![
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
    ]
}

fn of_exchanged_objects() -> Vec<Route> {
    vec![
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
        (paths::MESSAGES, post(messages::send).get(messages::list)),
        (paths::MESSAGE, get(messages::get)),
    ]
}

fn of_relationships() -> Vec<Route> {
    vec![
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
    ]
}

fn of_synchronisation() -> Vec<Route> {
    vec![
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
