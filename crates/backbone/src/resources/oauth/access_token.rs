use core_types::Randomness;
use rand::Rng as _;

const TOKEN_BYTES: usize = 32;

/// A bearer token: random, kept by its hash only. Being unguessable it needs no salt.
pub(super) struct AccessToken(String);

impl AccessToken {
    /// The token a client has sent.
    pub(super) fn given(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn generate(randomness: &mut Randomness) -> Self {
        let mut bytes = [0; TOKEN_BYTES];
        randomness.fill_bytes(&mut bytes);
        Self(crypto::encoding::base64url_encode(bytes))
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        crypto::hash::sha256(&self.0)
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}
