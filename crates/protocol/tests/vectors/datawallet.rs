use crypto::{CryptoObject, SecretKey, derive_key};
use protocol::ProtocolError;
use protocol::datawallet::{open_payload, seal_payload};

use crate::script::Script;
use crate::support::{cases, file, hex, text, wire};

#[test]
fn pushed_modifications() {
    let content = file("datawallet.json");
    let key = SecretKey::from_json(text(&content, "synchronization_master_key_json")).unwrap();
    for case in cases("datawallet.json") {
        let index = case["index"].as_u64().unwrap();
        assert_eq!(case["kdf_key_id"].as_u64(), Some(index));
        let context = text(&case, "kdf_context").as_bytes().try_into().unwrap();
        assert_eq!(derive_key(&key, index, context).unwrap().as_bytes().as_slice(), hex(&case, "derived_key_hex"));

        let pushed = wire(&case["pushed_item"], "encryptedPayload");
        let payload = open_payload(&key, index, &pushed).unwrap().value;
        assert_eq!(core_types::json::stringify(&payload), text(&case, "payload_plain_utf8"));
        let mut script = Script::default().then_nonce_of(&pushed);
        assert_eq!(seal_payload(&mut script, &key, index, &payload).unwrap(), pushed);
        script.assert_used_up();
        assert!(matches!(open_payload(&key, index + 1, &pushed), Err(ProtocolError::Crypto(_))));
    }

    // Whole requests: the sender predicts the indexes, one after the other.
    let mut next_index = 0;
    for sample in content["request_samples"].as_array().unwrap() {
        for (kind, request) in sample.as_object().unwrap() {
            let items = match kind.as_str() {
                "finalizeDatawalletVersionUpgrade" => &request["datawalletModifications"],
                "createDatawalletModifications" => {
                    assert_eq!(request["localIndex"].as_u64(), Some(next_index - 1));
                    &request["modifications"]
                }
                other => panic!("unknown kind of request: {other}"),
            };
            for item in items.as_array().unwrap() {
                open_payload(&key, next_index, &wire(item, "encryptedPayload")).unwrap();
                next_index += 1;
            }
        }
    }
    assert_eq!(next_index, 44);
}
