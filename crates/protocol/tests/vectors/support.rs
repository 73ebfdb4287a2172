use core_types::IdentityAddress;
use crypto::encoding::base64url_decode;
use crypto::{CryptoObject, RelationshipSecrets, SignaturePrivateKey};
use protocol::identity::Identity;
use serde_json::Value;

/// Host name of the captured identities.
pub(crate) const HOSTNAME: &str = "vectors.example";

/// A whole vector file.
pub(crate) fn file(name: &str) -> Value {
    let path = format!("{}/../../vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The cases of a vector file, to be run one by one.
pub(crate) fn cases(name: &str) -> Vec<Value> {
    let cases = file(name)["cases"].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    println!("vectors/{name}: {} cases", cases.len());
    cases
}

/// A member that must be a string.
pub(crate) fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_else(|| panic!("no text '{member}' in {case}"))
}

/// A member that must be hexadecimal.
pub(crate) fn hex(case: &Value, member: &str) -> Vec<u8> {
    let text = text(case, member);
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A member that holds wire bytes as base64url.
pub(crate) fn wire(case: &Value, member: &str) -> Vec<u8> {
    base64url_decode(text(case, member)).unwrap()
}

/// A member that holds a cryptographic object as JSON text.
pub(crate) fn object<T: CryptoObject>(case: &Value, member: &str) -> T {
    T::from_json(text(case, member)).unwrap()
}

/// The account of `accounts.json` with this address.
pub(crate) fn account(address: &str) -> Value {
    let accounts = file("accounts.json")["cases"].as_array().unwrap().clone();
    accounts.into_iter().find(|account| text(account, "address") == address).unwrap()
}

/// The account that created all templates, tokens and files.
pub(crate) fn account_a() -> Value {
    account("did:e:vectors.example:dids:0117822daa40781e4f165c")
}

pub(crate) fn identity(account: &Value) -> Identity {
    serde_json::from_str(text(account, "identity_json")).unwrap()
}

pub(crate) fn identity_key(account: &Value) -> SignaturePrivateKey {
    object(&account["secrets"], "identity_signature")
}

pub(crate) fn device_key(account: &Value) -> SignaturePrivateKey {
    object(&account["secrets"], "device_signature")
}

/// The keys that `own` has for the relationship to `peer`.
pub(crate) fn relationship_secrets(own: &IdentityAddress, peer: &IdentityAddress) -> RelationshipSecrets {
    file("relationships.json")["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|case| {
            let requestor = text(&case["requestor"], "address");
            let templator = text(&case["templator"], "address");
            if *own == requestor && *peer == templator {
                Some(object(case, "step6_requestor_relationship_secrets_json_as_stored"))
            } else if *own == templator && *peer == requestor {
                Some(object(case, "step4_templator_relationship_secrets_json_as_stored"))
            } else {
                None
            }
        })
        .unwrap()
}
