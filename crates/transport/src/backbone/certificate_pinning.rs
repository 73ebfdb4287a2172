//! Certificate pinning: a server must not only have a valid certificate but one of those the operator named
//! (`docs/protocol/07 §6.4`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crypto::hash::sha256;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::Verifier;

use crate::error::{Result, TransportError};

/// Which certificates are accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificatePinning {
    /// Per host name the SHA-256 fingerprints of its accepted leaf certificates: hexadecimal, with or without colons.
    pub fingerprints: BTreeMap<String, BTreeSet<String>>,
    /// Whether hosts without fingerprints are refused.
    pub enforce: bool,
}

/// Why a certificate is refused.
#[derive(thiserror::Error)]
enum Refusal {
    #[error("the certificate is not among those pinned for the host")]
    NotPinned,
    #[error("no certificate is pinned for the host")]
    NoPins,
}

/// The text: errors of TLS show this and nothing else of it.
impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// What a certificate has to be, beside pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateValidation {
    /// Valid for the host, and issued by somebody the machine trusts.
    Usual,
    /// Nothing: only pins count. The server still has to prove that it has the key of its certificate.
    None,
}

impl CertificatePinning {
    /// The TLS side of an HTTP client that honours the pins. `protocols` are offered to the server, the best first (`h2`,
    /// `http/1.1`); the client must speak them all.
    ///
    /// # Errors
    /// When the certificates that the machine trusts cannot be read.
    pub fn tls_config(&self, validation: CertificateValidation, protocols: &[&str]) -> Result<ClientConfig> {
        let unusable = |error: Error| TransportError::invariant(format!("TLS cannot be set up: {error}"));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let inner: Arc<dyn ServerCertVerifier> = match validation {
            CertificateValidation::Usual => Arc::new(Verifier::new(Arc::clone(&provider)).map_err(unusable)?),
            CertificateValidation::None => Arc::new(AnyCertificate(provider.signature_verification_algorithms)),
        };
        let mut config = with_verifier(provider, PinnedVerifier::new(inner, self)).map_err(unusable)?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(config)
    }
}

fn with_verifier(provider: Arc<CryptoProvider>, verifier: PinnedVerifier) -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// First the usual validation, then the pins.
#[derive(Debug)]
struct PinnedVerifier {
    inner: Arc<dyn ServerCertVerifier>,
    fingerprints: BTreeMap<String, BTreeSet<String>>,
    enforce: bool,
}

impl PinnedVerifier {
    fn new(inner: Arc<dyn ServerCertVerifier>, pinning: &CertificatePinning) -> Self {
        let normalise =
            |pins: &BTreeSet<String>| pins.iter().map(|pin| pin.replace(':', "").to_ascii_lowercase()).collect();
        let fingerprints =
            pinning.fingerprints.iter().map(|(host, pins)| (host.to_ascii_lowercase(), normalise(pins))).collect();
        Self { inner, fingerprints, enforce: pinning.enforce }
    }

    fn check(&self, certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Refusal> {
        match self.fingerprints.get(&host.to_str().to_ascii_lowercase()) {
            Some(pins) if pins.contains(&fingerprint(certificate)) => Ok(()),
            Some(_) => Err(Refusal::NotPinned),
            None if self.enforce => Err(Refusal::NoPins),
            None => Ok(()),
        }
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    sha256(certificate).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        match self.check(end_entity, server_name) {
            Ok(()) => Ok(verified),
            Err(refusal) => {
                tracing::error!(host = %server_name.to_str(), fingerprint = fingerprint(end_entity), "{refusal}");
                Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal)))))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Takes every certificate for valid, but not everybody for its owner.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Takes every certificate, or none, for valid.
    #[derive(Debug)]
    struct Always(bool);

    impl ServerCertVerifier for Always {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            if self.0 {
                Ok(ServerCertVerified::assertion())
            } else {
                Err(Error::InvalidCertificate(CertificateError::Expired))
            }
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ED25519]
        }
    }

    /// SHA-256 of the text `certificate`, as operators copy it from tools.
    const FINGERPRINT: &str =
        "03:D6:6D:D0:88:35:C1:CA:3F:12:8C:CE:AC:D1:F3:1A:C9:41:63:09:6B:20:F4:45:AE:84:28:5B:C0:83:2D:72";

    fn verify(valid: bool, pinning: &CertificatePinning, host: &'static str, certificate: &str) -> Result<(), Error> {
        let verifier = PinnedVerifier::new(Arc::new(Always(valid)), pinning);
        let certificate = CertificateDer::from(certificate.as_bytes().to_vec());
        let host = ServerName::try_from(host).unwrap();
        verifier.verify_server_cert(&certificate, &[], &host, &[], UnixTime::now()).map(drop)
    }

    fn pinning(enforce: bool) -> CertificatePinning {
        let pins = BTreeSet::from([FINGERPRINT.to_owned()]);
        CertificatePinning { fingerprints: BTreeMap::from([("Backbone.example".to_owned(), pins)]), enforce }
    }

    #[test]
    fn only_the_pinned_certificate_is_accepted_for_its_host() {
        for enforce in [false, true] {
            verify(true, &pinning(enforce), "backbone.example", "certificate").unwrap();
            verify(true, &pinning(enforce), "backbone.example", "another").unwrap_err();
        }
        verify(true, &pinning(false), "other.example", "another").unwrap();
        verify(true, &pinning(true), "other.example", "certificate").unwrap_err();
    }

    #[test]
    fn a_pin_does_not_make_an_invalid_certificate_valid() {
        let error = verify(false, &pinning(true), "backbone.example", "certificate").unwrap_err();
        assert_eq!(error, Error::InvalidCertificate(CertificateError::Expired));
    }

    #[test]
    fn the_configuration_can_be_built() {
        for validation in [CertificateValidation::Usual, CertificateValidation::None] {
            let config = pinning(true).tls_config(validation, &["h2", "http/1.1"]).unwrap();
            assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        }
    }
}
