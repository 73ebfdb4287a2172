use crypto::{
    Cipher, CryptoObject, ExchangeKeypair, ExchangePrivateKey, ExchangePublicKey, PrivateStateReceive,
    PrivateStateTransmit, PublicState, RelationshipPublicRequest, RelationshipPublicResponse,
    RelationshipRequestSecrets, RelationshipSecrets, RelationshipTemplatePublicKey, SecretKey, Signature,
    SignatureKeypair, SignaturePrivateKey, SignaturePublicKey,
};

/// Checks that an object that was read can be written and read again.
fn read<T: CryptoObject>(data: &[u8]) {
    if let Ok(object) = T::from_json(data) {
        let text = object.to_verbose_json();
        assert_eq!(T::from_json(&text).map(|again| again.to_verbose_json()).ok(), Some(text), "{}", T::TYPE);
    }
}

macro_rules! read_as {
    ($data:expr; $($type:ty),* $(,)?) => {$(read::<$type>($data);)*};
}

/// Keys, ciphers, signatures and the secrets of relationships.
pub fn crypto_object(data: &[u8]) {
    read_as!(data;
        Cipher, ExchangeKeypair, ExchangePrivateKey, ExchangePublicKey, PrivateStateReceive, PrivateStateTransmit, PublicState,
        RelationshipPublicRequest, RelationshipPublicResponse, RelationshipRequestSecrets, RelationshipSecrets,
        RelationshipTemplatePublicKey, SecretKey, Signature, SignatureKeypair, SignaturePrivateKey, SignaturePublicKey,
    );
    let key = SecretKey::from_bytes([7; 32]);
    if let Ok(cipher) = Cipher::from_json(data) {
        drop(key.decrypt(&cipher));
    }
    if let Ok(signature) = Signature::from_json(data) {
        let keypair = SignatureKeypair::from_seed(&[7; 32]);
        assert!(!keypair.public_key.verify(b"text", &signature).unwrap_or_default());
    }
}
