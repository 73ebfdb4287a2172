use crypto::encoding::base64url_encode;
use crypto::hash::{hash, sha256, sha512};
use crypto::{CryptoError, HashLabel};

use crate::case;

#[test]
fn hashes() {
    case::for_each("hashes.json", |case| {
        let input = case.text("input_utf8");
        let (label, digest) = match case.text("algorithm").as_str() {
            "SHA256" => (HashLabel::Sha256, sha256(&input).to_vec()),
            "SHA512" => (HashLabel::Sha512, sha512(&input).to_vec()),
            "BLAKE2B" => {
                assert!(!case.flag("supported"));
                assert_eq!(hash(HashLabel::Blake2b, &input), Err(CryptoError::WrongHashAlgorithm));
                case.expect_number("algorithm_number", HashLabel::Blake2b as u64);
                return;
            }
            other => panic!("unknown algorithm {other}"),
        };
        case.expect_number("algorithm_number", label as u64);
        case.expect_bytes("input_hex", &input);
        assert_eq!(hash(label, &input).unwrap(), digest);
        case.expect_bytes("hash_hex", &digest);
        case.expect_text("hash_base64url", &base64url_encode(&digest));
    });
}
