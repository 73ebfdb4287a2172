//! What everything that calls out over the network has in common: which proxy a call takes, whose certificates are accepted,
//! and how long a server asks to be left alone.

mod authorities;
mod pinning;
pub mod proxy;
pub mod retry_after;
mod trust;

pub use authorities::{AuthoritiesError, Environment, environment, read_authorities};
pub use pinning::CertificatePinning;
pub use trust::{CertificateValidation, Trust};
