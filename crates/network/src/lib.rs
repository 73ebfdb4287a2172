//! The common parts of all outgoing network calls: the proxy of a call, the trusted certificates,
//! and the pauses that servers ask for.

mod authorities;
mod pinning;
pub mod proxy;
pub mod retry_after;
mod trust;

pub use authorities::{AuthoritiesError, Environment, environment, read_authorities};
pub use pinning::CertificatePinning;
pub use trust::{CertificateValidation, Trust};
