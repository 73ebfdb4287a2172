//! Derivation of keys from passwords (`docs/protocol/01 §2.7`). All functions are CPU heavy: run them outside the
//! asynchronous executor.

use std::fmt;

use argon2::{Argon2, Block, Params, Version};

use crate::{CryptoError, SecretKey};

/// Passes over the memory that the transport layer uses for tokens and templates.
pub const OPS_LIMIT: u32 = 3;
/// Memory in bytes that the transport layer uses for tokens and templates.
pub const MEM_LIMIT: u32 = 20 * 1024 * 1024;
/// Length of a salt in bytes.
pub const SALT_LENGTH: usize = 16;

const MIN_MEM_LIMIT: u32 = 8 * 1024;

/// The variant of Argon2, version 1.3, with one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Number 1; needs at least 3 passes.
    Argon2i,
    /// Number 2, the one in use.
    Argon2id,
}

/// The memory of a derivation, for reuse by the next one. Allocators keep memory of this size for every thread that
/// ever used some, so a program that derives often and on many threads would need ever more.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} KiB)", self.0.len())
    }
}

/// Derives 32 bytes with Argon2id. `ops` is the number of passes, `mem` the memory in bytes.
///
/// # Errors
/// [`CryptoError::WrongSaltLength`] if the salt is not 16 bytes, [`CryptoError::PasswordParameters`] if `ops` is 0 or
/// `mem` below 8192.
pub fn derive(password: impl AsRef<[u8]>, salt: &[u8], ops: u32, mem: u32) -> Result<SecretKey, CryptoError> {
    derive_with(Algorithm::Argon2id, password, salt, ops, mem)
}

/// Like [`derive()`], with memory from an earlier derivation.
///
/// # Errors
/// As [`derive()`].
pub fn derive_in(
    memory: &mut Memory,
    password: impl AsRef<[u8]>,
    salt: &[u8],
    ops: u32,
    mem: u32,
) -> Result<SecretKey, CryptoError> {
    derive_with_in(memory, Algorithm::Argon2id, password.as_ref(), salt, ops, mem)
}

/// Like [`derive()`], with a choice of the algorithm.
///
/// # Errors
/// As [`derive()`]; for [`Algorithm::Argon2i`] `ops` must be at least 3.
pub fn derive_with(
    algorithm: Algorithm,
    password: impl AsRef<[u8]>,
    salt: &[u8],
    ops: u32,
    mem: u32,
) -> Result<SecretKey, CryptoError> {
    derive_with_in(&mut Memory::default(), algorithm, password.as_ref(), salt, ops, mem)
}

fn derive_with_in(
    memory: &mut Memory,
    algorithm: Algorithm,
    password: &[u8],
    salt: &[u8],
    ops: u32,
    mem: u32,
) -> Result<SecretKey, CryptoError> {
    if salt.len() != SALT_LENGTH {
        return Err(CryptoError::WrongSaltLength);
    }
    let (variant, min_ops) = match algorithm {
        Algorithm::Argon2i => (argon2::Algorithm::Argon2i, 3),
        Algorithm::Argon2id => (argon2::Algorithm::Argon2id, 1),
    };
    if ops < min_ops || mem < MIN_MEM_LIMIT {
        return Err(CryptoError::PasswordParameters);
    }
    let params = Params::new(mem / 1024, ops, 1, Some(32)).map_err(|_| CryptoError::PasswordParameters)?;
    memory.0.resize(params.block_count(), Block::new());
    let mut output = zeroize::Zeroizing::new([0; 32]);
    Argon2::new(variant, Version::V0x13, params)
        .hash_password_into_with_memory(password, salt, output.as_mut(), &mut memory.0)
        .map_err(|_| CryptoError::PasswordParameters)?;
    Ok(SecretKey::from_bytes(*output))
}
