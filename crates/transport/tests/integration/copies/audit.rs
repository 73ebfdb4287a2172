//! Audit: nothing that reached the Backbone was encrypted with a key and a nonce that were used before.

use std::collections::HashMap;

use backbone_api::{messages::SendMessageRequest, relationships::RespondToRelationshipRequest};
use system_tests::ciphers_in;

use crate::support::{RecordedBody, TestAccount, TestBackbone};

/// The counters by their relationship, and all nonces.
#[derive(Default)]
struct Ledger {
    counters: HashMap<(String, u64), String>,
    nonces: HashMap<String, String>,
}

impl Ledger {
    /// Records the ciphers in a text, whose counters belong to the relationship with `peer`.
    fn take(&mut self, peer: &str, text: &[u8]) {
        for cipher in ciphers_in(text) {
            if let Some(counter) = cipher.counter {
                let first =
                    self.counters.entry((peer.to_owned(), counter)).or_insert_with(|| cipher.ciphertext.clone());
                assert_eq!(*first, cipher.ciphertext, "counter {counter} to {peer} was used twice");
            }
            if let Some(nonce) = cipher.nonce {
                let first = self.nonces.entry(nonce.clone()).or_insert_with(|| cipher.ciphertext.clone());
                assert_eq!(*first, cipher.ciphertext, "the nonce {nonce} was used twice");
            }
        }
    }
}

/// Inspects everything that reached the Backbone; returns the number of counters used. `acceptor` accepted the
/// relationships, and nobody else sent messages to its peers. Messages to it come from one peer.
pub(crate) fn counters_used(backbone: &TestBackbone, peers: &[(&TestAccount, &str)]) -> usize {
    let mut ledger = Ledger::default();
    for RecordedBody { path, body } in backbone.network.bodies() {
        if path.ends_with("/Messages") {
            let request: SendMessageRequest = serde_json::from_slice(&body).unwrap();
            for recipient in request.recipients {
                ledger.take(recipient.address.as_str(), recipient.encrypted_key.as_slice());
            }
            ledger.take("", request.body.as_slice());
        } else if path.ends_with("/Accept") {
            let request: RespondToRelationshipRequest = serde_json::from_slice(&body).unwrap();
            let (peer, _) = peers.iter().find(|(_, relationship)| path.contains(relationship)).unwrap();
            ledger.take(peer.address().as_str(), request.creation_response_content.unwrap().as_slice());
        } else {
            ledger.take("", &body);
        }
    }
    ledger.counters.len()
}
