//! The counters in the nonces of content that is encrypted for peers (`docs/protocol/01 §9.10`, `02 §9.9`).
//!
//! A database can be older than what was sent with its keys, and there can be two copies of it. Free counters are
//! therefore determined not by the database but by the Backbone: by its sync runs (decision 52 of `docs/decisions.md`).

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
