use std::collections::VecDeque;
use std::convert::Infallible;

use crypto::{Cipher, CryptoObject};
use rand::{TryCryptoRng, TryRng};

/// A source of "randomness" that returns recorded bytes, so that a captured object can be reproduced.
#[derive(Default)]
pub(crate) struct Script(VecDeque<u8>);

impl Script {
    /// Appends bytes to be drawn next.
    pub(crate) fn then(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// Appends the nonce of a captured cipher (as JSON).
    pub(crate) fn then_nonce_of(self, cipher_json: &[u8]) -> Self {
        let cipher = Cipher::from_json(cipher_json).unwrap();
        self.then(cipher.nonce().unwrap().as_bytes())
    }

    /// Fails if bytes are left.
    pub(crate) fn assert_used_up(self) {
        assert!(self.0.is_empty(), "{} bytes were not drawn", self.0.len());
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0.pop_front().unwrap();
        }
        Ok(())
    }
}

impl TryCryptoRng for Script {}
