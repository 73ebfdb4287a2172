//! Authentication of callers (`docs/protocol/06 §2`, `07 §2.8`), one file per method.

mod api_key;
mod authenticator;
mod method;
mod middleware;
mod principal;
mod source;
mod verdict;

pub use authenticator::Authenticator;
pub(crate) use middleware::{authenticate, require_scope};
pub(crate) use principal::{Caller, CallerIdentity, Principal};
pub(crate) use source::Source;
