//! Logging in (`docs/protocol/03 §2`): access tokens, and the callers they stand for.

mod access_token;
mod authentication;
pub(crate) mod login;
