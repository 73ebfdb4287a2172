use crypto::{CryptoObject, SecretKey, derive_key};
use protocol::device::DeviceSharedSecret;
use protocol::secrets::{SecretContainer, SecretContent, seal_device_secret, seal_secret};
use protocol::token::TokenContent;
use serde_json::Value;

use crate::script::Script;
use crate::support::{cases, hex, object, text};

#[test]
fn secrets_and_devices() {
    for case in cases("secrets_and_devices.json") {
        match text(&case, "op") {
            "DeviceSharedSecret" => shared_secret(&case),
            "device secret at rest (DeviceSecrets map, name identity_signature)" => {
                let base_key: SecretKey = object(&case, "device_base_key_json");
                let (container, content) = stored(&case, &base_key);
                assert_eq!((container.nonce, case["kdf_key_id"].as_u64()), (None, Some(1)));
                assert_eq!(container.open_device(&base_key).unwrap(), content);
                let mut script = Script::default().then(container.cipher.nonce().unwrap().as_bytes());
                assert_eq!(seal_device_secret(&mut script, &base_key, &content).unwrap(), container.cipher);
                script.assert_used_up();
            }
            "synchronized secret at rest (Secrets collection)" => {
                let base_key: SecretKey = object(&case, "shared_base_key_json");
                let (container, content) = stored(&case, &base_key);
                let nonce = case["kdf_key_id"].as_u64().unwrap();
                assert_eq!(container.nonce, Some(nonce));
                assert_eq!(container.open(&base_key).unwrap(), content);
                let mut script = Script::default().then(container.cipher.nonce().unwrap().as_bytes());
                assert_eq!(seal_secret(&mut script, &base_key, nonce, &content).unwrap(), container.cipher);
                script.assert_used_up();
            }
            other => panic!("unknown kind of case: {other}"),
        }
    }
}

fn shared_secret(case: &Value) {
    let secret: DeviceSharedSecret = serde_json::from_str(text(case, "json")).unwrap();
    assert_eq!(secret.to_verbose_json().unwrap(), text(case, "json"));
    secret.identity.check_address().unwrap();
    let identity_key = secret.identity_private_key.as_ref().unwrap();
    assert_eq!(identity_key.public_key().unwrap(), secret.identity.public_key);
    assert_eq!(secret.first_secret_nonce(), 2_000_000);

    let token = text(case, "token_content_json");
    let content: TokenContent = serde_json::from_str(token).unwrap();
    assert_eq!(content.to_json().unwrap(), token);
    assert!(matches!(content, TokenContent::DeviceSharedSecret(content) if content.shared_secret == secret));
}

/// The stored container and its content according to the vector.
fn stored(case: &Value, base_key: &SecretKey) -> (SecretContainer, SecretContent) {
    let json = text(case, "stored_container_json");
    let container: SecretContainer = serde_json::from_str(json).unwrap();
    assert_eq!(container.to_document().unwrap().to_string(), json);
    let content = SecretContent::from_json(text(case, "decrypted_utf8")).unwrap();
    assert_eq!(*content.to_verbose_json().unwrap(), text(case, "decrypted_utf8"));
    let context = text(case, "kdf_context").as_bytes().try_into().unwrap();
    let key = derive_key(base_key, case["kdf_key_id"].as_u64().unwrap(), context).unwrap();
    assert_eq!(key.as_bytes().as_slice(), hex(case, "derived_key_hex"));
    assert_eq!(key.decrypt(&container.cipher).unwrap(), text(case, "decrypted_utf8").as_bytes());
    assert_eq!(container.cipher.to_json(), serde_json::from_str::<Value>(json).unwrap()["cipher"].to_string());
    (container, content)
}
