//! What the devices of an Identity tell each other, as far as the documents of this crate are concerned: which collections
//! are shared, and how a change of a document becomes a modification. Sending and receiving is part of the synchronisation.

mod collections;
mod recording;

pub(crate) use collections::{SynchronisedCollection, synchronised};
pub(crate) use recording::{created, deleted, updated};
