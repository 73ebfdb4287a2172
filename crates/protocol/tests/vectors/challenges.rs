use crypto::{CryptoObject, RelationshipSecrets, SecretKey, SignatureKeypair, SignaturePrivateKey, SignaturePublicKey};
use protocol::challenge::{ChallengeType, SignedChallenge, sign_challenge};
use protocol::identity::NewIdentity;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::support::{HOSTNAME, account_a, cases, device_key, file, identity_key, object, text};

#[test]
fn signed_challenges() {
    let account = account_a();
    for case in cases("challenges.json") {
        match text(&case, "op") {
            "identity creation request body (first device)" => identity_creation(&case),
            "createChallenge Identity" => {
                created(&case, ChallengeType::Identity, &identity_key(&account));
            }
            "createChallenge Device" => {
                created(&case, ChallengeType::Device, &device_key(&account));
            }
            "createChallenge Relationship" => {
                created(&case, ChallengeType::Relationship, &relationship_key(&case));
            }
            "device creation request body" => {
                let signed_json = case["request_body"]["signedChallenge"].to_string();
                let signed: SignedChallenge = serde_json::from_str(&signed_json).unwrap();
                assert_eq!(signed.to_verbose_json(), signed_json);
                assert!(signed.verify(&object(&case, "identity_public_key_json")).unwrap());
                signed_again(&signed, ChallengeType::Identity, &identity_key(&account));
                let length = text(&case["request_body"], "devicePassword").len();
                assert!((45..=50).contains(&length));
            }
            other => panic!("unknown kind of case: {other}"),
        }
    }
}

fn identity_creation(case: &Value) {
    let account = account_a();
    let body = &case["request_body"];
    let keypair = |private_key: SignaturePrivateKey| SignatureKeypair {
        public_key: private_key.public_key().unwrap(),
        private_key,
    };
    let any_key = SecretKey::from_bytes([1; 32]);
    let new_identity = NewIdentity {
        identity_keypair: keypair(identity_key(&account)),
        device_keypair: keypair(device_key(&account)),
        shared_base_key: any_key.clone(),
        synchronization_key: any_key.clone(),
        device_base_key: any_key,
        device_password: Zeroizing::new(text(body, "devicePassword").to_owned()),
    };
    assert_eq!(new_identity.address(HOSTNAME), text(case, "identity_address"));

    let signed: SignedChallenge = serde_json::from_value(body["signedChallenge"].clone()).unwrap();
    assert_eq!(signed.challenge, text(case, "challenge_signed_utf8"));
    let challenge = signed.read().unwrap();
    assert_eq!((&challenge.created_by, &challenge.created_by_device), (&None, &None));
    let creation = new_identity.creation(&challenge.id, challenge.expires_at).unwrap();
    assert_eq!(creation.identity_public_key, text(case, "identity_public_key_field_decoded_utf8").as_bytes());
    assert_eq!(creation.signed_challenge.signature_wire(), text(case, "signature_field_decoded_utf8").as_bytes());
    assert_eq!(core_types::json::to_string(&creation.signed_challenge).unwrap(), body["signedChallenge"].to_string());

    let public_key = SignaturePublicKey::from_json(case["identity_public_key_json"].to_string()).unwrap();
    assert_eq!(public_key, new_identity.identity_keypair.public_key);
    assert!(creation.signed_challenge.verify(&public_key).unwrap());
}

fn created(case: &Value, expected: ChallengeType, key: &SignaturePrivateKey) {
    let verbose = text(case, "signed_challenge_json_verbose");
    let signed: SignedChallenge = serde_json::from_str(verbose).unwrap();
    let from_short: SignedChallenge = serde_json::from_str(text(case, "signed_challenge_json_nonverbose")).unwrap();
    assert_eq!(signed, from_short);
    assert_eq!(signed.to_verbose_json(), verbose);
    assert_eq!(core_types::json::to_string(&signed).unwrap(), text(case, "signed_challenge_json_nonverbose"));
    assert!(signed.verify(&object(case, "signing_public_key_json")).unwrap());
    signed_again(&signed, expected, key);
}

/// The same text signed with the same key gives the same object; another text does not verify.
fn signed_again(signed: &SignedChallenge, expected: ChallengeType, key: &SignaturePrivateKey) {
    let challenge = signed.read().unwrap();
    assert_eq!(challenge.challenge_type, expected);
    assert_eq!(signed.signature.label(), expected.label());
    assert!(challenge.created_by.as_ref().is_some_and(|address| address.is_valid()));
    assert!(challenge.created_by_device.as_ref().is_some_and(|device| device.is_valid()));
    let again = sign_challenge(challenge.to_text().unwrap(), key, expected.label()).unwrap();
    assert_eq!(&again, signed);

    let changed = SignedChallenge { challenge: signed.challenge.replace("20", "21"), ..again };
    assert_ne!(changed.challenge, signed.challenge);
    assert!(!changed.verify(&key.public_key().unwrap()).unwrap());
}

/// The relationship signature key of A whose public half is in the case.
fn relationship_key(case: &Value) -> SignaturePrivateKey {
    let public_key: SignaturePublicKey = object(case, "signing_public_key_json");
    file("relationships.json")["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|relationship| {
            let member = "step4_templator_relationship_secrets_json_as_stored";
            object::<RelationshipSecrets>(relationship, member).signature_keypair
        })
        .find(|keypair| keypair.public_key == public_key)
        .unwrap()
        .private_key
}
