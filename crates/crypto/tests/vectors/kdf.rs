use crypto::{CryptoError, SecretKey, derive_key};

use crate::case::{self, Case};

#[test]
fn kdf() {
    case::for_each("kdf.json", |case| {
        let context = case.text("context");
        match <&[u8; 8]>::try_from(context.as_bytes()) {
            Ok(context) => derivation(case, context),
            // A context of another length cannot even be passed.
            Err(_) => {
                assert!(!case.flag("accepted"));
                case.expect_number("key_id", 1);
            }
        }
    });
}

fn derivation(case: &mut Case, context: &[u8; 8]) {
    let base = SecretKey::from_bytes(case.array("base_key_hex"));
    let key_id = case.value("key_id");
    if case.has("accepted") {
        assert!(!case.flag("accepted"));
        case.expect_text("error", "subkey_id must be an unsigned integer or bigint");
        match key_id.as_u64() {
            Some(id) => assert_eq!(derive_key(&base, id, context), Err(CryptoError::KeyIdOutOfRange)),
            // Negative and fractional ids cannot be passed.
            None => assert!(key_id.as_f64().is_some_and(|id| id < 0.0 || id.fract() != 0.0)),
        }
    } else {
        let key = derive_key(&base, key_id.as_u64().unwrap(), context).unwrap();
        case.expect_bytes("derived_key_hex", key.as_bytes());
        case.expect_verbose("derived_key_json", &key);
    }
}
