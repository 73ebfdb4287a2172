//! The composite secrets of a Relationship and the handshake that creates them.

mod handshake;
mod public_request;
mod public_response;
mod request_secrets;
mod secrets;

pub use handshake::{accept_request, complete_request, create_request};
pub use public_request::RelationshipPublicRequest;
pub use public_response::RelationshipPublicResponse;
pub use request_secrets::RelationshipRequestSecrets;
pub use secrets::{RelationshipSecrets, RelationshipType};
