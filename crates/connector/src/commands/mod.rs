//! The commands, one file each; `dev` and `doctor` have their own folders.

mod answering;
pub(crate) mod backbone;
pub(crate) mod config_check;
mod explain;
pub(crate) mod first_contact;
pub(crate) mod healthcheck;
pub(crate) mod identity;
pub(crate) mod identity_deletion;
mod maintenance;
mod new_identity;
pub(crate) mod reload;
pub(crate) mod start;
