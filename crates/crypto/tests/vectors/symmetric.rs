use crypto::{Cipher, Counter, CryptoError, CryptoObject, Nonce, SecretKey};

use crate::case::{self, Case};

#[test]
fn symmetric() {
    case::for_each("symmetric.json", |case| {
        let name = case.text("name");
        assert!(!name.is_empty());
        match case.text("op").as_str() {
            "encrypt" => encrypt(case),
            "encryptWithCounter" => encrypt_with_counter(case),
            "decrypt" => decrypt(case),
            "parseCipher" => parse(case),
            other => panic!("unknown operation {other}"),
        }
    });
}

fn encrypt(case: &mut Case) {
    let key = SecretKey::from_bytes(case.array("key_hex"));
    let nonce = Nonce::from(case.array::<24>("nonce_hex"));
    let plaintext = case.bytes("plaintext_hex");
    case.expect_text("aad_hex", "");
    let cipher = key.encrypt_with_nonce(nonce.clone(), &plaintext).unwrap();
    assert_eq!(cipher.nonce(), Some(&nonce));
    assert_eq!(cipher.counter(), None);
    assert_eq!(key.decrypt(&cipher).unwrap(), plaintext);
    case.expect_bytes("cipher_and_tag_hex", cipher.ciphertext());
    case.expect_verbose("cipher_json_verbose", &cipher);
    case.expect_nonverbose("cipher_json_nonverbose", &cipher);
    case.expect_wire("cipher_base64url", &cipher);
}

fn encrypt_with_counter(case: &mut Case) {
    let counter = Counter::try_from(case.value("counter").as_f64().unwrap());
    if case.has("accepted") && !case.flag("accepted") {
        return case.expect_code("error_code", counter);
    }
    let counter = counter.unwrap();
    let key = SecretKey::from_bytes(case.array("key_hex"));
    let base_nonce = Nonce::from(case.array::<24>("base_nonce_hex"));
    let plaintext = case.text("plaintext_utf8").into_bytes();
    case.expect_bytes("effective_nonce_hex", base_nonce.advanced_by(counter).unwrap().as_bytes());
    let cipher = key.encrypt_with_counter(&base_nonce, counter, &plaintext).unwrap();
    assert_eq!(cipher.counter(), Some(counter));
    assert_eq!(cipher.nonce(), None);
    assert_eq!(key.decrypt_with_counter(&base_nonce, &cipher).unwrap(), plaintext);
    case.expect_verbose("cipher_json_verbose", &cipher);
    // The fractional counter is recorded as JSON only.
    if case.has("cipher_and_tag_hex") {
        case.expect_bytes("cipher_and_tag_hex", cipher.ciphertext());
        case.expect_wire("cipher_base64url", &cipher);
    } else {
        assert_ne!(counter, Counter::from(counter.to_u32()));
    }
}

fn decrypt(case: &mut Case) {
    let key = SecretKey::from_bytes(case.array("key_hex"));
    let nonce = Nonce::from(case.array::<24>("nonce_hex"));
    let cipher = Cipher::with_nonce(case.bytes("cipher_and_tag_hex"), nonce).unwrap();
    assert!(!case.flag("accepted"));
    case.expect_code("error_code", key.decrypt(&cipher));
}

fn parse(case: &mut Case) {
    let parsed = Cipher::from_json(case.text("json"));
    if case.flag("accepted") {
        return case.expect_verbose("reserialized", &parsed.unwrap());
    }
    let error = parsed.err().unwrap();
    match case.text("error").as_str() {
        // Thrown by the base64 decoder, without a code.
        "Error" => assert_eq!(error, CryptoError::WrongSerializedBuffer("cipher")),
        code => assert_eq!(error.code(), code),
    }
}
