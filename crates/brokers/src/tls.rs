//! TLS to a broker, with the certificates the machine trusts.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::Verifier;

/// Certificates are always checked.
///
/// # Errors
/// When the certificates that the machine trusts cannot be read.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider))?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}
