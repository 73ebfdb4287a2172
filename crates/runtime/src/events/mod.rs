//! Events: what is recorded, and how modules are notified (`docs/protocol/06-rest-api.md` §7).
//!
//! An event is a row of the store's event log, written together with the documents it is about. A consumer opens a
//! [`Subscription`], which remembers its position.

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
