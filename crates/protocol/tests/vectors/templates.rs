use core_types::{IdentityAddress, Reference, ReferenceKind, password};
use crypto::{CryptoObject, ExchangeKeypair, SecretKey};
use protocol::ProtocolError;
use protocol::template::{open_template, seal_template};
use serde_json::Value;

use crate::script::Script;
use crate::support::{account_a, cases, hex, identity, identity_key, object, text, wire};

#[test]
fn posted_templates() {
    let account = account_a();
    let identity = identity(&account);
    for case in cases("templates.json") {
        let secret_key: SecretKey = object(&case, "secret_key_json");
        let posted = wire(&case["request_body"], "content");
        assert_eq!(posted, text(&case, "cipher_json_utf8").as_bytes());

        let opened = open_template(&posted, &secret_key, &identity.address).unwrap();
        assert_eq!(opened.identity, identity);
        assert_eq!(opened.identity.public_key.to_verbose_json(), text(&case, "identity_public_key_json"));
        let signed_text: Value = serde_json::from_str(text(&case, "signed_string_utf8")).unwrap();
        assert_eq!(opened.content, signed_text["content"]);
        let keypair: ExchangeKeypair = object(&case, "template_exchange_keypair_json");
        assert_eq!(opened.template_key.key, keypair.public_key);
        assert!(opened.template_key.id.starts_with("TRPRTK"));
        assert_eq!(text(&case, "signature_by"), "identity private key");

        let mut script = Script::default().then(secret_key.as_bytes()).then_nonce_of(&posted);
        let sealed =
            seal_template(&mut script, &opened.content, &identity, &opened.template_key, &identity_key(&account))
                .unwrap();
        script.assert_used_up();
        assert_eq!(sealed.secret_key, secret_key);
        assert_eq!(String::from_utf8(sealed.wire).unwrap(), text(&case, "cipher_json_utf8"));

        let plaintext = secret_key.decrypt(&crypto::Cipher::from_json(&posted).unwrap()).unwrap();
        assert_eq!(plaintext, text(&case, "decrypted_RelationshipTemplateSigned_utf8").as_bytes());

        let other = IdentityAddress::from("did:e:vectors.example:dids:d50de408bb03cd2a90e27c");
        assert_eq!(open_template(&posted, &secret_key, &other), Err(ProtocolError::UnexpectedIdentity));
        references(&case, ReferenceKind::RelationshipTemplate, text(&case, "template_id"), &secret_key);
    }
}

/// The references to a posted object, and the password hash that is sent to the Backbone.
pub(crate) fn references(case: &Value, kind: ReferenceKind, id: &str, key: &SecretKey) {
    let truncated = text(case, "reference_truncated_base64url");
    let reference = Reference::parse_kind(kind, truncated).unwrap();
    assert_eq!((reference.id.as_str(), &reference.key), (id, key));
    assert_eq!(reference.backbone_base_url.as_deref(), Some("https://vectors.example"));
    assert_eq!(reference.to_truncated(), truncated);
    if let Some(url) = case["reference_url"].as_str() {
        assert_eq!(reference.to_url(None).unwrap(), url);
        assert_eq!(Reference::parse_kind(kind, url).unwrap(), reference);
    }
    let for_identity = case["request_body"]["forIdentity"].as_str().map(IdentityAddress::from);
    assert_eq!(reference.for_identity_truncated.as_deref(), for_identity.as_ref().map(IdentityAddress::truncated));

    let Some(password) = case["password_utf8"].as_str() else {
        assert_eq!(reference.password_protection, None);
        return;
    };
    let protection = reference.password_protection.unwrap();
    assert_eq!(protection.salt.as_slice(), hex(case, "salt_hex"));
    let hash = password::hash_for_backbone(password, &protection.salt).unwrap();
    assert_eq!(hash, text(&case["request_body"], "password"));
    if let Some(query) = case["get_query"].as_str() {
        let encoded = hash.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert_eq!(query, format!("password={encoded}"));
    }
}
