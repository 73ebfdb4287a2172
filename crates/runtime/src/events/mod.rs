//! Events: what is recorded when something happens, and how modules get to know it
//! (`docs/protocol/06-rest-api.md` §7).
//!
//! An event is a row of the store's event log, written together with the documents it is about. Whoever wants events
//! opens a [`Subscription`], which remembers how far it got.

mod catalogue;
mod names;
mod recorder;
mod retention;

pub use catalogue::{EventData, EventKind};
pub use delivery::{EventReader, Subscription, matches};
pub use names::FOREIGN_EVENT_NAMES;
pub use recorder::DtoRecorder;
pub(crate) use retention::remove_old_events;
pub use store::Event;
