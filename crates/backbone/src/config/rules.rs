//! The rules for the settings of a Backbone.

use super::BackboneConfig;
use crate::error::BackboneError;
use crate::settings;

/// The size of an empty database.
const LEAST_DATABASE: u64 = 1024 * 1024;

/// Refuses the first invalid setting.
pub(crate) fn check(config: &BackboneConfig) -> Result<(), BackboneError> {
    let refuse = |setting, reason: &str| Err(BackboneError::Configuration { setting, reason: reason.to_owned() });
    let length = config.did_domain.len();
    if !(3..=45).contains(&length) {
        return refuse("did_domain", "it must have 3 to 45 characters");
    }
    if !core_types::identity_address::compute_from_bytes(&[], &config.did_domain).is_valid() {
        return refuse(
            "did_domain",
            "it must be a host name in lower case; an IP address can not be part of an address",
        );
    }
    if config.clients.is_empty() {
        return refuse("clients", "at least one OAuth client is needed");
    }
    if config.clients.iter().any(|client| client.id.is_empty() || client.secret.expose().is_empty()) {
        return refuse("clients", "an OAuth client needs an id and a secret");
    }
    if !(60..=3600).contains(&config.access_token_lifetime.as_secs()) {
        return refuse("access_token_lifetime", "it must be 60 to 3600 seconds");
    }
    if config.max_connections.in_all == 0 || config.max_connections.per_source == 0 {
        return refuse("max_connections", "there must be at least one");
    }
    if config.max_database_size.is_some_and(|bytes| bytes < LEAST_DATABASE) {
        return refuse("max_database_size", "it must be at least 1 MiB, which an empty database takes");
    }
    if config.max_message_recipients == 0 {
        return refuse("max_message_recipients", "it must be greater than 0");
    }
    if !(1..=100).contains(&config.max_unreceived_messages) {
        return refuse("max_unreceived_messages", "it must be 1 to 100");
    }
    if !(0.0..=3650.0).contains(&config.grace_period_days) {
        return refuse("grace_period_days", "it must be 0 to 3650");
    }
    for (setting, period) in [
        ("admin_file_interval", config.admin_file_interval),
        ("maintenance_interval", config.maintenance_interval),
        ("sse_keep_alive", config.sse_keep_alive),
    ] {
        if period.is_zero() {
            return refuse(setting, "it must be longer than nothing");
        }
    }
    settings::check_tags(&config.tags)
        .map_err(|problem| BackboneError::Configuration { setting: "tags", reason: problem.into_reason() })
}
