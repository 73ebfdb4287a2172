//! Trust in certificates. One value for all clients of a Connector, which can be replaced while they run.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::authorities::beside;
use crate::pinning::{CertificatePinning, fingerprint};

/// The validation of a certificate, besides pinning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateValidation {
    /// Valid for the host, and issued by a trusted authority.
    Usual,
    /// None: only pins count. The server still has to prove that it has the key of its certificate.
    None,
}

/// The certification authorities of the machine and the environment, further ones, and pins. Clones share one state, so
/// that all clients follow a replacement with their next handshake.
#[derive(Debug, Clone, Default)]
pub struct Trust(Arc<RwLock<Arc<Rules>>>);

#[derive(Debug, Default)]
struct Rules {
    pinning: CertificatePinning,
    /// The same in the form for comparison.
    pins: CertificatePinning,
    authorities: Vec<CertificateDer<'static>>,
    /// Created on demand, as it reads the machine's trusted certificates.
    usual: OnceLock<Arc<dyn ServerCertVerifier>>,
}

impl Trust {
    /// Trusts these authorities in addition to those of the machine, and requires the pins.
    #[must_use]
    pub fn new(pinning: &CertificatePinning, authorities: Vec<CertificateDer<'static>>) -> Self {
        let (pinning, pins) = (pinning.clone(), pinning.normalised());
        Self::of(Rules { pinning, pins, authorities, usual: OnceLock::new() })
    }

    fn of(rules: Rules) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(rules))))
    }

    /// Applies the rules of `other`, and the machine's current trusted certificates. Existing connections stay open.
    ///
    /// # Errors
    /// When nothing would be trusted then; the former rules stay in force.
    pub fn replace(&self, other: &Self) -> Result<(), Error> {
        self.prepare(other)?();
        Ok(())
    }

    /// The part of a replacement that can fail; it takes effect when the returned function is called.
    ///
    /// # Errors
    /// As [`Self::replace`].
    pub fn prepare(&self, other: &Self) -> Result<impl FnOnce() + use<>, Error> {
        let rules = other.rules();
        rules.usual()?;
        let replaced = Arc::clone(&self.0);
        Ok(move || *replaced.write().unwrap_or_else(PoisonError::into_inner) = rules)
    }

    /// The pins, as they were given.
    #[must_use]
    pub fn pinning(&self) -> CertificatePinning {
        self.rules().pinning.clone()
    }

    /// The same authorities, without any pin.
    #[must_use]
    pub fn without_pins(&self) -> Self {
        Self::new(&CertificatePinning::default(), self.rules().authorities.clone())
    }

    /// The TLS configuration of a client. `protocols` are offered to the server, the best first (`h2`, `http/1.1`); the
    /// client must support all of them.
    ///
    /// # Errors
    /// When the machine trusts no authority.
    pub fn client_config(&self, validation: CertificateValidation, protocols: &[&str]) -> Result<ClientConfig, Error> {
        let provider = provider();
        if validation == CertificateValidation::Usual {
            self.rules().usual()?;
        }
        let verifier = TrustVerifier { trust: self.clone(), validation, provider: Arc::clone(&provider) };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // A resumed session does not present its certificate again, and would outlive a pin.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(config)
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Rules {
    fn usual(&self) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        if let Some(usual) = self.usual.get() {
            return Ok(Arc::clone(usual));
        }
        let authorities = self.authorities.iter().cloned().chain(beside());
        let usual: Arc<dyn ServerCertVerifier> = Arc::new(Verifier::new_with_extra_roots(authorities, provider())?);
        Ok(Arc::clone(self.usual.get_or_init(|| usual)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// First the usual validation, then the pins.
#[derive(Debug)]
struct TrustVerifier {
    trust: Trust,
    validation: CertificateValidation,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for TrustVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let rules = self.trust.rules();
        let verified = match self.validation {
            CertificateValidation::Usual => {
                rules.usual()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?
            }
            CertificateValidation::None => ServerCertVerified::assertion(),
        };
        match rules.pins.check(end_entity, server_name) {
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
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Accepts every certificate, or none.
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

    fn trust(valid: bool, pinning: &CertificatePinning) -> Trust {
        let usual: Arc<dyn ServerCertVerifier> = Arc::new(Always(valid));
        let (pinning, pins) = (pinning.clone(), pinning.normalised());
        Trust::of(Rules { pinning, pins, authorities: Vec::new(), usual: OnceLock::from(usual) })
    }

    fn verify(trust: &Trust, host: &'static str, certificate: &str) -> Result<(), Error> {
        let verifier =
            TrustVerifier { trust: trust.clone(), validation: CertificateValidation::Usual, provider: provider() };
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
            let trust = trust(true, &pinning(enforce));
            verify(&trust, "backbone.example", "certificate").unwrap();
            verify(&trust, "backbone.example", "another").unwrap_err();
        }
        verify(&trust(true, &pinning(false)), "other.example", "another").unwrap();
        verify(&trust(true, &pinning(true)), "other.example", "certificate").unwrap_err();
    }

    #[test]
    fn a_pin_does_not_make_an_invalid_certificate_valid() {
        let error = verify(&trust(false, &pinning(true)), "backbone.example", "certificate").unwrap_err();
        assert_eq!(error, Error::InvalidCertificate(CertificateError::Expired));
    }

    #[test]
    fn clients_follow_a_replacement() {
        let used = trust(true, &CertificatePinning::default());
        let client = used.clone();
        verify(&client, "backbone.example", "another").unwrap();
        used.replace(&trust(true, &pinning(false))).unwrap();
        verify(&client, "backbone.example", "another").unwrap_err();
        verify(&client, "backbone.example", "certificate").unwrap();
    }

    #[test]
    fn the_configuration_can_be_built() {
        for validation in [CertificateValidation::Usual, CertificateValidation::None] {
            let config = Trust::new(&pinning(true), Vec::new()).client_config(validation, &["h2", "http/1.1"]).unwrap();
            assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        }
    }
}
