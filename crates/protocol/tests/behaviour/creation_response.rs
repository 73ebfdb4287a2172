//! The content of the encrypted response that accepts a relationship.

use core_types::RelationshipId;
use crypto::{Cipher, CryptoObject as _};
use protocol::relationship::seal_creation_response;
use serde_json::{Value, json};

use crate::world::Related;

/// The wrapper inside a response, as a peer that decrypts it sees it.
fn opened(related: &Related, wire: &[u8]) -> Value {
    let sealed: Value = serde_json::from_slice(wire).unwrap();
    let cipher = Cipher::from_json(sealed["cipher"].to_string()).unwrap();
    let signed: Value =
        serde_json::from_slice(&related.requestor_secrets.receive_state.decrypt(&cipher).unwrap()).unwrap();
    serde_json::from_str(signed["serializedCreationResponseContent"].as_str().unwrap()).unwrap()
}

#[test]
fn a_content_travels_only_if_there_is_one() {
    let related = Related::new();
    let device_key = &related.templator.keys.device_keypair.private_key;
    let id = RelationshipId::generate(&mut core_types::Randomness::system());
    let content = json!({ "welcome": ["to", "us"] });
    let seal = |counter, content| {
        seal_creation_response(&related.templator_secrets, counter, &id, content, device_key).unwrap()
    };
    let expected = json!({
        "@type": "RelationshipCreationResponseContentWrapper", "content": content, "relationshipId": id,
    });
    assert_eq!(opened(&related, &seal(1, Some(&content))), expected);
    let expected = json!({ "@type": "RelationshipCreationResponseContentWrapper", "relationshipId": id });
    assert_eq!(opened(&related, &seal(2, None)), expected);
}
