//! Device passwords at rest.
//!
//! Hashed with Argon2id. Clients of the protocol send long random passwords, for which any hash would
//! do, but nothing forces them to; the cost is small (8 MiB, two passes, some milliseconds) because
//! every device logs in anew every few minutes.

use argon2::{Algorithm, Argon2, Params, Version};
use rand::Rng as _;
use subtle::ConstantTimeEq as _;

use crate::config::PasswordRules;
use crate::http::ApiError;

const MEMORY_KIB: u32 = 8 * 1024;
const PASSES: u32 = 2;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
const PRODUCTION_LENGTH: usize = 10;

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

/// Hashes a new password with a fresh salt, away from the asynchronous threads.
pub(crate) async fn hash(password: &str) -> Result<PasswordHash, ApiError> {
    let mut salt = vec![0; SALT_BYTES];
    rand::rng().fill_bytes(&mut salt);
    let hash = derive(password, salt.clone()).await?;
    Ok(PasswordHash { salt, hash })
}

/// Compares a password with a stored hash. Without one it works as long and answers no, so that the
/// time does not tell whether a user exists.
pub(crate) async fn verify(password: &str, stored: Option<PasswordHash>) -> Result<bool, ApiError> {
    let exists = stored.is_some();
    let stored = stored.unwrap_or_else(|| PasswordHash { salt: vec![0; SALT_BYTES], hash: vec![0; HASH_BYTES] });
    let hash = derive(password, stored.salt).await?;
    Ok(bool::from(hash.ct_eq(&stored.hash)) && exists)
}

async fn derive(password: &str, salt: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    let password = backbone_api::SecretText::from(password);
    tokio::task::spawn_blocking(move || {
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(HASH_BYTES))
            .map_err(|_| ApiError::Internal("password parameters"))?;
        let mut hash = vec![0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.expose().as_bytes(), &salt, &mut hash)
            .map_err(|_| ApiError::Internal("password hashing"))?;
        Ok(hash)
    })
    .await
    .map_err(|_| ApiError::Internal("password thread"))?
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn verifies_only_the_hashed_password() {
        let stored = hash("correct").await.unwrap();
        assert!(verify("correct", Some(stored.clone())).await.unwrap());
        assert!(!verify("wrong", Some(stored)).await.unwrap());
        assert!(!verify("", None).await.unwrap());
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
