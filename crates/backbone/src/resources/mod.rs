//! The resources of the API, a folder or a file each: `handlers` answer requests, `rules` and their like work inside a
//! unit, `storage` holds the statements.

pub(crate) mod announcements;
pub(crate) mod challenges;
pub(crate) mod datawallet;
pub(crate) mod deletion_processes;
pub(crate) mod devices;
pub(crate) mod external_events;
pub(crate) mod feature_flags;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod identities;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod oauth;
pub(crate) mod quotas;
pub(crate) mod records;
pub(crate) mod relationships;
pub(crate) mod server_info;
pub(crate) mod sse;
pub(crate) mod sync_runs;
pub(crate) mod template_references;
pub(crate) mod templates;
pub(crate) mod tokens;
