//! The counters that make the nonces of what is encrypted for peers (`docs/protocol/01 §9.10`, `02 §9.9`).
//!
//! A database can be older than what was sent with its keys, and there can be two of it. So it is not the database that says
//! which counters are free but the Backbone: its sync runs (decision 52 of `docs/decisions.md`).

mod block;
mod noting;
mod obtaining;
mod own;
mod permit;
#[cfg(test)]
mod properties;
mod renewal;
mod reserve;
mod seen;

pub(crate) use self::{
    block::Run,
    noting::note,
    obtaining::{keep_alive, start_run},
    own::{Counters, Noted, OwnRun},
    permit::Moment,
    reserve::reserve,
};
