//! Cryptography of the enmeshed network: libsodium-compatible primitives and the exact serialized forms of keys,
//! ciphers and signatures (`docs/protocol/01-crypto-and-core-types.md`, sections 1 to 3 and 9.9).
//!
//! Everything here is a pure function or a plain value: randomness is a parameter, nothing reads a clock, a
//! file or the network. Types that hold key material are wiped when dropped and never show it in `Debug` output;
//! [`CryptoObject`] is the only place where they are converted to text.

pub mod derivation;
pub mod encoding;
pub mod hash;
pub mod password;

mod cipher;
mod error;
mod exchange;
mod json;
mod nonce;
mod relationship;
mod secret_key;
mod signature;
mod state;

pub use cipher::Cipher;
pub use derivation::derive_key;
pub use error::CryptoError;
pub use exchange::{
    ExchangeAlgorithm, ExchangeKeypair, ExchangePrivateKey, ExchangePublicKey, ExchangeSecrets, PeerExchangeKey,
    RelationshipTemplatePublicKey, derive_as_client, derive_as_server,
};
pub use json::{CryptoObject, Verbose};
pub use nonce::{Counter, Nonce};
pub use relationship::{
    RelationshipPublicRequest, RelationshipPublicResponse, RelationshipRequestSecrets, RelationshipSecrets,
    RelationshipType, accept_request, complete_request, create_request,
};
pub use secret_key::SecretKey;
pub use signature::{
    HashLabel, Signature, SignatureAlgorithm, SignatureKeypair, SignaturePrivateKey, SignaturePublicKey,
};
pub use state::{PrivateStateReceive, PrivateStateTransmit, PublicState, StateType};
