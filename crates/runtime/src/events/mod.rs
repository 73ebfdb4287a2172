//! Events: what is recorded when something happens, and how modules get to know it
//! (`docs/protocol/06-rest-api.md` §7).
//!
//! An event is a row of the store's event log, written together with the documents it is about. Whoever wants events
//! opens a [`Subscription`], which remembers how far it got.

mod lifecycle;
mod recorder;
mod retention;

pub use delivery::{EventReader, Subscription, matches};
pub use lifecycle::LifecycleEvent;
pub use recorder::DtoRecorder;
pub(crate) use retention::remove_old_events;
pub use store::Event;
