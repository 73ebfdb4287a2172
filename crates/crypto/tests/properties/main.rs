//! Properties that must hold for all inputs, and agreement with an independent implementation of libsodium's functions.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod arbitrary_json;
mod oracle;
mod primitives;
