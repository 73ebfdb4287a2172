//! The settings in force: the configuration of the program with the overrides of the administrator's file.

mod admin_file;
mod announcement;
mod document;
mod in_force;
mod problem;
mod rules;
mod tiers;

pub(crate) use admin_file::{AdminFile, read};
pub(crate) use announcement::AnnouncementDefinition;
pub(crate) use in_force::Settings;
pub(crate) use problem::Problem;
pub(crate) use rules::check_tags;
pub(crate) use tiers::{QUEUED_FOR_DELETION, QuotaDefinition};
