//! Delivers to one target.
//!
//! A runner is one task. It reads the log ahead, but no more than fits its window, keeps as many attempts in flight as the
//! target may get, and writes in one small transaction for many messages how far it got. Only what was not accepted gets a
//! row. [`core`] decides what is done when; [`shell`] does it.

mod core;
mod database;
mod report;
mod shell;

pub(crate) use shell::{Runner, RunnerContext};
