use std::collections::VecDeque;
use std::convert::Infallible;

use crypto::{
    Cipher, CryptoObject, ExchangeKeypair, PrivateStateReceive, PrivateStateTransmit, RelationshipPublicRequest,
    RelationshipPublicResponse, RelationshipRequestSecrets, RelationshipSecrets, RelationshipType, Signature,
    SignatureKeypair, accept_request, complete_request, create_request, derive_as_client, derive_as_server,
};
use rand::{TryCryptoRng, TryRng};

use crate::case::{self, Case};

/// Returns listed values, one per draw.
struct ListedDraws(VecDeque<Vec<u8>>);

impl TryRng for ListedDraws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0.pop_front().unwrap());
        Ok(())
    }
}

impl TryCryptoRng for ListedDraws {}

/// The draws of a case. A listed seed of an exchange keypair stands for the private key that libsodium makes from it.
fn listed_draws(case: &mut Case) -> ListedDraws {
    let mut draws = VecDeque::new();
    let mut calls = Vec::new();
    case.each("rng_calls_in_order", |draw| {
        let call = draw.text("call");
        draws.push_back(match call.as_str() {
            "kx_keypair" => {
                let keypair = ExchangeKeypair::from_seed(&draw.array("seed_hex"));
                keypair.private_key.as_bytes().to_vec()
            }
            "sign_keypair" => draw.bytes("seed_hex"),
            "randombytes" => draw.bytes("bytes_hex"),
            other => panic!("unknown draw {other}"),
        });
        calls.push(call);
    });
    let expected = [
        "kx_keypair",
        "sign_keypair",
        "kx_keypair",
        "kx_keypair",
        "sign_keypair",
        "randombytes",
        "randombytes",
        "sign_keypair",
        "kx_keypair",
        "randombytes",
    ];
    assert_eq!(calls, expected);
    ListedDraws(draws)
}

#[test]
fn relationship_secrets() {
    case::for_each("relationship_secrets.json", |case| {
        case.note("name");
        let mut rng = listed_draws(case);

        let template_keypair = ExchangeKeypair::generate(&mut rng);
        case.expect_verbose("template_exchange_keypair_json", &template_keypair);
        let identity_key = SignatureKeypair::generate(&mut rng).public_key;
        case.expect_verbose("templator_identity_public_key_json", &identity_key);

        let request = create_request(&mut rng, template_keypair.public_key.clone(), identity_key).unwrap();
        let request_cipher = request_of(case, &mut rng, &request);
        let public_request = request.to_public_request();

        let mut templator = accept_request(&mut rng, &public_request, &template_keypair).unwrap();
        assert!(rng.0.is_empty());
        assert_eq!(templator.relationship_type, RelationshipType::Templator);
        case.expect_verbose("templator_secrets_json", &templator);
        let plaintext = templator.request_secret_key.decrypt(&request_cipher).unwrap();
        case.expect_text("request_plaintext_utf8", std::str::from_utf8(&plaintext).unwrap());

        let response = templator.to_public_response();
        case.expect_verbose("public_response_json", &response);
        case.expect_wire("public_response_base64url", &response);

        let mut requestor = complete_request(&request, &response).unwrap();
        assert_eq!(requestor.relationship_type, RelationshipType::Requestor);
        case.expect_verbose("requestor_secrets_json", &requestor);

        session_keys(case, &request, &public_request, &response, &templator, &template_keypair);
        case.each("messages", |message| match message.text("from").as_str() {
            "requestor" => exchange_message(message, &mut requestor, &mut templator),
            "templator" => exchange_message(message, &mut templator, &mut requestor),
            other => panic!("unknown sender {other}"),
        });
        case.nested("out_of_order", |case| out_of_order(case, &mut requestor, &mut templator));

        case.expect_verbose::<PrivateStateTransmit>("requestor_state_after_json", &requestor.transmit_state);
        case.expect_verbose::<PrivateStateReceive>("templator_receive_state_after_json", &templator.receive_state);
    });
}

fn request_of(case: &mut Case, rng: &mut ListedDraws, request: &RelationshipRequestSecrets) -> Cipher {
    case.expect_verbose("request_secrets_json", request);
    case.expect_bytes("request_secret_key_hex", request.secret_key.as_bytes());
    let public_request = request.to_public_request();
    case.expect_verbose("public_request_json", &public_request);
    case.expect_nonverbose("public_request_json_nonverbose", &public_request);
    case.expect_wire("public_request_base64url", &public_request);
    let cipher = request.secret_key.encrypt(rng, "request content äöü".as_bytes()).unwrap();
    case.expect_verbose("request_cipher_json", &cipher);
    cipher
}

fn session_keys(
    case: &mut Case,
    request: &RelationshipRequestSecrets,
    public_request: &RelationshipPublicRequest,
    response: &RelationshipPublicResponse,
    templator: &RelationshipSecrets,
    template_keypair: &ExchangeKeypair,
) {
    case.nested("session_keys", |keys| {
        keys.nested("request_master", |keys| {
            let server = derive_as_server(&request.ephemeral_keypair, &template_keypair.public_key).unwrap();
            keys.expect_bytes("server_ephemeral_to_client_template_tx_hex", server.tx.as_bytes());
            let client = derive_as_client(template_keypair, &public_request.ephemeral_key).unwrap();
            keys.expect_bytes("client_template_rx_hex", client.rx.as_bytes());
        });
        keys.nested("relationship", |keys| {
            let server = derive_as_server(&request.exchange_keypair, &response.exchange_key).unwrap();
            keys.expect_bytes("requestor_tx_hex", server.tx.as_bytes());
            keys.expect_bytes("requestor_rx_hex", server.rx.as_bytes());
            let client = derive_as_client(&templator.exchange_keypair, &public_request.exchange_key).unwrap();
            keys.expect_bytes("templator_tx_hex", client.tx.as_bytes());
            keys.expect_bytes("templator_rx_hex", client.rx.as_bytes());
        });
    });
}

fn exchange_message(case: &mut Case, sender: &mut RelationshipSecrets, receiver: &mut RelationshipSecrets) {
    let counter = u32::try_from(case.number("counter")).unwrap();
    let plaintext = case.text("plaintext_utf8").into_bytes();
    let effective_nonce = sender.transmit_state.nonce().advanced_by(counter.into()).unwrap();
    case.expect_bytes("effective_nonce_hex", effective_nonce.as_bytes());
    assert_eq!(sender.transmit_state.counter(), u64::from(counter));
    assert_eq!(receiver.receive_state.counter(), u64::from(counter));

    let at_counter = sender.transmit_state.encrypt_at(counter, &plaintext).unwrap();
    let cipher = sender.transmit_state.encrypt(&plaintext).unwrap();
    assert_eq!(at_counter, cipher);
    case.expect_verbose("cipher_json", &cipher);
    assert_eq!(sender.transmit_state.decrypt(&cipher).unwrap(), plaintext);
    assert_eq!(receiver.receive_state.decrypt(&cipher).unwrap(), plaintext);
    assert_eq!(receiver.receive_state.decrypt_in_order(&cipher).unwrap(), plaintext);

    let signature = sender.sign(&plaintext).unwrap();
    case.expect_verbose::<Signature>("signature_json", &signature);
    assert!(receiver.verify_peer(&plaintext, &signature).unwrap());
    assert!(!sender.verify_peer(&plaintext, &signature).unwrap());
}

fn out_of_order(case: &mut Case, sender: &mut RelationshipSecrets, receiver: &mut RelationshipSecrets) {
    let skipped = Cipher::from_json(case.text("skipped_cipher_json")).unwrap();
    let skipped_plaintext = sender.transmit_state.decrypt(&skipped).unwrap();
    assert_eq!(sender.transmit_state.encrypt(&skipped_plaintext).unwrap(), skipped);

    let plaintext = case.text("omit_counter_check_plaintext").into_bytes();
    let cipher = sender.transmit_state.encrypt(&plaintext).unwrap();
    case.expect_verbose("cipher_json", &cipher);
    assert!(!case.flag("strict_accepted"));
    case.expect_code("strict_error_code", receiver.receive_state.decrypt_in_order(&cipher));
    assert!(case.flag("omit_counter_check_accepted"));
    assert_eq!(receiver.receive_state.decrypt(&cipher).unwrap(), plaintext);
}
