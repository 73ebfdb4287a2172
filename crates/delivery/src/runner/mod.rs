//! Delivery to one target.
//!
//! A runner is one task. It reads the log ahead, but no more than fits its window, keeps as many attempts in flight as
//! the target allows, and writes its progress in one small transaction for many messages. Only messages that were not
//! accepted get a row. [`core`] makes the decisions; [`shell`] carries them out.

mod core;
mod database;
mod report;
mod shell;

pub(crate) use shell::{Runner, RunnerContext};
