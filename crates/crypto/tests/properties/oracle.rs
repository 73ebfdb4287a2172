//! Agreement with `dryoc`, an independent implementation of libsodium's functions, on random inputs.

use crypto::{
    ExchangeKeypair, HashLabel, Nonce, SecretKey, SignatureKeypair, derive_as_client, derive_as_server, derive_key,
    password,
};
use dryoc::classic::crypto_aead_xchacha20poly1305_ietf::{
    crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt,
};
use dryoc::classic::crypto_kdf::crypto_kdf_derive_from_key;
use dryoc::classic::crypto_kx::{crypto_kx_client_session_keys, crypto_kx_seed_keypair, crypto_kx_server_session_keys};
use dryoc::classic::crypto_pwhash::{PasswordHashAlgorithm, crypto_pwhash};
use dryoc::classic::crypto_sign::{crypto_sign_detached, crypto_sign_seed_keypair};
use proptest::prelude::*;

proptest! {
    #[test]
    fn key_exchange(client_seed: [u8; 32], server_seed: [u8; 32]) {
        let (client_public, client_private) = crypto_kx_seed_keypair(&client_seed).unwrap();
        let (server_public, server_private) = crypto_kx_seed_keypair(&server_seed).unwrap();
        let client = ExchangeKeypair::from_seed(&client_seed);
        let server = ExchangeKeypair::from_seed(&server_seed);
        prop_assert_eq!(client.public_key.as_bytes(), client_public);
        prop_assert_eq!(client.private_key.as_bytes(), client_private);

        let (mut rx, mut tx) = ([0; 32], [0; 32]);
        crypto_kx_client_session_keys(&mut rx, &mut tx, &client_public, &client_private, &server_public).unwrap();
        let keys = derive_as_client(&client, &server.public_key).unwrap();
        prop_assert_eq!((keys.rx.as_bytes(), keys.tx.as_bytes()), (&rx, &tx));

        crypto_kx_server_session_keys(&mut rx, &mut tx, &server_public, &server_private, &client_public).unwrap();
        let keys = derive_as_server(&server, &client.public_key).unwrap();
        prop_assert_eq!((keys.rx.as_bytes(), keys.tx.as_bytes()), (&rx, &tx));
    }

    #[test]
    fn key_derivation(base: [u8; 32], id in 0_u64..=0x7fff_ffff, context: [u8; 8]) {
        let mut expected = [0; 32];
        crypto_kdf_derive_from_key(&mut expected, id, &context, &base).unwrap();
        let key = derive_key(&SecretKey::from_bytes(base), id, &context).unwrap();
        prop_assert_eq!(key.as_bytes(), &expected);
    }

    #[test]
    fn encryption(key: [u8; 32], nonce: [u8; 24], plaintext in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut expected = vec![0; plaintext.len() + 16];
        crypto_aead_xchacha20poly1305_ietf_encrypt(&mut expected, &plaintext, None, &nonce, &key).unwrap();
        let cipher = SecretKey::from_bytes(key).encrypt_with_nonce(Nonce::from(nonce), &plaintext).unwrap();
        prop_assert_eq!(cipher.ciphertext(), expected);
        let mut decrypted = vec![0; plaintext.len()];
        crypto_aead_xchacha20poly1305_ietf_decrypt(&mut decrypted, cipher.ciphertext(), None, &nonce, &key).unwrap();
        prop_assert_eq!(decrypted, plaintext);
    }

    #[test]
    fn signing(seed: [u8; 32], message in prop::collection::vec(any::<u8>(), 1..100)) {
        let (public, private) = crypto_sign_seed_keypair(&seed);
        let keypair = SignatureKeypair::from_seed(&seed);
        prop_assert_eq!(keypair.public_key.as_bytes(), public);
        prop_assert_eq!(keypair.private_key.as_bytes(), private);
        let mut expected = [0; 64];
        crypto_sign_detached(&mut expected, &message, &private).unwrap();
        let signature = keypair.sign(&message, HashLabel::Sha512).unwrap();
        prop_assert_eq!(signature.as_bytes(), expected);
    }
}

proptest! {
    // The other implementation is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn password_derivation(
        password in prop::collection::vec(any::<u8>(), 0..40),
        salt: [u8; 16],
        ops in 1_u32..4,
        mem in 8_192_u32..200_000,
    ) {
        let mut expected = [0; 32];
        let algorithm = PasswordHashAlgorithm::Argon2id13;
        crypto_pwhash(&mut expected, &password, &salt, ops.into(), mem as usize, algorithm).unwrap();
        let key = password::derive(&password, &salt, ops, mem).unwrap();
        prop_assert_eq!(key.as_bytes(), &expected);
    }
}
