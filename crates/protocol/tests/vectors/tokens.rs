use core_types::{IdentityAddress, PasswordProtection, Reference, ReferenceKind};
use crypto::SecretKey;
use protocol::ProtocolError;
use protocol::token::{TokenContent, fill_token, open_token, seal_token};
use serde_json::Value;

use crate::script::Script;
use crate::support::{cases, hex, object, text, wire};
use crate::templates::references;

#[test]
fn posted_tokens() {
    for case in cases("tokens.json") {
        let secret_key: SecretKey = object(&case, "secret_key_json");
        let name = text(&case, "name");
        let content = if name.starts_with("empty token") {
            empty_token(&case, &secret_key)
        } else {
            references(&case, ReferenceKind::Token, text(&case, "token_id"), &secret_key);
            let posted = wire(&case["request_body"], "content");
            assert_eq!(posted, text(&case, "cipher_json_utf8").as_bytes());
            let content = open_token(&posted, &secret_key).unwrap().value;
            assert_eq!(content.to_json().unwrap(), text(&case, "decrypted_utf8"));

            let mut script = Script::default().then(secret_key.as_bytes()).then_nonce_of(&posted);
            let sealed = seal_token(&mut script, &content).unwrap();
            script.assert_used_up();
            assert_eq!(sealed.secret_key, secret_key);
            assert_eq!(sealed.wire, posted);
            assert!(matches!(open_token(&posted, &SecretKey::from_bytes([0; 32])), Err(ProtocolError::Crypto(_))));
            content
        };
        match name {
            "file" => assert!(matches!(content, TokenContent::File(file) if file.file_id.is_valid())),
            "template, plain" => {
                let TokenContent::RelationshipTemplate(template) = content else { panic!("{content:?}") };
                assert_eq!((template.for_identity, template.password_protection), (None, None));
            }
            "template, for identity, with shared password protection" => {
                let TokenContent::RelationshipTemplate(template) = content else { panic!("{content:?}") };
                assert_eq!(
                    template.for_identity,
                    Some(IdentityAddress::from(text(&case["request_body"], "forIdentity")))
                );
                assert_eq!(template.password_protection.unwrap().password_type.to_string(), "pin4");
            }
            "device shared secret" | "empty token, filled later (7.0.0 form, password inside the reference)" => {
                let TokenContent::DeviceSharedSecret(content) = content else { panic!("{content:?}") };
                content.shared_secret.identity.check_address().unwrap();
            }
            "arbitrary JSON content (JSONWrapper), password" => {
                assert_eq!(content, TokenContent::Untyped(serde_json::json!({"hello": "w€rld"})));
            }
            other => panic!("unknown kind of case: {other}"),
        }
    }
}

/// The empty token itself, and the content it was filled with.
fn empty_token(case: &Value, secret_key: &SecretKey) -> TokenContent {
    let token: Value = serde_json::from_str(text(case, "empty_token_json")).unwrap();
    assert_eq!(token["id"], case["token_id"]);
    assert_eq!(token["expiresAt"], case["request_body"]["expiresAt"]);
    assert_eq!(serde_json::from_value::<SecretKey>(token["secretKey"].clone()).unwrap(), *secret_key);
    let protection: PasswordProtection = serde_json::from_value(token["passwordProtection"].clone()).unwrap();
    assert_eq!(core_types::json::to_string(&protection).unwrap(), token["passwordProtection"].to_string());
    assert_eq!(protection.password, text(case, "password_utf8"));
    assert_eq!(protection.salt.as_slice(), hex(case, "salt_hex"));
    assert_eq!(protection.hash_for_backbone().unwrap(), text(&case["request_body"], "password"));

    let reference = Reference {
        backbone_base_url: Some("https://vectors.example".to_owned()),
        password_protection: Some(protection.to_shared_with_password()),
        ..Reference::new(text(case, "token_id"), secret_key.clone())
    };
    assert_eq!(reference.to_truncated(), text(case, "reference_truncated_base64url"));
    assert_eq!(
        crypto::encoding::base64url_decode(&reference.to_truncated()).unwrap(),
        text(case, "reference_truncated_utf8").as_bytes()
    );
    assert_eq!(Reference::parse(&reference.to_truncated()).unwrap(), reference);

    let update = &case["update_content_request_body"];
    assert_eq!((&update["id"], &update["password"]), (&case["token_id"], &case["request_body"]["password"]));
    let filled = wire(update, "newContent");
    let content = open_token(&filled, secret_key).unwrap().value;
    assert_eq!(content.to_json().unwrap(), text(case, "update_decrypted_utf8"));
    let mut script = Script::default().then_nonce_of(&filled);
    assert_eq!(fill_token(&mut script, &content, secret_key).unwrap(), filled);
    script.assert_used_up();
    content
}
