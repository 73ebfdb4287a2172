//! Hashing of passwords for the Backbone, off the asynchronous threads.

use std::sync::Arc;

use backbone_api::Bytes;
use core_types::{CoreError, PasswordProtection};
use tokio::sync::Semaphore;

use crate::error::{Result, TransportError};

/// Each hash takes 20 MiB of memory and some hundred milliseconds of one core (`docs/protocol/01 §2.8`).
const PARALLEL_HASHES: usize = 2;

/// Computes the hashes that stand for passwords at the Backbone, a few at a time.
#[derive(Debug, Clone)]
pub(crate) struct PasswordHashing(Arc<Semaphore>);

impl PasswordHashing {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(PARALLEL_HASHES)))
    }

    /// The hash of a password in standard base64, as it is sent in queries.
    pub(crate) async fn hash(&self, protection: &PasswordProtection) -> Result<String> {
        let failed = || TransportError::invariant("the hashing of a password was aborted");
        // The permit moves along: if the caller stops waiting, the work goes on and still counts.
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(|_| failed())?;
        let protection = protection.clone();
        let hash: Result<String, CoreError> = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            protection.hash_for_backbone()
        })
        .await
        .map_err(|_| failed())?;
        Ok(hash?)
    }

    /// The hash as bytes, as it is sent in bodies.
    pub(crate) async fn hash_bytes(&self, protection: Option<&PasswordProtection>) -> Result<Option<Bytes>> {
        let Some(protection) = protection else { return Ok(None) };
        let hash = self.hash(protection).await?;
        let bytes =
            Bytes::parse(&hash).map_err(|_| TransportError::invariant("the hash of a password is no base64"))?;
        Ok(Some(bytes))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::PasswordProtectionCreationParameters;

    use super::*;

    #[tokio::test]
    async fn parallel_hashes_agree_with_the_synchronous_function() {
        let parameters = PasswordProtectionCreationParameters::password("pässword", None).unwrap();
        let protection = PasswordProtection::create(&mut rand::rng(), parameters);
        let hashing = PasswordHashing::new();
        let hashes = futures_util::future::join_all((0..3).map(|_| hashing.hash(&protection))).await;
        let expected = protection.hash_for_backbone().unwrap();
        for hash in hashes {
            assert_eq!(hash.unwrap(), expected);
        }
        let bytes = hashing.hash_bytes(Some(&protection)).await.unwrap().unwrap();
        assert_eq!(bytes.to_base64_standard(), expected);
    }
}
