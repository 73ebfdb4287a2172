//! The steps of the enmeshed protocol as pure functions: wrap, sign, seal, open, derive (`docs/protocol/01 §9`).
//!
//! Nothing here performs input or output. "Wire" bytes are the UTF-8 JSON of an object before it is written as
//! base64url into a body; randomness, time and the Backbone's statements about an object are parameters. Beyond the
//! checks of the existing implementation, opening an object also checks that addresses belong to the keys beside them
//! and that a signed wrapper comes from the identity, and belongs to the object, that the Backbone named.

pub mod challenge;
pub mod datawallet;
pub mod device;
pub mod file;
pub mod identity;
pub mod message;
pub mod relationship;
pub mod secrets;
pub mod template;
pub mod token;

mod error;
mod nested;
mod received;
mod wire;

pub use error::ProtocolError;
pub use received::{Received, ReceivedText};
