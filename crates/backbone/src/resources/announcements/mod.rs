//! `GET /Announcements` (`docs/protocol/03 §9`). Announcements are defined in the administrator's file.

pub(crate) mod handlers;
pub(crate) mod rules;
mod storage;
