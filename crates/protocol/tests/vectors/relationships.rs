use core_types::{IdentityAddress, RelationshipId, RelationshipTemplateId};
use crypto::{Cipher, CryptoObject, ExchangeKeypair, PeerExchangeKey, RelationshipRequestSecrets, RelationshipSecrets};
use protocol::ProtocolError;
use protocol::relationship::{
    AnsweredTemplate, complete_request, create_request, open_creation_content, open_own_creation_content,
    seal_creation_response,
};
use serde_json::Value;

use crate::script::Script;
use crate::support::{account, cases, device_key, hex, identity, object, text, wire};

#[test]
fn complete_handshakes() {
    for case in cases("relationships.json") {
        match text(&case, "name") {
            "B requests, A is templator" | "C requests, A is templator" => handshake(&case),
            other => panic!("unknown kind of case: {other}"),
        }
    }
}

fn handshake(case: &Value) {
    let requestor = account(text(&case["requestor"], "address"));
    let templator = account(text(&case["templator"], "address"));
    let template_id = RelationshipTemplateId::from(text(case, "template_id"));
    let relationship_id = RelationshipId::from(text(case, "relationship_id"));
    let template_keypair: ExchangeKeypair = object(case, "step1_template_exchange_keypair_json");

    // Requestor: the request.
    let request_secrets: RelationshipRequestSecrets = object(case, "step2_requestor_request_secrets_json");
    assert_eq!(request_secrets.to_verbose_json(), text(case, "step2_requestor_request_secrets_json"));
    assert_eq!(case["step3_post_relationships_body"]["relationshipTemplateId"], case["template_id"]);
    let posted = wire(&case["step3_post_relationships_body"], "creationContent");
    assert_eq!(posted, text(case, "step3_creation_content_cipher_json_utf8").as_bytes());
    let cipher = part(&posted, "cipher");
    let signed = request_secrets.secret_key.decrypt(&Cipher::from_json(&cipher).unwrap()).unwrap();
    assert_eq!(signed, text(case, "step3_decrypted_RelationshipCreationContentSigned_utf8").as_bytes());
    let wrapper: Value = serde_json::from_str(text(case, "step3_signed_string_utf8")).unwrap();
    let PeerExchangeKey::Template(template_key) = &request_secrets.peer_exchange_key else { panic!("no template key") };

    let mut script = Script::default()
        .then(request_secrets.exchange_keypair.private_key.as_bytes())
        .then(request_secrets.ephemeral_keypair.private_key.as_bytes())
        .then(&request_secrets.signature_keypair.private_key.as_bytes()[..32])
        .then(request_secrets.nonce.as_bytes())
        .then_nonce_of(&cipher);
    let template = AnsweredTemplate { id: &template_id, key: template_key, identity: &identity(&templator) };
    let request =
        create_request(&mut script, template, &wrapper["content"], &identity(&requestor), &device_key(&requestor))
            .unwrap();
    script.assert_used_up();
    assert_eq!(request.secrets, request_secrets);
    assert_eq!(
        String::from_utf8(request.creation_content).unwrap(),
        text(case, "step3_creation_content_cipher_json_utf8")
    );
    assert_eq!(open_own_creation_content(&posted, &request_secrets.secret_key).unwrap(), wrapper["content"]);

    // Templator: reading it.
    let templator_secrets: RelationshipSecrets = object(case, "step4_templator_relationship_secrets_json_as_stored");
    let templator_draws = || {
        Script::default()
            .then(&templator_secrets.signature_keypair.private_key.as_bytes()[..32])
            .then(templator_secrets.exchange_keypair.private_key.as_bytes())
            .then(templator_secrets.transmit_state.nonce().as_bytes())
    };
    let from = identity(&requestor).address;
    let mut script = templator_draws();
    let received = open_creation_content(&mut script, &posted, &template_keypair, &template_id, &from).unwrap();
    script.assert_used_up();
    assert_eq!(received.secrets.to_verbose_json(), text(case, "step4_templator_relationship_secrets_json_as_stored"));
    assert_eq!(received.content, wrapper["content"]);
    assert_eq!(received.identity, identity(&requestor));

    let other_template = RelationshipTemplateId::from("RLT00000000000000000");
    let refused = open_creation_content(&mut templator_draws(), &posted, &template_keypair, &other_template, &from);
    assert_eq!(refused.unwrap_err(), ProtocolError::TemplateMismatch);
    let stranger = IdentityAddress::from(text(&case["templator"], "address"));
    let refused = open_creation_content(&mut templator_draws(), &posted, &template_keypair, &template_id, &stranger);
    assert_eq!(refused.unwrap_err(), ProtocolError::UnexpectedIdentity);

    // Templator: the response.
    let response = wire(&case["step5_put_accept_body"], "creationResponseContent");
    assert_eq!(response, text(case, "step5_creation_response_content_cipher_json_utf8").as_bytes());
    let sealed = seal_creation_response(&received.secrets, 0, &relationship_id, None, &device_key(&templator)).unwrap();
    assert_eq!(String::from_utf8(sealed).unwrap(), text(case, "step5_creation_response_content_cipher_json_utf8"));
    let signed =
        templator_secrets.transmit_state.decrypt(&Cipher::from_json(part(&response, "cipher")).unwrap()).unwrap();
    assert_eq!(signed, text(case, "step5_decrypted_RelationshipCreationResponseContentSigned_utf8").as_bytes());
    let signed: Value = serde_json::from_slice(&signed).unwrap();
    assert_eq!(signed["serializedCreationResponseContent"], case["step5_signed_string_utf8"]);
    // Accepting changes nothing in what the peer stores, not even the counter.
    assert_eq!(
        case["step5_templator_relationship_secrets_json_as_stored_after_accept"],
        case["step4_templator_relationship_secrets_json_as_stored"]
    );

    // Requestor: the final keys.
    let completed = complete_request(&request_secrets, &response, &relationship_id).unwrap();
    assert_eq!(completed.to_verbose_json(), text(case, "step6_requestor_relationship_secrets_json_as_stored"));
    let refused = complete_request(&request_secrets, &response, &RelationshipId::from("REL00000000000000000"));
    assert_eq!(refused.unwrap_err(), ProtocolError::RelationshipMismatch);

    let derived = &case["derived"];
    for (actual, member) in [
        (request_secrets.secret_key.as_bytes().as_slice(), "request_secret_key_hex"),
        (completed.transmit_state.key().as_bytes(), "requestor_tx_key_hex"),
        (completed.receive_state.key().as_bytes(), "requestor_rx_key_hex"),
        (received.secrets.transmit_state.key().as_bytes(), "templator_tx_key_hex"),
        (received.secrets.receive_state.key().as_bytes(), "templator_rx_key_hex"),
        (completed.transmit_state.nonce().as_bytes(), "requestor_nonce_hex"),
        (received.secrets.transmit_state.nonce().as_bytes(), "templator_nonce_hex"),
    ] {
        assert_eq!(actual, hex(derived, member), "{member}");
    }
}

/// A member of a JSON object, as JSON.
fn part(json: &[u8], member: &str) -> Vec<u8> {
    serde_json::from_slice::<Value>(json).unwrap()[member].to_string().into_bytes()
}
