//! Every cryptographic object inside the captured files is read and written back unchanged: a JSON text byte for
//! byte, an embedded object member for member in the same order.

use std::collections::BTreeMap;

use crypto::{
    Cipher, CryptoObject, ExchangeKeypair, ExchangePrivateKey, ExchangePublicKey, ExchangeSecrets, PrivateStateReceive,
    PrivateStateTransmit, PublicState, RelationshipPublicRequest, RelationshipPublicResponse,
    RelationshipRequestSecrets, RelationshipSecrets, RelationshipTemplatePublicKey, SecretKey, Signature,
    SignatureKeypair, SignaturePrivateKey, SignaturePublicKey, encoding,
};
use serde_json::Value;

use crate::case;

const FILES: [&str; 9] = [
    "accounts.json",
    "challenges.json",
    "database.json",
    "files.json",
    "messages.json",
    "relationships.json",
    "secrets_and_devices.json",
    "templates.json",
    "tokens.json",
];

#[test]
fn captured_objects() {
    let mut counts = BTreeMap::new();
    for file in FILES {
        visit(&case::read(file), &mut counts);
    }
    for (type_name, count) in &counts {
        println!("captured {type_name}: {count} objects");
    }
    for required in [
        Cipher::TYPE,
        ExchangeKeypair::TYPE,
        PrivateStateReceive::TYPE,
        PrivateStateTransmit::TYPE,
        RelationshipRequestSecrets::TYPE,
        RelationshipSecrets::TYPE,
        RelationshipTemplatePublicKey::TYPE,
        SecretKey::TYPE,
        Signature::TYPE,
        SignaturePrivateKey::TYPE,
        SignaturePublicKey::TYPE,
    ] {
        assert!(counts.contains_key(required), "no {required} was found");
    }
}

fn visit(value: &Value, counts: &mut BTreeMap<String, usize>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| visit(value, counts)),
        Value::Object(members) => {
            check(value, counts);
            members.values().for_each(|value| visit(value, counts));
        }
        Value::String(text) => {
            let wire = encoding::base64url_decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            for json in [Some(text), wire.as_ref()].into_iter().flatten().filter(|json| json.starts_with('{')) {
                let value: Value = serde_json::from_str(json).unwrap();
                if let Some(written) = check(&value, counts) {
                    assert_eq!(*json, written);
                }
                visit(&value, counts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Reads and writes `value` if it is a cryptographic object; returns the written text.
fn check(value: &Value, counts: &mut BTreeMap<String, usize>) -> Option<String> {
    let type_name = value.get("@type")?.as_str()?;
    let written = match type_name {
        Cipher::TYPE => rewrite::<Cipher>(value),
        ExchangeKeypair::TYPE => rewrite::<ExchangeKeypair>(value),
        ExchangePrivateKey::TYPE => rewrite::<ExchangePrivateKey>(value),
        ExchangePublicKey::TYPE => rewrite::<ExchangePublicKey>(value),
        ExchangeSecrets::TYPE => rewrite::<ExchangeSecrets>(value),
        PrivateStateReceive::TYPE => rewrite::<PrivateStateReceive>(value),
        PrivateStateTransmit::TYPE => rewrite::<PrivateStateTransmit>(value),
        PublicState::TYPE => rewrite::<PublicState>(value),
        RelationshipPublicRequest::TYPE => rewrite::<RelationshipPublicRequest>(value),
        RelationshipPublicResponse::TYPE => rewrite::<RelationshipPublicResponse>(value),
        RelationshipRequestSecrets::TYPE => rewrite::<RelationshipRequestSecrets>(value),
        RelationshipSecrets::TYPE => rewrite::<RelationshipSecrets>(value),
        RelationshipTemplatePublicKey::TYPE => rewrite::<RelationshipTemplatePublicKey>(value),
        SecretKey::TYPE => rewrite::<SecretKey>(value),
        Signature::TYPE => rewrite::<Signature>(value),
        SignatureKeypair::TYPE => rewrite::<SignatureKeypair>(value),
        SignaturePrivateKey::TYPE => rewrite::<SignaturePrivateKey>(value),
        SignaturePublicKey::TYPE => rewrite::<SignaturePublicKey>(value),
        other => {
            assert!(!other.starts_with("Crypto"), "unknown type {other}");
            return None;
        }
    };
    assert_eq!(written, serde_json::to_string(value).unwrap());
    *counts.entry(type_name.to_owned()).or_default() += 1;
    Some(written)
}

fn rewrite<T: CryptoObject>(value: &Value) -> String {
    T::from_value(value).unwrap().to_verbose_json()
}
