//! The commands, one file each; `dev` has a folder of its own.

pub(crate) mod backbone;
pub(crate) mod healthcheck;
pub(crate) mod start;
