use crypto::{CryptoObject, HashLabel, Signature, SignatureKeypair, SignaturePrivateKey, SignaturePublicKey};

use crate::case::{self, Case};

#[test]
fn signatures() {
    case::for_each("signatures.json", |case| match case.text("op").as_str() {
        "sign" if case.has("seed_hex") => sign(case),
        "sign" => sign_nothing(case),
        "key json" => key_json(case),
        "verify" => verify(case),
        "parse" => parse(case),
        other => panic!("unknown operation {other}"),
    });
}

fn sign(case: &mut Case) {
    case.note("name");
    let keypair = SignatureKeypair::from_seed(&case.array("seed_hex"));
    case.expect_bytes("private_key_64_hex", keypair.private_key.as_bytes());
    case.expect_bytes("public_key_hex", keypair.public_key.as_bytes());
    assert_eq!(keypair.private_key.public_key().unwrap(), keypair.public_key);
    let label = label(case.number("alg"));
    case.expect_text(
        "hash_algorithm_label",
        match label {
            HashLabel::Sha256 => "SHA256",
            HashLabel::Sha512 => "SHA512",
            HashLabel::Blake2b => "BLAKE2B",
        },
    );
    let message = case.bytes("message_hex");
    let signature = keypair.sign(&message, label).unwrap();
    case.expect_bytes("signature_hex", signature.as_bytes());
    case.expect_verbose("signature_json_verbose", &signature);
    case.expect_nonverbose("signature_json_nonverbose", &signature);
    case.expect_wire("signature_base64url", &signature);
    assert_eq!(keypair.public_key.verify(&message, &signature).unwrap(), case.flag("valid"));
}

fn sign_nothing(case: &mut Case) {
    case.expect_text("name", "empty message");
    assert!(!case.flag("accepted"));
    case.expect_code("error_code", SignatureKeypair::from_seed(&[1; 32]).sign(&[], HashLabel::Sha512));
}

fn key_json(case: &mut Case) {
    let keypair: SignatureKeypair = case.parse("keypair_json_verbose");
    case.expect_nonverbose("keypair_json_nonverbose", &keypair);
    let public_key: &SignaturePublicKey = &keypair.public_key;
    case.expect_verbose("public_key_json_verbose", public_key);
    case.expect_nonverbose("public_key_json_nonverbose", public_key);
    case.expect_wire("public_key_base64url", public_key);
    let private_key: &SignaturePrivateKey = &keypair.private_key;
    case.expect_verbose("private_key_json_verbose", private_key);
    case.expect_wire("private_key_base64url", private_key);
}

fn verify(case: &mut Case) {
    case.note("name");
    let public_key = SignaturePublicKey::from_bytes(case.array("public_key_hex"));
    let message = case.bytes("message_hex");
    // Through JSON, because signatures of a wrong length arrive that way too.
    let signature = crypto::encoding::base64url_encode(case.bytes("signature_hex"));
    let json = format!(r#"{{"sig":"{signature}","alg":{}}}"#, case.number("alg"));
    let verified = public_key.verify(&message, &Signature::from_json(json).unwrap());
    if case.has("valid") {
        assert_eq!(verified.unwrap(), case.flag("valid"));
    } else {
        case.expect_code("error_code", verified);
    }
}

fn parse(case: &mut Case) {
    let parsed = Signature::from_json(case.text("json"));
    if case.flag("accepted") {
        case.expect_verbose("reserialized", &parsed.unwrap());
    } else {
        case.expect_code("error", parsed);
    }
}

fn label(number: u64) -> HashLabel {
    match number {
        1 => HashLabel::Sha256,
        2 => HashLabel::Sha512,
        3 => HashLabel::Blake2b,
        other => panic!("unknown hash label {other}"),
    }
}
