//! Lone surrogates and any depth, in everything that peers encrypt: it opens, and the text is kept. Signatures cover
//! the received text.

use core_types::{RelationshipId, RelationshipTemplateId};
use crypto::derivation::DATAWALLET;
use crypto::{CryptoObject, HashLabel, SecretKey, derive_key};
use foreign_json::MAX_DEPTH;
use protocol::datawallet::open_payload;
use protocol::file::{FileProperties, open_file_metadata, seal_file};
use protocol::message::{Envelope, OpenedMessage, open_message};
use protocol::relationship::{AnsweredTemplate, complete_request, create_request, open_creation_content};
use protocol::template::{TemplateKey, open_template};
use protocol::token::{TokenContent, open_token};
use protocol::{ProtocolError, ReceivedText};
use serde_json::{Value, json};

use crate::world::{Person, Related};

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

/// The parsed form of arrays with `around` levels around them.
fn cut(levels: usize, around: usize) -> String {
    let shown = MAX_DEPTH - around;
    format!("{}\"{}\"{}", "[".repeat(shown), nested(levels - shown), "]".repeat(shown))
}

/// Contents as they are written, and as they are parsed with a wrapper around them.
fn contents(around: usize) -> Vec<(String, String)> {
    let inside = around + 1;
    let deep = |levels: usize| format!(r#"{{"a":{}}}"#, nested(levels));
    vec![
        (r#"{"a":"Hello \ud83d"}"#.to_owned(), "{\"a\":\"Hello \u{fffd}\"}".to_owned()),
        (r#"{"\udc00":"\u0000"}"#.to_owned(), "{\"\u{fffd}\":\"\\u0000\"}".to_owned()),
        (deep(200), deep(200)),
        (deep(MAX_DEPTH - inside), deep(MAX_DEPTH - inside)),
        (deep(MAX_DEPTH), format!(r#"{{"a":{}}}"#, cut(MAX_DEPTH, inside))),
        (deep(100_000), format!(r#"{{"a":{}}}"#, cut(100_000, inside))),
    ]
}

/// Checks that the text is kept if, and only if, it says more than the parsed value.
fn assert_read(shown: &Value, text: Option<ReceivedText>, expected: &(String, String), plaintext: &str) {
    assert_eq!(shown.to_string(), expected.1);
    let kept = (expected.0 != expected.1).then(|| plaintext.to_owned());
    assert_eq!(text.map(String::from), kept);
}

/// A message whose signed text is given; `outer` is the text around it.
fn open(
    related: &Related,
    message: &str,
    outer: impl FnOnce(String) -> String,
) -> Result<OpenedMessage, ProtocolError> {
    let own = related.requestor.address();
    let signature = related.templator_secrets.sign(message.as_bytes()).unwrap().to_json();
    let signatures = json!([{ "recipient": own, "signature": signature }]);
    let text = outer(json!({ "@type": "MessageSigned", "message": message, "signatures": signatures }).to_string());
    let key = SecretKey::generate(&mut core_types::Randomness::system());
    let body = key.encrypt(&mut core_types::Randomness::system(), text.as_bytes()).unwrap().to_verbose_json();
    let encrypted_key = related.templator_secrets.transmit_state.encrypt_at(7, key.to_json().as_bytes()).unwrap();
    let recipients = [(own.clone(), encrypted_key.to_verbose_json().into_bytes())];
    open_message(own, Envelope { recipients: &recipients, body: body.as_bytes() }, &related.requestor_secrets)
}

fn message(related: &Related, content: &str) -> String {
    let own = related.requestor.address();
    format!(
        r#"{{"@type":"MessageContentWrapper","attachments":[],"content":{content},"createdAt":"2024-01-01T00:00:00.000Z","recipients":["{own}"]}}"#
    )
}

#[test]
fn messages() {
    let related = Related::new();
    for expected in contents(1) {
        let mut plaintext = String::new();
        let opened = open(&related, &message(&related, &expected.0), |outer| {
            plaintext.clone_from(&outer);
            outer
        })
        .unwrap();
        assert_read(&opened.content, opened.received_text, &expected, &plaintext);
    }
}

#[test]
fn signatures_are_those_of_the_received_text() {
    let related = Related::new();
    // Values that are shown alike are not signed alike.
    let other = open(&related, &message(&related, r#""\ufffd""#), |outer| outer.replace(r"\\ufffd", r"\\ud83d"));
    assert_eq!(other.unwrap_err().code(), "error.transport.messages.signatureNotValid");
    // JavaScript signs the bytes of a text, in which a lone surrogate is U+FFFD, and writes the surrogate.
    let opened =
        open(&related, &message(&related, "\"\u{fffd}\""), |outer| outer.replace('\u{fffd}', r"\ud83d")).unwrap();
    assert_eq!(opened.content, json!("\u{fffd}"));
    assert!(String::from(opened.received_text.unwrap()).contains(r"\ud83d"));
}

#[test]
fn templates() {
    let creator = Person::new();
    let template_key = TemplateKey::generate(&mut core_types::Randomness::system()).to_public();
    for expected in contents(1) {
        let identity = json!(creator.identity);
        let template =
            format!(r#"{{"content":{},"identity":{identity},"templateKey":{}}}"#, expected.0, template_key.to_json());
        let signature = creator.keys.identity_keypair.private_key.sign(template.as_bytes(), HashLabel::Sha512).unwrap();
        let signed = json!({ "deviceSignature": signature, "serializedTemplate": template }).to_string();
        let key = SecretKey::generate(&mut core_types::Randomness::system());
        let wire = key.encrypt(&mut core_types::Randomness::system(), signed.as_bytes()).unwrap().to_verbose_json();
        let opened = open_template(wire.as_bytes(), &key, creator.address()).unwrap();
        assert_read(&opened.content, opened.received_text, &expected, &signed);
    }
}

#[test]
fn requests_for_relationships() {
    let rng = &mut core_types::Randomness::system();
    let (templator, requestor) = (Person::new(), Person::new());
    let template_key = TemplateKey::generate(rng);
    let id = RelationshipTemplateId::generate(rng);
    let template = AnsweredTemplate { id: &id, key: &template_key.to_public(), identity: &templator.identity };
    let device_key = &requestor.keys.device_keypair.private_key;
    let request = create_request(rng, template, &json!({}), &requestor.identity, device_key).unwrap();
    for expected in contents(1) {
        let identity = json!(requestor.identity);
        let content = format!(r#"{{"content":{},"identity":{identity},"templateId":"{id}"}}"#, expected.0);
        let signed = json!({
            "deviceSignature": device_key.sign(content.as_bytes(), HashLabel::Sha512).unwrap(),
            "relationshipSignature": request.secrets.sign(content.as_bytes()).unwrap(),
            "serializedCreationContent": content,
        })
        .to_string();
        let mut wire: Value = serde_json::from_slice(&request.creation_content).unwrap();
        wire["cipher"] = json!(request.secrets.secret_key.encrypt(rng, signed.as_bytes()).unwrap());
        let wire = wire.to_string();
        let opened =
            open_creation_content(rng, wire.as_bytes(), &template_key.keypair, &id, requestor.address()).unwrap();
        assert_read(&opened.content, opened.received_text, &expected, &signed);
    }
}

#[test]
fn answers_to_them() {
    let rng = &mut core_types::Randomness::system();
    let (templator, requestor) = (Person::new(), Person::new());
    let template_key = TemplateKey::generate(rng);
    let (template_id, id) = (RelationshipTemplateId::generate(rng), RelationshipId::generate(rng));
    let template = AnsweredTemplate { id: &template_id, key: &template_key.to_public(), identity: &templator.identity };
    let device_key = &requestor.keys.device_keypair.private_key;
    let request = create_request(rng, template, &json!({}), &requestor.identity, device_key).unwrap();
    let wire = &request.creation_content;
    let received = open_creation_content(rng, wire, &template_key.keypair, &template_id, requestor.address()).unwrap();
    for (counter, (content, _)) in (0..).zip(contents(1)) {
        let content = format!(r#"{{"content":{content},"relationshipId":"{id}"}}"#);
        let signed = json!({
            "deviceSignature": device_key.sign(content.as_bytes(), HashLabel::Sha512).unwrap(),
            "relationshipSignature": received.secrets.sign(content.as_bytes()).unwrap(),
            "serializedCreationResponseContent": content,
        });
        let response = json!({
            "cipher": received.secrets.transmit_state.encrypt_at(counter, signed.to_string().as_bytes()).unwrap(),
            "publicCreationResponseContentCrypto": received.secrets.to_public_response(),
        });
        complete_request(&request.secrets, response.to_string().as_bytes(), &id).unwrap();
    }
}

#[test]
fn tokens_files_and_payloads() {
    let rng = &mut core_types::Randomness::system();
    let key = SecretKey::generate(rng);
    let encrypt = |key: &SecretKey, text: &str| {
        key.encrypt(&mut core_types::Randomness::system(), text.as_bytes()).unwrap().to_verbose_json().into_bytes()
    };
    for expected in contents(0) {
        let opened = open_token(&encrypt(&key, &expected.0), &key).unwrap();
        assert_read(&opened.value.to_value().unwrap(), opened.text, &expected, &expected.0);
        let index_key = derive_key(&key, 7, DATAWALLET).unwrap();
        let opened = open_payload(&key, 7, &encrypt(&index_key, &expected.0)).unwrap();
        assert_read(&opened.value, opened.text, &expected, &expected.0);
    }
    let exact = open_token(&encrypt(&key, r#"{"a":1}"#), &key).unwrap();
    assert_eq!((exact.value, exact.text), (TokenContent::Untyped(json!({ "a": 1 })), None));

    let device_key = &Person::new().keys.device_keypair.private_key;
    let properties =
        FileProperties { filename: "X".to_owned(), mimetype: "text/plain".to_owned(), ..Default::default() };
    let metadata = seal_file(rng, b"x", properties, device_key).unwrap().metadata.to_verbose_json().unwrap();
    let text = metadata.replace(r#""X""#, r#""X\ud83d","novelty":[[1]]"#).replace("[[1]]", &nested(5_000));
    let opened = open_file_metadata(&encrypt(&key, &text), &key).unwrap();
    assert_eq!(opened.value.filename, "X\u{fffd}");
    assert_eq!(opened.text.map(String::from), Some(text));
}
