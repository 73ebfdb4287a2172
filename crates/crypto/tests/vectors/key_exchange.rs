use crypto::{ExchangeKeypair, ExchangePrivateKey, derive_as_client, derive_as_server};

use crate::case::{self, Case};

#[test]
fn key_exchange() {
    case::for_each("key_exchange.json", |case| {
        case.expect_text("requestor_is", "kx server");
        case.expect_text("templator_is", "kx client");
        let requestor = keypair(case, "requestor");
        let templator = keypair(case, "templator");
        let at_requestor = derive_as_server(&requestor, &templator.public_key).unwrap();
        let at_templator = derive_as_client(&templator, &requestor.public_key).unwrap();
        case.expect_bytes("requestor_rx_hex", at_requestor.rx.as_bytes());
        case.expect_bytes("requestor_tx_hex", at_requestor.tx.as_bytes());
        case.expect_bytes("templator_rx_hex", at_templator.rx.as_bytes());
        case.expect_bytes("templator_tx_hex", at_templator.tx.as_bytes());

        // The shared point does not leave the crate, so the underlying primitive is used.
        let private = |keypair: &ExchangeKeypair| -> [u8; 32] { keypair.private_key.as_bytes().try_into().unwrap() };
        let public = |keypair: &ExchangeKeypair| -> [u8; 32] { keypair.public_key.as_bytes().try_into().unwrap() };
        let shared_point = x25519_dalek::x25519(private(&requestor), public(&templator));
        case.expect_bytes("shared_point_hex", shared_point);

        case.nested("json", |json| {
            json.expect_verbose("CryptoExchangeKeypair", &requestor);
            json.expect_nonverbose("CryptoExchangeKeypair_nonverbose", &requestor);
            json.expect_verbose("CryptoExchangePublicKey", &requestor.public_key);
            json.expect_verbose("CryptoExchangePrivateKey", &requestor.private_key);
            json.expect_verbose("CryptoExchangeSecrets", &at_requestor);
        });
    });
}

fn keypair(case: &mut Case, role: &str) -> ExchangeKeypair {
    let keypair = ExchangeKeypair::from_seed(&case.array(&format!("{role}_seed_hex")));
    case.expect_bytes(&format!("{role}_private_hex"), keypair.private_key.as_bytes());
    case.expect_bytes(&format!("{role}_public_hex"), keypair.public_key.as_bytes());
    let private: [u8; 32] = keypair.private_key.as_bytes().try_into().unwrap();
    assert_eq!(ExchangePrivateKey::from_bytes(private).public_key().unwrap(), keypair.public_key);
    keypair
}
