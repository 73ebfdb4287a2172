//! TLS to a broker.

use network::{CertificateValidation, Trust};
use rustls::ClientConfig;

/// Certificates are always checked.
///
/// # Errors
/// When the certificates that the machine trusts cannot be read.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, rustls::Error> {
    trust.client_config(CertificateValidation::Usual, &[])
}
