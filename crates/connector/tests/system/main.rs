//! The program as its users meet it: real processes, real sockets, nothing shared but the network and files.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod backbone;
mod command_line;
mod config_check;
mod dev;
mod doctor;
mod installation;
mod maintenance;
mod modules;
mod observation;
mod proxy;
mod samples;
mod start;
mod support;
mod takeover;
