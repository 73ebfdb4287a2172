use core_types::{ChallengeId, DeviceId, Reference, Timestamp};
use crypto::{Cipher, CryptoObject, ExchangeKeypair, SecretKey};
use proptest::prelude::*;
use protocol::challenge::{Challenge, SignedChallenge};
use protocol::datawallet::{open_payload, seal_payload};
use protocol::device::{DeviceCredentials, DeviceSharedSecret};
use protocol::file::{FileMetadata, FileProperties, open_file_content, open_file_metadata, seal_file};
use protocol::message::{Envelope, Recipient, open_message, seal_message};
use protocol::relationship::{complete_request, open_creation_content, open_own_creation_content};
use protocol::secrets::{SecretContainer, SecretContent};
use protocol::template::{TemplateKey, open_template, seal_template};
use protocol::token::{TokenContent, open_token, seal_token};
use serde_json::Value;

use crate::world::{Person, Related};

/// JSON whose numbers keep their form when written and read by JavaScript rules.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from), any_object_of(inner),]
    })
}

fn any_object_of(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((any::<String>(), inner), 0..5)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn any_object() -> impl Strategy<Value = Value> {
    any_object_of(any_json())
}

/// The JSON of a cipher with one bit of ciphertext, tag or nonce changed.
fn tampered(wire: &[u8], bit: prop::sample::Index) -> Vec<u8> {
    let cipher = Cipher::from_json(wire).unwrap();
    let mut ciphertext = cipher.ciphertext().to_vec();
    let mut nonce: [u8; 24] = cipher.nonce().unwrap().as_bytes().try_into().unwrap();
    let bit = bit.index((ciphertext.len() + nonce.len()) * 8);
    let byte = ciphertext.iter_mut().chain(&mut nonce).nth(bit / 8).unwrap();
    *byte ^= 1 << (bit % 8);
    let changed = Cipher::with_nonce(ciphertext, nonce.into()).unwrap();
    changed.to_verbose_json().into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn templates(content in any_json(), bit: prop::sample::Index) {
        let rng = &mut core_types::Randomness::system();
        let creator = Person::new();
        let key = TemplateKey::generate(rng).to_public();
        let sealed = seal_template(rng, &content, &creator.identity, &key, &creator.keys.identity_keypair.private_key).unwrap();
        let opened = open_template(&sealed.wire, &sealed.secret_key, creator.address()).unwrap();
        prop_assert_eq!(opened.content, content);
        prop_assert_eq!(opened.identity, creator.identity.clone());
        prop_assert_eq!(opened.template_key, key);
        prop_assert!(open_template(&tampered(&sealed.wire, bit), &sealed.secret_key, creator.address()).is_err());
    }

    #[test]
    fn tokens(content in any_object(), bit: prop::sample::Index) {
        let content = TokenContent::Untyped(content);
        let sealed = seal_token(&mut core_types::Randomness::system(), &content).unwrap();
        prop_assert_eq!(open_token(&sealed.wire, &sealed.secret_key).unwrap().value, content);
        prop_assert!(open_token(&tampered(&sealed.wire, bit), &sealed.secret_key).is_err());
    }

    #[test]
    fn files(
        plaintext: Vec<u8>,
        filename: String,
        title: Option<String>,
        tags: Option<Vec<String>>,
        bit: prop::sample::Index,
        position: prop::sample::Index,
    ) {
        let device_key = Person::new().keys.device_keypair;
        let properties = FileProperties { filename: filename.clone(), title: title.clone(), tags: tags.clone(), ..FileProperties::default() };
        let sealed = seal_file(&mut core_types::Randomness::system(), &plaintext, properties, &device_key.private_key).unwrap();
        let metadata = open_file_metadata(&sealed.encrypted_properties, &sealed.metadata_key).unwrap().value;
        prop_assert_eq!((&metadata.filename, &metadata.title, &metadata.tags), (&filename, &title, &tags));
        let open = |content: &[u8]| open_file_content(content, &sealed.cipher_hash, &metadata.secret_key, &metadata.plaintext_hash);
        prop_assert_eq!(open(&sealed.content).unwrap(), plaintext);
        prop_assert!(open_file_metadata(&tampered(&sealed.encrypted_properties, bit), &sealed.metadata_key).is_err());
        let mut content = sealed.content.clone();
        let at = position.index(content.len());
        content[at] ^= 1;
        prop_assert!(open(&content).is_err());
    }

    #[test]
    fn relationships(content in any_json()) {
        let related = Related::with_content(&content);
        prop_assert_eq!(&related.received_content, &content);
        let (own, peer) = (&related.requestor_secrets, &related.templator_secrets);
        prop_assert_eq!(own.transmit_state.key(), peer.receive_state.key());
        prop_assert_eq!(own.receive_state.key(), peer.transmit_state.key());
        prop_assert_eq!(own.transmit_state.nonce(), peer.receive_state.nonce());
    }

    #[test]
    fn messages(content in any_json(), attached: bool, counter: u32, bit: prop::sample::Index) {
        let related = Related::new();
        let (sender, own) = (&related.templator_secrets, related.requestor.address());
        let attachments = if attached { vec![Reference::new("FILabcdefghij0123456", SecretKey::from_bytes([1; 32]))] } else { vec![] };
        let recipient = Recipient { address: own, secrets: sender, counter };
        let created_at = Timestamp::from_millis(1_700_000_000_000);
        let sealed = seal_message(&mut core_types::Randomness::system(), &content, &attachments, &[recipient], created_at).unwrap();
        let recipients: Vec<_> = sealed.recipients.iter().map(|entry| (entry.address.clone(), entry.encrypted_key_wire())).collect();
        let open = |body: &[u8]| open_message(own, Envelope { recipients: &recipients, body }, &related.requestor_secrets);
        let opened = open(&sealed.body).unwrap();
        prop_assert_eq!(opened.content, content);
        prop_assert_eq!(opened.attachments, attachments);
        prop_assert_eq!(opened.created_at, created_at);
        prop_assert_eq!(opened.encrypted_key.counter().unwrap().to_u32(), counter);
        prop_assert!(open(&tampered(&sealed.body, bit)).is_err());
    }

    #[test]
    fn secrets(nonce in 0..=0x7fff_ffff_u64, password: String, bit: prop::sample::Index) {
        let rng = &mut core_types::Randomness::system();
        let base_key = SecretKey::generate(rng);
        let now = Timestamp::from_millis(1_700_000_000_000);
        let credentials = DeviceCredentials { id: DeviceId::generate(rng), password, username: "USR00000000000000001".to_owned() };
        for content in [SecretContent::from(credentials), SecretKey::generate(rng).into(), ExchangeKeypair::generate(rng).into()] {
            let mut stored = SecretContainer::seal(rng, now, &base_key, nonce, "name", &content).unwrap();
            prop_assert_eq!(&stored.open(&base_key).unwrap(), &content);
            prop_assert!(stored.open_device(&base_key).is_err());
            let read: SecretContainer = serde_json::from_value(stored.to_document().unwrap()).unwrap();
            prop_assert_eq!(&read, &stored);
            stored.succeed(now);
            prop_assert!(!stored.active && stored.valid_to == Some(now));
            stored.nonce = Some(nonce ^ 1);
            prop_assert!(stored.open(&base_key).is_err());

            let device = SecretContainer::seal_device(rng, now, &base_key, "name", &content).unwrap();
            prop_assert_eq!(&device.open_device(&base_key).unwrap(), &content);
            let cipher = Cipher::from_json(tampered(device.cipher.to_json().as_bytes(), bit)).unwrap();
            let changed = SecretContainer { cipher, ..device };
            prop_assert!(changed.open_device(&base_key).is_err());
        }
    }

    #[test]
    fn datawallet_payloads(payload in any_object(), index in 0..=0x7fff_ffff_u64, bit: prop::sample::Index) {
        let key = SecretKey::generate(&mut core_types::Randomness::system());
        let sealed = seal_payload(&mut core_types::Randomness::system(), &key, index, &payload).unwrap();
        prop_assert_eq!(open_payload(&key, index, &sealed).unwrap().value, payload);
        prop_assert!(open_payload(&key, index, &tampered(&sealed, bit)).is_err());
    }

    #[test]
    fn challenges(millis in 1..4_000_000_000_000_i64, position: prop::sample::Index) {
        let keys = Person::new().keys;
        let id = ChallengeId::generate(&mut core_types::Randomness::system());
        let signed = keys.creation(&id, Timestamp::from_millis(millis)).unwrap().signed_challenge;
        let public_key = keys.identity_keypair.public_key;
        prop_assert!(signed.verify(&public_key).unwrap());
        prop_assert_eq!(signed.read().unwrap().id, id);
        let read: SignedChallenge = serde_json::from_str(&signed.to_verbose_json()).unwrap();
        prop_assert_eq!(&read, &signed);
        let mut text = signed.challenge.clone().into_bytes();
        let at = position.index(text.len());
        text[at] ^= 1;
        let changed = SignedChallenge { challenge: String::from_utf8(text).unwrap(), ..signed };
        prop_assert!(!changed.verify(&public_key).unwrap());
    }

    #[test]
    fn parsers_never_panic(bytes: Vec<u8>, text: String, value in any_json()) {
        let rng = &mut core_types::Randomness::system();
        let key = SecretKey::from_bytes([9; 32]);
        let person = Person::new();
        let keypair = ExchangeKeypair::generate(rng);
        let json = value.to_string();
        let encrypted = key.encrypt(rng, json.as_bytes()).unwrap().to_verbose_json();
        for input in [bytes.as_slice(), text.as_bytes(), json.as_bytes(), encrypted.as_bytes()] {
            let _ = open_template(input, &key, person.address());
            let _ = open_token(input, &key);
            let _ = open_file_metadata(input, &key);
            let _ = open_file_content(input, &text, &key, &text);
            let _ = open_payload(&key, 1, input);
            let _ = open_creation_content(rng, input, &keypair, &text.as_str().into(), person.address());
            let _ = open_own_creation_content(input, &key);
            let _ = SecretContent::from_json(input);
            let _ = FileMetadata::from_json(input);
            let _ = serde_json::from_slice::<SecretContainer>(input);
            let _ = serde_json::from_slice::<DeviceSharedSecret>(input);
            let _ = serde_json::from_slice::<SignedChallenge>(input);
        }
        let _ = (TokenContent::from_value(value), Challenge::from_text(&text), SignedChallenge::from_parts("x", &text));
    }

    #[test]
    fn message_parsers_never_panic(bytes: Vec<u8>, value in any_json()) {
        let related = Related::new();
        let own = related.requestor.address();
        let key = SecretKey::from_bytes([9; 32]);
        let encrypted_key = related.templator_secrets.transmit_state.encrypt_at(1, key.to_json().as_bytes()).unwrap();
        let body = key.encrypt(&mut core_types::Randomness::system(), value.to_string().as_bytes()).unwrap().to_verbose_json();
        for recipients in [[(own.clone(), bytes.clone())], [(own.clone(), encrypted_key.to_json().into_bytes())]] {
            for body in [bytes.as_slice(), body.as_bytes()] {
                let envelope = Envelope { recipients: &recipients, body };
                prop_assert!(open_message(own, envelope, &related.requestor_secrets).is_err());
            }
        }
        let secrets = crypto::create_request(&mut core_types::Randomness::system(), ExchangeKeypair::generate(&mut core_types::Randomness::system()).public_key, related.templator.identity.public_key).unwrap();
        prop_assert!(complete_request(&secrets, &bytes, &"REL00000000000000001".into()).is_err());
        prop_assert!(complete_request(&secrets, value.to_string().as_bytes(), &"REL00000000000000001".into()).is_err());
    }
}
