//! Parsers answer every input with an object or an error, and accepted objects can be written and read again.

use std::fmt::Debug;

use crypto::{
    Cipher, CryptoObject, ExchangeKeypair, ExchangePrivateKey, ExchangePublicKey, ExchangeSecrets, PrivateStateReceive,
    PrivateStateTransmit, PublicState, RelationshipPublicRequest, RelationshipPublicResponse,
    RelationshipRequestSecrets, RelationshipSecrets, RelationshipTemplatePublicKey, SecretKey, Signature,
    SignatureKeypair, SignaturePrivateKey, SignaturePublicKey, accept_request, complete_request, create_request,
    derive_as_client, encoding,
};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

const NAMES: [&str; 33] = [
    "@type",
    "alg",
    "algorithm",
    "cipher",
    "cnt",
    "counter",
    "cph",
    "eph",
    "exc",
    "exchangeKey",
    "id",
    "key",
    "nnc",
    "nonce",
    "pik",
    "privateKey",
    "prv",
    "psk",
    "ptk",
    "pub",
    "publicKey",
    "pxk",
    "rsk",
    "rx",
    "secretKey",
    "sig",
    "signature",
    "sta",
    "stateType",
    "tx",
    "typ",
    "type",
    "extra",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![8 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => ".*"]
}

fn buffer() -> impl Strategy<Value = Value> {
    let lengths = prop_oneof![0_usize..110, Just(24), Just(32), Just(64)];
    lengths.prop_map(|length| Value::from(encoding::base64url_encode(vec![0x5a; length])))
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_i64..5).prop_map(Value::from),
        ".*".prop_map(Value::from),
        "[A-Za-z0-9_=+/-]{0,60}".prop_map(Value::from),
        buffer(),
        Just(Value::from(ExchangePublicKey::TYPE)),
        Just(Value::from(RelationshipTemplatePublicKey::TYPE)),
    ]
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..9)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Parses and, if accepted, checks that both forms lead to the same object again. Returns true if it was accepted.
fn parses<T: CryptoObject + PartialEq + Debug>(value: &Value) -> bool {
    match T::from_value(value) {
        Ok(object) => {
            assert_eq!(T::from_json(object.to_verbose_json()).unwrap(), object);
            assert_eq!(T::from_json(object.to_json()).unwrap(), object);
            true
        }
        Err(error) => {
            assert!(error.code().starts_with("error.crypto."));
            false
        }
    }
}

const PARSERS: [fn(&Value) -> bool; 18] = [
    parses::<Cipher>,
    parses::<ExchangeKeypair>,
    parses::<ExchangePrivateKey>,
    parses::<ExchangePublicKey>,
    parses::<ExchangeSecrets>,
    parses::<PrivateStateReceive>,
    parses::<PrivateStateTransmit>,
    parses::<PublicState>,
    parses::<RelationshipPublicRequest>,
    parses::<RelationshipPublicResponse>,
    parses::<RelationshipRequestSecrets>,
    parses::<RelationshipSecrets>,
    parses::<RelationshipTemplatePublicKey>,
    parses::<SecretKey>,
    parses::<Signature>,
    parses::<SignatureKeypair>,
    parses::<SignaturePrivateKey>,
    parses::<SignaturePublicKey>,
];

/// One valid object of each type, in the order of `PARSERS`.
fn valid_objects() -> [Value; 18] {
    let mut rng = StdRng::seed_from_u64(1);
    let template = ExchangeKeypair::generate(&mut rng);
    let template_key =
        RelationshipTemplatePublicKey { id: "TRPRTKabcdefghijklmn".to_owned(), key: template.public_key.clone() };
    let identity = SignatureKeypair::generate(&mut rng);
    let request = create_request(&mut rng, template_key.clone(), identity.public_key.clone()).unwrap();
    let templator = accept_request(&mut rng, &request.to_public_request(), &template).unwrap();
    let requestor = complete_request(&request, &templator.to_public_response()).unwrap();
    let session = derive_as_client(&template, &request.exchange_keypair.public_key).unwrap();
    let key = SecretKey::generate(&mut rng);
    fn form(object: &impl CryptoObject) -> Value {
        serde_json::to_value(object.verbose()).unwrap()
    }
    [
        form(&key.encrypt(&mut rng, b"text").unwrap()),
        form(&template),
        form(&template.private_key),
        form(&template.public_key),
        form(&session),
        form(&templator.receive_state),
        form(&templator.transmit_state),
        form(&templator.transmit_state.to_public_state()),
        form(&request.to_public_request()),
        form(&templator.to_public_response()),
        form(&request),
        form(&requestor),
        form(&template_key),
        form(&key),
        form(&requestor.sign(b"text").unwrap()),
        form(&identity),
        form(&identity.private_key),
        form(&identity.public_key),
    ]
}

#[test]
fn valid_objects_parse_with_unknown_members_and_any_own_type() {
    for (mut object, parses) in valid_objects().into_iter().zip(PARSERS) {
        assert!(parses(&object), "{object}");
        let members = object.as_object_mut().unwrap();
        members.insert("unknown".to_owned(), json!({ "nested": [1, null] }));
        members.insert("@type".to_owned(), json!("SomethingElse"));
        assert!(parses(&object), "{object}");
        object.as_object_mut().unwrap().remove("@type");
        assert!(parses(&object), "{object}");
    }
}

proptest! {
    #[test]
    fn parsers_never_panic_on_arbitrary_json(value in arbitrary_json()) {
        for parses in PARSERS {
            parses(&value);
        }
    }

    #[test]
    fn parsers_never_panic_on_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
            for parses in PARSERS {
                parses(&value);
            }
        }
        prop_assert_eq!(Cipher::from_json(&bytes).is_ok(), serde_json::from_slice::<Cipher>(&bytes).is_ok());
    }

    #[test]
    fn parsers_never_panic_on_a_changed_member(
        object in 0_usize..18,
        members in prop::collection::vec((any::<prop::sample::Index>(), arbitrary_json()), 1..3),
    ) {
        let mut value = valid_objects()[object].clone();
        for (index, replacement) in members {
            let map = value.as_object_mut().unwrap();
            let name = map.keys().nth(index.index(map.len())).unwrap().clone();
            map.insert(name, replacement);
        }
        PARSERS[object](&value);
    }
}

#[test]
fn every_missing_member_is_an_error_unless_optional() {
    for (object, parses) in valid_objects().into_iter().zip(PARSERS) {
        let type_name = object["@type"].clone();
        for name in object.as_object().unwrap().keys() {
            let mut value = object.clone();
            value.as_object_mut().unwrap().shift_remove(name);
            let optional = name == "@type" || (name == "pik" && type_name == RelationshipSecrets::TYPE);
            assert_eq!(parses(&value), optional, "{type_name} without {name}");
        }
    }
}
