use crypto::CryptoError;
use crypto::encoding::{base64_encode, base64url_encode};
use crypto::password::{self, Algorithm, MEM_LIMIT, OPS_LIMIT};

use crate::case::{self, Case};

#[test]
fn password_derivation() {
    case::for_each("password_derivation.json", |case| match case.text("op").as_str() {
        "deriveHashOutOfPassword" => as_transport_does(case),
        "CryptoDerivation.deriveKeyFromPassword" => with_raw_parameters(case),
        "salt length" => {
            let salt = vec![7; case.number("salt_bytes") as usize];
            assert!(!case.flag("accepted"));
            let refused = password::derive("password", &salt, OPS_LIMIT, MEM_LIMIT);
            assert_eq!(refused, Err(CryptoError::WrongSaltLength));
        }
        other => panic!("unknown operation {other}"),
    });
}

fn as_transport_does(case: &mut Case) {
    let salt = case.bytes("salt_hex");
    let key = password::derive(case.text("password_utf8"), &salt, OPS_LIMIT, MEM_LIMIT).unwrap();
    case.expect_bytes("derived_key_hex", key.as_bytes());
    if case.has("accepted") {
        // The empty password: only its key is recorded.
        assert!(case.flag("accepted"));
        return;
    }
    case.expect_text("salt_base64_std", &base64_encode(&salt));
    case.expect_text("salt_base64url", &base64url_encode(&salt));
    case.expect_text("password_sent_to_backbone_base64_std", &base64_encode(key.as_bytes()));
    case.expect_number("opslimit", OPS_LIMIT.into());
    case.expect_number("memlimit_bytes", MEM_LIMIT.into());
    case.nested("argon2id", |argon2id| {
        argon2id.expect_text("version", "0x13");
        argon2id.expect_number("t_cost", OPS_LIMIT.into());
        argon2id.expect_number("m_cost_kib", u64::from(MEM_LIMIT) / 1024);
        argon2id.expect_number("parallelism", 1);
        argon2id.expect_number("output_bytes", key.as_bytes().len() as u64);
    });
}

fn with_raw_parameters(case: &mut Case) {
    let (algorithm, number) = match case.text("algorithm").as_str() {
        "argon2i" => (Algorithm::Argon2i, 1),
        "argon2id" => (Algorithm::Argon2id, 2),
        other => panic!("unknown algorithm {other}"),
    };
    case.expect_number("algorithm_number", number);
    let ops = case.number("opslimit").try_into().unwrap();
    let mem = case.number("memlimit_bytes").try_into().unwrap();
    let salt = case.bytes("salt_hex");
    let key = password::derive_with(algorithm, case.text("password_utf8"), &salt, ops, mem).unwrap();
    case.expect_bytes("derived_key_hex", key.as_bytes());
}
