//! Hashing of passwords for the Backbone, outside the asynchronous threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use backbone_api::Bytes;
use core_types::{CoreError, PasswordProtection};
use crypto::password::Memory;
use tokio::sync::Semaphore;

use crate::error::{Result, TransportError};

/// Each hash takes 20 MiB of memory and a few hundred milliseconds of one core (`docs/protocol/01 §2.8`).
const PARALLEL_HASHES: usize = 2;

/// Computes the hashes that replace passwords at the Backbone, a few at a time.
#[derive(Debug, Clone)]
pub(crate) struct PasswordHashing {
    turns: Arc<Semaphore>,
    /// The memory of earlier hashes, for reuse.
    memory: Arc<Mutex<Vec<Memory>>>,
}

impl PasswordHashing {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(PARALLEL_HASHES)), memory: Arc::default() }
    }

    /// The hash of a password in standard base64, as it is sent in queries.
    pub(crate) async fn hash(&self, protection: &PasswordProtection) -> Result<String> {
        let failed = || TransportError::invariant("the hashing of a password was aborted");
        // The permit moves into the task: if the caller stops waiting, the work continues and still counts.
        let permit = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| failed())?;
        let (protection, memory) = (protection.clone(), Arc::clone(&self.memory));
        let hash: Result<String, CoreError> = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut blocks = lock(&memory).pop().unwrap_or_default();
            let hash = protection.hash_for_backbone_in(&mut blocks);
            lock(&memory).push(blocks);
            hash
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

/// The lock guards a stack of equal items, so a panic elsewhere spoils nothing.
fn lock(memory: &Mutex<Vec<Memory>>) -> MutexGuard<'_, Vec<Memory>> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::PasswordProtectionCreationParameters;

    use super::*;

    #[tokio::test]
    async fn parallel_hashes_agree_with_the_synchronous_function() {
        let parameters = PasswordProtectionCreationParameters::password("pässword", None).unwrap();
        let protection = PasswordProtection::create(&mut core_types::Randomness::seeded(1), parameters);
        let hashing = PasswordHashing::new();
        let hashes = futures_util::future::join_all((0..3).map(|_| hashing.hash(&protection))).await;
        let expected = protection.hash_for_backbone().unwrap();
        for hash in hashes {
            assert_eq!(hash.unwrap(), expected);
        }
        let bytes = hashing.hash_bytes(Some(&protection)).await.unwrap().unwrap();
        assert_eq!(bytes.to_base64_standard(), expected);
    }

    /// Resident memory of this process, in MiB.
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    #[tokio::test]
    async fn hashes_on_many_threads_need_no_more_memory_than_a_few() {
        let parameters = PasswordProtectionCreationParameters::password("password", None).unwrap();
        let protection = PasswordProtection::create(&mut core_types::Randomness::system(), parameters);
        let hashing = PasswordHashing::new();
        let before = resident();
        for _ in 0..12 {
            // Other work keeps threads busy, so that each hash runs on another one.
            let (release, released) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || released.recv().is_ok());
            let hashes = (0..PARALLEL_HASHES).map(|_| hashing.hash(&protection));
            for hash in futures_util::future::join_all(hashes).await {
                hash.unwrap();
            }
            release.send(()).unwrap();
            assert!(busy.await.unwrap());
        }
        let after = resident();
        assert_eq!(lock(&hashing.memory).len(), PARALLEL_HASHES);
        assert!(after < before + 20 * PARALLEL_HASHES as u64 + 20, "{before} MiB before, {after} MiB after");
    }
}
