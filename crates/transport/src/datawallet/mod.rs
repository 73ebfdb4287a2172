//! The datawallet: the collections that the devices of an Identity share, and how a change of a document becomes a
//! modification. Sending and receiving is part of the synchronisation.

mod collections;
mod recording;

pub(crate) use collections::SynchronisedCollections;
pub use collections::{Category, SynchronisedCollection};
pub(crate) use recording::{created, deleted, updated};
