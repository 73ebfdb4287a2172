//! Device passwords at rest.
//!
//! Hashed with Argon2id. Clients of the protocol send long random passwords, for which any hash would
//! do, but nothing forces them to; the cost is small (8 MiB, two passes, some milliseconds) because
//! every device logs in anew every few minutes.

mod turns;

use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use core_types::Randomness;
use rand::Rng as _;
use subtle::ConstantTimeEq as _;

use crate::config::PasswordRules;
use crate::http::ApiError;
use turns::Turns;
pub(crate) use turns::{Asker, Turn};

const MEMORY_KIB: u32 = 8 * 1024;
const PASSES: u32 = 2;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
const PRODUCTION_LENGTH: usize = 10;
/// Number of requests that may wait for their turn.
const MAX_WAITING: usize = 1000;

/// A salted password hash.
#[derive(Clone)]
pub(crate) struct PasswordHash {
    pub(crate) salt: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl PasswordRules {
    pub(crate) fn allow(self, password: &str) -> bool {
        match self {
            Self::Development => !password.is_empty(),
            Self::Production => {
                password.chars().count() >= PRODUCTION_LENGTH
                    && password.chars().any(|c| c.is_ascii_uppercase())
                    && password.chars().any(|c| c.is_ascii_lowercase())
                    && password.chars().any(|c| c.is_ascii_digit())
                    && password.chars().any(|c| !c.is_ascii_alphanumeric())
            }
        }
    }
}

/// Hashes passwords: a few at a time, in memory that is reused.
///
/// Any caller can have passwords checked, so the cost must not grow with the number of callers: neither memory, of
/// which allocators would keep some for every thread that ever hashed, nor connections to the database.
#[derive(Debug)]
pub(crate) struct PasswordHasher {
    turns: Turns,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    randomness: Randomness,
}

impl PasswordHasher {
    pub(crate) fn new(randomness: Randomness) -> Self {
        let parallel = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::with_turns(Turns::new(parallel, MAX_WAITING), randomness)
    }

    fn with_turns(turns: Turns, randomness: Randomness) -> Self {
        Self { turns, memory: Arc::default(), randomness }
    }

    /// Hashes a new password of a caller who has logged in, with a fresh salt.
    pub(crate) async fn hash(&self, password: &str) -> Result<PasswordHash, ApiError> {
        self.hash_for(Asker::LOGGED_IN, password).await
    }

    pub(crate) async fn hash_for(&self, asker: Asker, password: &str) -> Result<PasswordHash, ApiError> {
        let mut salt = vec![0; SALT_BYTES];
        self.randomness.clone().fill_bytes(&mut salt);
        let turn = self.turn(asker).await?;
        let hash = self.derive(turn, password, salt.clone()).await?;
        Ok(PasswordHash { salt, hash })
    }

    /// Compares a password of a caller who has logged in with a stored hash.
    pub(crate) async fn verify(&self, password: &str, stored: Option<PasswordHash>) -> Result<bool, ApiError> {
        self.verify_with(self.turn(Asker::LOGGED_IN).await?, password, stored).await
    }

    /// Compares a password with a stored hash. Without one it takes as long and returns `false`, so that the time does
    /// not reveal whether a user exists.
    pub(crate) async fn verify_with(
        &self,
        turn: Turn,
        password: &str,
        stored: Option<PasswordHash>,
    ) -> Result<bool, ApiError> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| PasswordHash { salt: vec![0; SALT_BYTES], hash: vec![0; HASH_BYTES] });
        let hash = self.derive(turn, password, stored.salt).await?;
        Ok(bool::from(hash.ct_eq(&stored.hash)) && exists)
    }

    /// Waits for a turn to have a password hashed.
    pub(crate) async fn turn(&self, asker: Asker) -> Result<Turn, ApiError> {
        self.turns.take(asker).await
    }

    /// Hashes on a blocking thread.
    async fn derive(&self, turn: Turn, password: &str, salt: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        let password = backbone_api::SecretText::from(password);
        let memory = Arc::clone(&self.memory);
        tokio::task::spawn_blocking(move || {
            // Moved in here: if the caller stops waiting, the work goes on and still occupies its turn.
            let _turn = turn;
            let mut blocks = lock(&memory).pop().unwrap_or_default();
            let hash = derive(password.expose(), &salt, &mut blocks);
            lock(&memory).push(blocks);
            hash
        })
        .await
        .map_err(|_| ApiError::Internal("password thread"))?
    }
}

fn derive(password: &str, salt: &[u8], blocks: &mut Vec<Block>) -> Result<Vec<u8>, ApiError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, Some(HASH_BYTES)).map_err(|_| ApiError::Internal("password parameters"))?;
    blocks.resize(params.block_count(), Block::new());
    let mut hash = vec![0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, blocks)
        .map_err(|_| ApiError::Internal("password hashing"))?;
    Ok(hash)
}

/// The guarded data is a stack of equal things, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn verifies_only_the_hashed_password() {
        let hasher = PasswordHasher::new(Randomness::seeded(1));
        let stored = hasher.hash("correct").await.unwrap();
        assert!(hasher.verify("correct", Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify("wrong", Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify("", None).await.unwrap());
        // Memory that was used before leaves no trace in a hash.
        assert_eq!(derive("correct", &stored.salt, &mut Vec::new()).unwrap(), stored.hash);
    }

    #[tokio::test]
    async fn only_so_many_are_hashed_and_wait() {
        let hasher = PasswordHasher::with_turns(Turns::new(1, 10), Randomness::seeded(1));
        let hashes = futures_util::future::join_all((0..10).map(|_| hasher.hash("password"))).await;
        let refused = hashes.iter().filter(|hash| matches!(hash, Err(ApiError::Overloaded))).count();
        assert_eq!((hashes.len() - refused, refused), (3, 7));
        assert_eq!(lock(&hasher.memory).len(), 1, "the same memory every time");
        hasher.hash("password").await.unwrap();
    }

    #[test]
    fn production_rules_want_all_kinds_of_characters() {
        assert!(PasswordRules::Production.allow("Abcdefg1!x"));
        for password in ["Abcdef1!x", "abcdefg1!x", "ABCDEFG1!X", "Abcdefgh!x", "Abcdefg1xx", ""] {
            assert!(!PasswordRules::Production.allow(password), "{password}");
        }
        assert!(PasswordRules::Development.allow("x"));
        assert!(!PasswordRules::Development.allow(""));
    }
}
