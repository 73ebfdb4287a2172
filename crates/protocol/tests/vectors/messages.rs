use core_types::{IdentityAddress, Reference, Timestamp};
use crypto::{CryptoObject, SecretKey, SignaturePublicKey};
use protocol::ProtocolError;
use protocol::message::{Envelope, Recipient, open_message, seal_message};
use serde_json::Value;

use crate::script::Script;
use crate::support::{cases, hex, object, relationship_secrets, text, wire};

#[test]
fn posted_messages() {
    for case in cases("messages.json") {
        let sender = IdentityAddress::from(text(&case, "sender"));
        let body = wire(&case["request_body"], "body");
        assert_eq!(body, text(&case, "body_cipher_json_utf8").as_bytes());
        let message_key: SecretKey = object(&case, "message_key_json");
        let signed = message_key.decrypt(&crypto::Cipher::from_json(&body).unwrap()).unwrap();
        assert_eq!(signed, text(&case, "decrypted_MessageSigned_utf8").as_bytes());
        let signed_text: Value = serde_json::from_str(text(&case, "signed_string_utf8")).unwrap();

        let envelope_recipients: Vec<(IdentityAddress, Vec<u8>)> = list(&case["request_body"]["recipients"])
            .iter()
            .map(|recipient| (text(recipient, "address").into(), wire(recipient, "encryptedKey")))
            .collect();
        let envelope = Envelope { recipients: &envelope_recipients, body: &body };

        let recipients = list(&case["recipients"]);
        assert_eq!(recipients.len(), envelope_recipients.len());
        let mut sending = Vec::new();
        for (recipient, (address, encrypted_key)) in recipients.iter().zip(&envelope_recipients) {
            assert_eq!(*address, text(recipient, "address"));
            assert_eq!(encrypted_key, text(recipient, "encrypted_key_cipher_json_utf8").as_bytes());
            let sender_secrets = relationship_secrets(&sender, address);
            assert_eq!(
                sender_secrets.transmit_state.key().as_bytes().as_slice(),
                hex(recipient, "sender_transmit_key_hex")
            );
            assert_eq!(
                sender_secrets.transmit_state.nonce().as_bytes(),
                hex(recipient, "sender_transmit_base_nonce_hex")
            );
            assert_eq!(
                Some(sender_secrets.transmit_state.counter()),
                recipient["stored_transmit_counter_after_send"].as_u64()
            );
            assert_eq!(format!("{:?}", sender_secrets.relationship_type), text(recipient, "sender_role"));
            let public_key: SignaturePublicKey = object(recipient, "sender_relationship_signature_public_key_json");
            assert_eq!(public_key, sender_secrets.signature_keypair.public_key);
            sending.push((address, sender_secrets));

            let own_secrets = relationship_secrets(address, &sender);
            let opened = open_message(address, envelope, &own_secrets).unwrap();
            assert_eq!(opened.secret_key, message_key);
            assert_eq!(opened.secret_key.to_json(), text(recipient, "decrypted_key_utf8"));
            assert_eq!(opened.encrypted_key.to_verbose_json().into_bytes(), *encrypted_key);
            assert_eq!(opened.content, signed_text["content"]);
            assert_eq!(serde_json::to_value(&opened.attachments).unwrap(), signed_text["attachments"]);
            assert_eq!(serde_json::to_value(&opened.recipients).unwrap(), signed_text["recipients"]);
            assert_eq!(opened.created_at.to_string(), text(&signed_text, "createdAt"));
            let ids: Vec<&str> = opened.attachments.iter().map(|attachment| attachment.id.as_str()).collect();
            let posted_ids: Vec<&str> =
                list(&case["request_body"]["attachments"]).iter().map(|file| text(file, "id")).collect();
            assert_eq!(ids, posted_ids);
            assert_eq!(open_message(&sender, envelope, &own_secrets), Err(ProtocolError::OwnAddressNotInList));
        }

        let attachments: Vec<Reference> = serde_json::from_value(signed_text["attachments"].clone()).unwrap();
        let sending: Vec<_> =
            sending.iter().map(|(address, secrets)| Recipient { address, secrets, counter: 0 }).collect();
        let created_at: Timestamp = text(&signed_text, "createdAt").parse().unwrap();
        let mut script = Script::default().then(message_key.as_bytes()).then_nonce_of(&body);
        let sealed = seal_message(&mut script, &signed_text["content"], &attachments, &sending, created_at).unwrap();
        script.assert_used_up();
        assert_eq!(sealed.secret_key, message_key);
        assert_eq!(sealed.body, body);
        let sealed_recipients: Vec<_> = sealed
            .recipients
            .iter()
            .map(|recipient| (recipient.address.clone(), recipient.encrypted_key_wire()))
            .collect();
        assert_eq!(sealed_recipients, envelope_recipients);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}
