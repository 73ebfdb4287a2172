//! The program as its users see it: real processes, real sockets, nothing shared but the network and files.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod backbone;
mod backbone_load;
mod brokers;
mod command_line;
mod config_check;
mod copies;
mod dev;
mod doctor;
mod first_start;
mod health;
mod installation;
mod lease_lost;
mod maintenance;
mod memory;
mod modules;
mod observation;
mod proxy;
mod reaching_out;
mod reload;
mod samples;
mod start;
mod support;
