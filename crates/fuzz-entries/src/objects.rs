use core_types::{IdentityAddress, RelationshipId, RelationshipTemplateId};
use crypto::derivation::DATAWALLET;
use crypto::{
    Cipher, CryptoObject as _, ExchangeKeypair, Nonce, SecretKey, derive_key, encoding::base64url_encode, hash,
};
use protocol::challenge::{Challenge, SignedChallenge};
use protocol::file::{FileMetadata, open_file_content, open_file_metadata};
use protocol::relationship::{open_creation_content, open_own_creation_content};
use protocol::secrets::{SecretContainer, SecretContent};
use protocol::{datawallet, template, token};

const ADDRESS: &str = "did:e:localhost:dids:0000000000000000000000";

fn address() -> Option<IdentityAddress> {
    serde_json::from_value(ADDRESS.into()).ok()
}

/// The plaintext in a cipher, as sent by a holder of the key.
fn sealed(key: &SecretKey, plaintext: &[u8]) -> Option<Vec<u8>> {
    let nonce = Nonce::from([9; 24]);
    Some(key.encrypt_with_nonce(nonce, plaintext).ok()?.to_verbose_json().into_bytes())
}

/// The contents of ciphers, which holders of the key read.
pub fn sealed_object(data: &[u8]) {
    let key = SecretKey::from_bytes([7; 32]);
    let (Some(address), Some(wire)) = (address(), sealed(&key, data)) else { return };
    drop(template::open_template(&wire, &key, &address));
    drop(token::open_token(&wire, &key));
    drop(open_file_metadata(&wire, &key));
    let cipher_hash = base64url_encode(hash::sha512(&wire));
    let content = open_file_content(&wire, &cipher_hash, &key, &base64url_encode(hash::sha512(data)));
    assert_eq!(content.ok().as_deref(), Some(data));
    drop(open_own_creation_content(&wire, &key));
    if let Ok(index_key) = derive_key(&key, 1, DATAWALLET)
        && let Some(wire) = sealed(&index_key, data)
    {
        drop(datawallet::open_payload(&key, 1, &wire));
    }
    drop(SecretContent::from_json(data));
}

/// Data that is passed on unchanged: envelopes around ciphers, and signed texts.
pub fn envelope(data: &[u8]) {
    let (key, Some(address)) = (SecretKey::from_bytes([7; 32]), address()) else { return };
    drop(template::open_template(data, &key, &address));
    drop(token::open_token(data, &key));
    drop(open_file_metadata(data, &key));
    drop(FileMetadata::from_json(data));
    drop(datawallet::open_payload(&key, 1, data));
    drop(Cipher::from_json(data));
    let keypair = ExchangeKeypair::from_seed(&[7; 32]);
    let id = RelationshipTemplateId::new("RLT00000000000000000");
    drop(open_creation_content(&mut core_types::Randomness::system(), data, &keypair, &id, &address));
    drop(open_own_creation_content(data, &key));
    drop(RelationshipId::new(String::from_utf8_lossy(data)));
    if let Ok(container) = serde_json::from_slice::<SecretContainer>(data) {
        drop(container.open(&key));
        drop(container.open_device(&key));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        drop(Challenge::from_text(text));
        drop(SignedChallenge::from_parts(text, text));
    }
}
