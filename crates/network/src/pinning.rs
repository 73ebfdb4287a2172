//! Pinning of certificates for hosts (`docs/protocol/07 §6.4`).

use std::collections::{BTreeMap, BTreeSet};

use crypto::hash::sha256;
use rustls::pki_types::{CertificateDer, ServerName};

/// The accepted certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificatePinning {
    /// Per host name the SHA-256 fingerprints of its accepted leaf certificates: hexadecimal, with or without colons.
    pub fingerprints: BTreeMap<String, BTreeSet<String>>,
    /// Refuses hosts without fingerprints.
    pub enforce: bool,
}

/// The reason why a certificate is refused.
#[derive(thiserror::Error)]
pub(crate) enum Refusal {
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

impl CertificatePinning {
    /// The same with hosts and fingerprints in the form for comparison.
    pub(crate) fn normalised(&self) -> Self {
        let normalise =
            |pins: &BTreeSet<String>| pins.iter().map(|pin| pin.replace(':', "").to_ascii_lowercase()).collect();
        let fingerprints =
            self.fingerprints.iter().map(|(host, pins)| (host.to_ascii_lowercase(), normalise(pins))).collect();
        Self { fingerprints, enforce: self.enforce }
    }

    /// Checks the certificate of a host against normalised pins.
    pub(crate) fn check(&self, certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Refusal> {
        match self.fingerprints.get(&host.to_str().to_ascii_lowercase()) {
            Some(pins) if pins.contains(&fingerprint(certificate)) => Ok(()),
            Some(_) => Err(Refusal::NotPinned),
            None if self.enforce => Err(Refusal::NoPins),
            None => Ok(()),
        }
    }
}

pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    sha256(certificate).iter().map(|byte| format!("{byte:02x}")).collect()
}
