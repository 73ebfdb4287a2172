use core_types::{IdentityAddress, RelationshipId, RelationshipTemplateId, Timestamp};
use crypto::{CryptoObject, RelationshipSecrets, SecretKey, SignaturePrivateKey};
use protocol::ProtocolError;
use protocol::identity::Identity;
use protocol::message::{Envelope, OpenedMessage, Recipient, open_message, seal_message};
use protocol::relationship::{
    AnsweredTemplate, complete_request, create_request, open_creation_content, seal_creation_response,
};
use protocol::secrets::SecretContent;
use protocol::template::{TemplateKey, open_template, seal_template};
use protocol::token::{TokenContent, seal_token};
use serde_json::{Value, json};

use crate::world::{Person, Related};

/// Seals a template in the name of `identity` with `key` and opens it as coming from `named`.
fn template_of(identity: &Identity, key: &SignaturePrivateKey, named: &IdentityAddress) -> Result<(), ProtocolError> {
    let rng = &mut core_types::Randomness::system();
    let template_key = TemplateKey::generate(rng).to_public();
    let sealed = seal_template(rng, &json!({}), identity, &template_key, key).unwrap();
    open_template(&sealed.wire, &sealed.secret_key, named).map(|_| ())
}

#[test]
fn templates_in_the_name_of_others() {
    let (victim, attacker) = (Person::new(), Person::new());
    let attacker_key = &attacker.keys.identity_keypair.private_key;

    let error = template_of(&victim.identity, attacker_key, victim.address()).unwrap_err();
    assert_eq!(error.code(), "error.transport.signatureNotValid");

    let mixed = Identity { address: victim.address().clone(), public_key: attacker.identity.public_key.clone() };
    let error = template_of(&mixed, attacker_key, victim.address()).unwrap_err();
    assert_eq!(error.code(), "error.transport.addressDoesNotMatchPublicKey");

    let error = template_of(&attacker.identity, attacker_key, victim.address()).unwrap_err();
    assert_eq!(error.code(), "error.transport.unexpectedIdentity");

    assert_eq!(template_of(&attacker.identity, attacker_key, attacker.address()), Ok(()));
}

#[test]
fn relationship_requests_in_the_name_of_others() {
    let rng = &mut core_types::Randomness::system();
    let (templator, victim, attacker) = (Person::new(), Person::new(), Person::new());
    let template_key = TemplateKey::generate(rng);
    let template_id = RelationshipTemplateId::generate(rng);
    let mut request = |own: &Identity| {
        let template =
            AnsweredTemplate { id: &template_id, key: &template_key.to_public(), identity: &templator.identity };
        create_request(rng, template, &json!({}), own, &attacker.keys.device_keypair.private_key)
            .unwrap()
            .creation_content
    };
    let mixed = Identity { address: victim.address().clone(), public_key: attacker.identity.public_key.clone() };
    let (mixed, stolen) = (request(&mixed), request(&victim.identity));

    let open = |wire: &[u8], from: &IdentityAddress| {
        open_creation_content(&mut core_types::Randomness::system(), wire, &template_key.keypair, &template_id, from)
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(open(&mixed, victim.address()), ProtocolError::AddressDoesNotMatchPublicKey);
    assert_eq!(open(&stolen, attacker.address()), ProtocolError::UnexpectedIdentity);

    // The public keys of another request do not fit the cipher.
    let mut swapped: Value = serde_json::from_slice(&stolen).unwrap();
    let other: Value = serde_json::from_slice(&mixed).unwrap();
    swapped["publicCreationContentCrypto"]["eph"] = other["publicCreationContentCrypto"]["eph"].clone();
    assert_eq!(open(swapped.to_string().as_bytes(), victim.address()).code(), "error.crypto.encryption.decrypt");
    // The signature key is not covered by the cipher, but the signature inside must match it.
    let mut swapped: Value = serde_json::from_slice(&stolen).unwrap();
    swapped["publicCreationContentCrypto"]["sig"] = other["publicCreationContentCrypto"]["sig"].clone();
    assert_eq!(open(swapped.to_string().as_bytes(), victim.address()).code(), "error.transport.signatureNotValid");
}

#[test]
fn responses_for_other_relationships_or_requests() {
    let related = Related::new();
    let rng = &mut core_types::Randomness::system();
    let device_key = &related.templator.keys.device_keypair.private_key;
    let id = RelationshipId::generate(rng);
    let response = seal_creation_response(&related.templator_secrets, 0, &id, None, device_key).unwrap();
    let template_key = TemplateKey::generate(rng).to_public();
    let other_request =
        crypto::create_request(rng, template_key, related.templator.identity.public_key.clone()).unwrap();
    let error = complete_request(&other_request, &response, &id).unwrap_err();
    assert_eq!(error.code(), "error.crypto.encryption.decrypt");
}

/// A message whose signed text and signatures are free to choose.
fn crafted(
    related: &Related,
    recipients: &[&IdentityAddress],
    signed_for: &[(&IdentityAddress, &RelationshipSecrets)],
    attachments: &Value,
) -> Result<OpenedMessage, ProtocolError> {
    let own = related.requestor.address();
    let message = json!({
        "@type": "MessageContentWrapper", "attachments": attachments, "content": {},
        "createdAt": "2024-01-01T00:00:00.000Z", "recipients": recipients,
    })
    .to_string();
    let signatures: Vec<Value> = signed_for
        .iter()
        .map(|(recipient, secrets)| json!({"recipient": recipient, "signature": secrets.sign(message.as_bytes()).unwrap().to_json()}))
        .collect();
    let signed = json!({"@type": "MessageSigned", "message": message, "signatures": signatures}).to_string();
    let key = SecretKey::generate(&mut core_types::Randomness::system());
    let body = key.encrypt(&mut core_types::Randomness::system(), signed.as_bytes()).unwrap().to_verbose_json();
    let encrypted_key = related.templator_secrets.transmit_state.encrypt_at(7, key.to_json().as_bytes()).unwrap();
    let recipients = [(own.clone(), encrypted_key.to_verbose_json().into_bytes())];
    open_message(own, Envelope { recipients: &recipients, body: body.as_bytes() }, &related.requestor_secrets)
}

#[test]
fn messages_with_wrong_lists_or_signatures() {
    let related = Related::new();
    let (own, other) = (related.requestor.address(), related.templator.address());
    let (right, wrong) = (&related.templator_secrets, &Related::new().templator_secrets);
    let none = json!([]);
    let code = |result: Result<OpenedMessage, ProtocolError>| result.unwrap_err().code().to_owned();

    crafted(&related, &[own], &[(own, right)], &none).unwrap();
    assert_eq!(crafted(&related, &[own], &[(own, right)], &Value::Null).unwrap().attachments, []);
    assert_eq!(
        code(crafted(&related, &[own], &[(other, right)], &none)),
        "error.transport.messages.signatureListMismatch"
    );
    assert_eq!(code(crafted(&related, &[own], &[(own, wrong)], &none)), "error.transport.messages.signatureNotValid");
    assert_eq!(code(crafted(&related, &[other], &[(own, right)], &none)), "error.transport.messages.plaintextMismatch");
    let no_file = json!([{"id": "TOK00000000000000001", "key": SecretKey::from_bytes([1; 32])}]);
    assert_eq!(code(crafted(&related, &[own], &[(own, right)], &no_file)), "error.transport.malformed");

    // Replayed to another recipient: the envelope names it, but the key was not encrypted for it.
    let recipient = Recipient { address: own, secrets: right, counter: 1 };
    let sealed =
        seal_message(&mut core_types::Randomness::system(), &json!({}), &[], &[recipient], Timestamp::from_millis(1))
            .unwrap();
    let stranger = Related::new();
    let recipients = [(stranger.requestor.address().clone(), sealed.recipients[0].encrypted_key_wire())];
    let envelope = Envelope { recipients: &recipients, body: &sealed.body };
    let error = open_message(stranger.requestor.address(), envelope, &stranger.requestor_secrets).unwrap_err();
    assert_eq!(error.code(), "error.crypto.encryption.decrypt");
    assert_eq!(open_message(own, envelope, &related.requestor_secrets), Err(ProtocolError::OwnAddressNotInList));
}

#[test]
fn secrets_of_another_type() {
    let key = Person::new().keys.identity_keypair.private_key;
    let content = SecretContent::from(key.clone());
    assert_eq!(content.clone().into_signature_private_key(), Ok(key));
    assert_eq!(content.clone().into_secret_key(), Err(ProtocolError::WrongSecretType));
    assert_eq!(content.into_relationship_secrets(), Err(ProtocolError::WrongSecretType));
    for text in ["{}", r#"{"@type":"Other"}"#, r#"{"@type":5}"#, "[]", "null", ""] {
        assert!(SecretContent::from_json(text).is_err(), "{text}");
    }
}

#[test]
fn token_contents_that_are_no_objects() {
    for value in [json!(null), json!(5), json!("text"), json!(true)] {
        assert_eq!(TokenContent::from_value(value.clone()), Err(ProtocolError::InvalidTokenContent));
        assert_eq!(
            seal_token(&mut core_types::Randomness::system(), &TokenContent::Untyped(value)).unwrap_err(),
            ProtocolError::InvalidTokenContent
        );
    }
}

#[test]
fn debug_output_shows_no_secrets() {
    let person = Person::new();
    let keys = &person.keys;
    let shown = format!(
        "{keys:?} {:?} {:?}",
        SecretContent::from(keys.identity_keypair.clone()),
        SecretContent::from(keys.shared_base_key.clone())
    );
    for secret in
        [keys.device_password.as_str(), &keys.shared_base_key.to_json(), &keys.identity_keypair.private_key.to_json()]
    {
        assert!(!shown.contains(secret));
    }
    let json = keys.shared_base_key.to_json();
    let key_text = json.split('"').nth(3).unwrap();
    assert!(key_text.len() == 43 && !shown.contains(key_text));
}
