//! The commands, one file each; `dev` and `doctor` have folders of their own.

pub(crate) mod backbone;
pub(crate) mod config_check;
pub(crate) mod healthcheck;
pub(crate) mod identity;
pub(crate) mod identity_deletion;
mod maintenance;
pub(crate) mod start;
