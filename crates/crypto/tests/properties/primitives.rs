//! Properties of encodings, encryption, key exchange, signatures and of the types' output.

use crypto::encoding::{base64_decode, base64_encode, base64url_decode, base64url_encode};
use crypto::{
    Cipher, Counter, CryptoError, CryptoObject, ExchangeKeypair, ExchangePrivateKey, ExchangePublicKey, HashLabel,
    Nonce, PrivateStateReceive, PrivateStateTransmit, SecretKey, SignatureKeypair, SignaturePrivateKey,
    SignaturePublicKey, derive_as_client, derive_as_server,
};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..max)
}

proptest! {
    #[test]
    fn base64_decoders_accept_only_what_the_encoders_write(text in "[A-Za-z0-9+/_= \n-]{0,24}") {
        if let Ok(decoded) = base64url_decode(&text) {
            prop_assert_eq!(base64url_encode(decoded), text.clone());
        }
        if let Ok(decoded) = base64_decode(&text) {
            prop_assert_eq!(base64_encode(decoded), text);
        }
    }

    #[test]
    fn base64_decoders_accept_all_the_encoders_write(bytes in bytes(80)) {
        prop_assert_eq!(base64url_decode(&base64url_encode(&bytes)).unwrap(), bytes.clone());
        prop_assert_eq!(base64_decode(&base64_encode(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn decryption_reverses_encryption(seed: u64, plaintext in bytes(300), counter: u32) {
        let mut rng = StdRng::seed_from_u64(seed);
        let key = SecretKey::generate(&mut rng);
        let cipher = key.encrypt(&mut rng, &plaintext).unwrap();
        prop_assert_eq!(cipher.ciphertext().len(), plaintext.len() + 16);
        prop_assert_eq!(&key.decrypt(&Cipher::from_json(cipher.to_json()).unwrap()).unwrap(), &plaintext);

        let sender = PrivateStateTransmit::generate(&mut rng, key.clone());
        let receiver = PrivateStateReceive::from_public_state(&sender.to_public_state(), key);
        let cipher = sender.encrypt_at(counter, &plaintext).unwrap();
        prop_assert_eq!(cipher.counter(), Some(Counter::from(counter)));
        prop_assert_eq!(receiver.decrypt(&cipher).unwrap(), plaintext);
    }

    #[test]
    fn any_change_of_a_cipher_is_noticed(seed: u64, plaintext in bytes(60), position: prop::sample::Index, bit in 0..8) {
        let mut rng = StdRng::seed_from_u64(seed);
        let key = SecretKey::generate(&mut rng);
        let cipher = key.encrypt(&mut rng, &plaintext).unwrap();
        let mut changed = cipher.ciphertext().to_vec();
        let position = position.index(changed.len());
        changed[position] ^= 1_u8 << bit;
        let changed = Cipher::with_nonce(changed, cipher.nonce().unwrap().clone()).unwrap();
        prop_assert_eq!(key.decrypt(&changed), Err(CryptoError::Decrypt));
        prop_assert_eq!(SecretKey::generate(&mut rng).decrypt(&cipher), Err(CryptoError::Decrypt));
    }

    #[test]
    fn both_sides_of_a_key_exchange_agree(seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let client = ExchangeKeypair::generate(&mut rng);
        let server = ExchangeKeypair::generate(&mut rng);
        let at_client = derive_as_client(&client, &server.public_key).unwrap();
        let at_server = derive_as_server(&server, &client.public_key).unwrap();
        prop_assert_eq!(&at_client.rx, &at_server.tx);
        prop_assert_eq!(&at_client.tx, &at_server.rx);
        prop_assert_ne!(&at_client.rx, &at_client.tx);
    }

    #[test]
    fn signatures_verify_only_for_their_key_and_message(seed: u64, message in prop::collection::vec(any::<u8>(), 1..80)) {
        let mut rng = StdRng::seed_from_u64(seed);
        let keypair = SignatureKeypair::generate(&mut rng);
        let signature = keypair.sign(&message, HashLabel::Sha256).unwrap();
        let relabelled = keypair.sign(&message, HashLabel::Sha512).unwrap();
        prop_assert_eq!(signature.as_bytes(), relabelled.as_bytes());
        prop_assert_eq!(keypair.public_key.verify(&message, &signature), Ok(true));
        let mut longer = message.clone();
        longer.push(0);
        prop_assert_eq!(keypair.public_key.verify(&longer, &signature), Ok(false));
        let other = SignatureKeypair::generate(&mut rng);
        prop_assert_eq!(other.public_key.verify(&message, &signature), Ok(false));
    }
}

/// Points of small order on the curve, where the shared point is zero for every private key.
#[test]
fn a_zero_shared_point_is_refused() {
    let own = ExchangeKeypair::from_seed(&[1; 32]);
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one] {
        let peer = ExchangePublicKey::from_bytes(point);
        assert_eq!(derive_as_client(&own, &peer), Err(CryptoError::ExchangeKeyDerivation));
        assert_eq!(derive_as_server(&own, &peer), Err(CryptoError::ExchangeKeyDerivation));
    }
}

#[test]
fn weak_and_non_canonical_signature_keys_verify_nothing() {
    // The neutral element in its canonical form (y = 1) and as y = p + 1, with the signature that satisfies the plain
    // equation for every message: R = neutral element, S = 0.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut non_canonical = [0xff; 32];
    non_canonical[0] = 0xee;
    non_canonical[31] = 0x7f;
    let mut signature = [0; 64];
    signature[0] = 1;
    let signature = crypto::Signature::from_bytes(signature, HashLabel::Sha256);
    for key in [neutral, non_canonical] {
        assert_eq!(SignaturePublicKey::from_bytes(key).verify(b"any", &signature), Ok(false));
    }
}

#[test]
fn unusable_keys_parse_but_do_not_work() {
    let short = base64url_encode([1; 20]);
    let ok = base64url_encode([1; 32]);
    let own = ExchangeKeypair::from_seed(&[1; 32]);

    let wrong_algorithm = ExchangePublicKey::from_value(&json!({ "pub": ok, "alg": 1 })).unwrap();
    assert_eq!(derive_as_client(&own, &wrong_algorithm), Err(CryptoError::NotYetImplemented));
    let wrong_size = ExchangePublicKey::from_value(&json!({ "pub": short, "alg": 3 })).unwrap();
    assert_eq!(derive_as_server(&own, &wrong_size), Err(CryptoError::ExchangeKeyDerivation));
    let wrong_size = ExchangePrivateKey::from_value(&json!({ "prv": short, "alg": 3 })).unwrap();
    assert_eq!(wrong_size.public_key(), Err(CryptoError::ExchangeKeyGeneration));
    let pair = json!({ "pub": { "pub": ok, "alg": 3 }, "prv": { "prv": ok, "alg": 2 } });
    assert_eq!(ExchangeKeypair::from_value(&pair), Err(CryptoError::WrongExchangeAlgorithm));

    let signature = SignatureKeypair::from_seed(&[1; 32]).sign(b"text", HashLabel::Sha512).unwrap();
    let wrong_algorithm = SignaturePublicKey::from_value(&json!({ "pub": ok, "alg": 2 })).unwrap();
    assert_eq!(wrong_algorithm.verify(b"text", &signature), Err(CryptoError::NotYetImplemented));
    let wrong_size = SignaturePublicKey::from_value(&json!({ "pub": short, "alg": 3 })).unwrap();
    assert_eq!(wrong_size.verify(b"text", &signature), Err(CryptoError::Verify));
    let wrong_size = SignaturePrivateKey::from_value(&json!({ "prv": ok, "alg": 3 })).unwrap();
    assert_eq!(wrong_size.sign(b"text", HashLabel::Sha256), Err(CryptoError::Sign));
    assert_eq!(wrong_size.public_key(), Err(CryptoError::SignatureKeyGeneration));
    let foreign_halves = SignaturePrivateKey::from_bytes([1; 64]);
    assert_eq!(foreign_halves.sign(b"text", HashLabel::Sha256), Err(CryptoError::Sign));
    let pair = json!({ "pub": { "pub": ok, "alg": 3 }, "prv": { "prv": base64url_encode([1; 64]), "alg": 1 } });
    assert_eq!(SignatureKeypair::from_value(&pair), Err(CryptoError::WrongSignatureAlgorithm));
}

#[test]
fn size_and_algorithm_limits_have_the_codes_of_the_peers() {
    fn code<T: CryptoObject>(value: &serde_json::Value) -> &'static str {
        T::from_value(value).err().unwrap().code()
    }
    let of = |length| base64url_encode(vec![1; length]);
    for length in [31, 33] {
        let key = json!({ "key": of(length), "alg": 3 });
        assert_eq!(code::<SecretKey>(&key), "error.crypto.encryption.wrongSecretKey");
    }
    let key = json!({ "key": of(32), "alg": 2 });
    assert_eq!(code::<SecretKey>(&key), "error.crypto.wrongEncryptionAlgorithm");
    for length in [19, 41] {
        let key = json!({ "pub": of(length), "alg": 3 });
        assert_eq!(code::<ExchangePublicKey>(&key), "error.crypto.wrongSerializedBuffer");
    }
    let key = json!({ "pub": of(32), "alg": 4 });
    assert_eq!(code::<ExchangePublicKey>(&key), "error.crypto.exchange.wrongExchangeAlgorithm");
    assert_eq!(code::<SignaturePublicKey>(&key), "error.crypto.signature.wrongAlgorithm");
    for length in [19, 81] {
        let key = json!({ "prv": of(length), "alg": 3 });
        assert_eq!(code::<SignaturePrivateKey>(&key), "error.crypto.wrongSerializedBuffer");
    }

    let state = |member: &str, value: serde_json::Value| {
        let mut state = json!({ "nnc": of(24), "cnt": 0, "key": of(32), "alg": 3, "typ": 2 });
        state[member] = value;
        state
    };
    assert!(PrivateStateTransmit::from_value(&state("id", json!("x".repeat(30)))).is_ok());
    for (member, value, expected) in [
        ("id", json!("x".repeat(31)), "error.crypto.wrongId"),
        ("typ", json!(3), "error.crypto.state.wrongType"),
        ("cnt", json!(-1), "error.crypto.encryption.wrongCounter"),
        ("cnt", json!("0"), "error.crypto.encryption.wrongCounter"),
        ("nnc", json!(of(11)), "error.crypto.wrongSerializedBuffer"),
        ("key", json!(of(31)), "error.crypto.encryption.wrongSecretKey"),
        ("alg", json!(1), "error.crypto.wrongEncryptionAlgorithm"),
    ] {
        assert_eq!(code::<PrivateStateTransmit>(&state(member, value)), expected, "{member}");
    }
}

#[test]
fn a_cipher_needs_the_nonce_its_key_expects() {
    let key = SecretKey::from_bytes([1; 32]);
    let counted = key.encrypt_with_counter(&Nonce::from([2; 24]), 0.into(), b"text").unwrap();
    assert_eq!(key.decrypt(&counted), Err(CryptoError::WrongNonce));
    let sent = key.encrypt_with_nonce(Nonce::from([2; 24]), b"text").unwrap();
    assert_eq!(key.decrypt_with_counter(&Nonce::from([2; 24]), &sent), Err(CryptoError::WrongCounter));
    let short = json!({ "cph": base64url_encode([1; 20]), "alg": 3, "nnc": base64url_encode([2; 12]) });
    assert_eq!(key.decrypt(&Cipher::from_value(&short).unwrap()), Err(CryptoError::Decrypt));
}

#[test]
fn a_transmit_state_ends_with_its_last_counter() {
    let state = json!({
        "nnc": base64url_encode([2; 24]), "cnt": u32::MAX, "key": base64url_encode([1; 32]), "alg": 3, "typ": 2,
    });
    let mut state = PrivateStateTransmit::from_value(&state).unwrap();
    assert_eq!(state.encrypt(b"last").unwrap().counter(), Some(u32::MAX.into()));
    assert_eq!(state.encrypt(b"too many"), Err(CryptoError::WrongCounter));
    assert_eq!(state.counter(), 1 << 32);
}

#[test]
fn debug_output_shows_no_key() {
    let secret = [0xab; 32];
    let shown = [
        format!("{:?}", SecretKey::from_bytes(secret)),
        format!("{:?}", ExchangePrivateKey::from_bytes(secret)),
        format!("{:?}", SignatureKeypair::from_seed(&secret).private_key),
        format!("{:?}", PrivateStateTransmit::new(SecretKey::from_bytes(secret), Nonce::from([0; 24]))),
        format!("{:?}", SecretKey::from_bytes(secret).verbose()),
    ];
    for text in shown {
        assert!(text.contains("(…)"), "{text}");
        assert!(!text.contains("171") && !text.contains("q6ur"), "{text}");
    }
}
