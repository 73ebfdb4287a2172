//! The rules of Requests (`docs/protocol/05 §3 to §5`): what can be asked, what can be answered, and what either does.
//!
//! An outgoing Request is drafted, sent and completed by its Response ([`outgoing`]), or comes about with the Response to an own template
//! ([`outgoing_template`]). An incoming one is received ([`incoming`], [`template`]), decided ([`decide`]) and answered ([`respond`]).
//! Unlike at the peers, all that accepting or completing does happens together with the change of the status, or not at all
//! (`docs/protocol/05 §9`, 3 and 15).

pub mod decide;
pub mod decompose;
pub mod incoming;
pub mod items;
pub mod outgoing;
pub mod outgoing_template;
pub mod parameters;
pub mod respond;
pub mod status;
pub mod template;

mod conclude;
mod entries;
mod keys;

pub use conclude::{ReceivedResponse, ResponseCarrier};

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;
