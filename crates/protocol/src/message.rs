//! Messages (`docs/protocol/01 §9.10`): one key for the body, encrypted for each recipient under its relationship.

use core_types::{IdentityAddress, Reference, ReferenceKind, Timestamp};
use crypto::{Cipher, CryptoObject, RelationshipSecrets, SecretKey, Signature};
use rand::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{ProtocolError, ReceivedText, wire};

const WHAT: &str = "message";

/// A recipient of a message, with the relationship under which it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// Address of the recipient.
    pub address: &'a IdentityAddress,
    /// Keys of the relationship to the recipient.
    pub secrets: &'a RelationshipSecrets,
    /// A counter of that relationship's transmit state that was never used.
    pub counter: u32,
}

/// A message ready to be posted.
#[derive(Debug, Clone)]
pub struct SealedMessage {
    /// Decrypts the body; to be stored.
    pub secret_key: SecretKey,
    /// Wire bytes of `body`.
    pub body: Vec<u8>,
    /// The key, encrypted for each recipient, in the given order.
    pub recipients: Vec<SealedRecipient>,
}

/// The key of a message for one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct SealedRecipient {
    /// Address of the recipient.
    pub address: IdentityAddress,
    /// The encrypted key, as it is stored.
    pub cipher: Cipher,
}

impl SealedRecipient {
    /// Wire bytes of `encryptedKey`.
    #[must_use]
    pub fn encrypted_key_wire(&self) -> Vec<u8> {
        self.cipher.to_verbose_json().into_bytes()
    }
}

/// A message as the Backbone delivers it.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// Addresses with the wire bytes of their `encryptedKey`.
    pub recipients: &'a [(IdentityAddress, Vec<u8>)],
    /// Wire bytes of `body`.
    pub body: &'a [u8],
}

/// A received message that was decrypted and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedMessage {
    /// The content, as the sender wrote it.
    pub content: Value,
    /// The decrypted body, if the content does not cover all of it.
    pub received_text: Option<ReceivedText>,
    /// References to the attached files.
    pub attachments: Vec<Reference>,
    /// All recipients, as the sender signed them.
    pub recipients: Vec<IdentityAddress>,
    /// The time at which the message was created, by the sender's clock.
    pub created_at: Timestamp,
    /// Decrypts the body; to be stored.
    pub secret_key: SecretKey,
    /// The recipient's own encrypted key, as it is stored.
    pub encrypted_key: Cipher,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wrapper {
    #[serde(default)]
    attachments: Option<Vec<Reference>>,
    content: Value,
    created_at: Timestamp,
    recipients: Vec<IdentityAddress>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    message: String,
    signatures: Vec<RecipientSignature>,
}

#[derive(Serialize, Deserialize)]
struct RecipientSignature {
    recipient: IdentityAddress,
    #[serde(with = "signature_text")]
    signature: Signature,
}

/// The only place where a nested object is written as a string that contains its JSON.
mod signature_text {
    use serde::de::Error as _;

    use super::{CryptoObject, Deserialize, Deserializer, Serializer, Signature};

    pub(super) fn serialize<S: Serializer>(signature: &Signature, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&signature.to_json())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        Signature::from_json(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Signs a message for each recipient and encrypts it with a fresh key.
///
/// # Errors
/// [`ProtocolError::Crypto`] if signing or encryption fails.
pub fn seal_message(
    rng: &mut (impl CryptoRng + ?Sized),
    content: &Value,
    attachments: &[Reference],
    recipients: &[Recipient<'_>],
    created_at: Timestamp,
) -> Result<SealedMessage, ProtocolError> {
    let message = wrapper_text(content, attachments, recipients.iter().map(|recipient| recipient.address), created_at)?;
    let signatures = recipients
        .iter()
        .map(|recipient| {
            Ok(RecipientSignature {
                recipient: recipient.address.clone(),
                signature: recipient.secrets.sign(message.as_bytes())?,
            })
        })
        .collect::<Result<_, ProtocolError>>()?;
    let signed = wire::write_verbose("MessageSigned", &Signed { message, signatures })?;
    let secret_key = SecretKey::generate(rng);
    let key_text = Zeroizing::new(secret_key.to_json());
    let recipients = recipients
        .iter()
        .map(|recipient| {
            let cipher = recipient.secrets.transmit_state.encrypt_at(recipient.counter, key_text.as_bytes())?;
            Ok(SealedRecipient { address: recipient.address.clone(), cipher })
        })
        .collect::<Result<_, ProtocolError>>()?;
    let body = wire::seal(rng, &secret_key, signed)?;
    Ok(SealedMessage { secret_key, body, recipients })
}

/// The text to be signed.
fn wrapper_text<'a>(
    content: &Value,
    attachments: &[Reference],
    recipients: impl Iterator<Item = &'a IdentityAddress>,
    created_at: Timestamp,
) -> Result<String, ProtocolError> {
    let wrapper = Wrapper {
        attachments: Some(attachments.to_vec()),
        content: content.clone(),
        created_at,
        recipients: recipients.cloned().collect(),
    };
    wire::write_verbose("MessageContentWrapper", &wrapper)
}

/// Decrypts a received message with the keys of the relationship to its sender, and checks the sender's signature for
/// `own_address` and that `own_address` is among the signed recipients. Any counter is accepted, in any order: peers
/// repeat 0.
///
/// # Errors
/// [`ProtocolError::OwnAddressNotInList`], [`ProtocolError::SignatureListMismatch`],
/// [`ProtocolError::MessageSignatureNotValid`] or [`ProtocolError::PlaintextMismatch`] if a check fails;
/// [`ProtocolError::Crypto`] or [`ProtocolError::Malformed`] if the message cannot be decrypted or read.
pub fn open_message(
    own_address: &IdentityAddress,
    envelope: Envelope<'_>,
    secrets: &RelationshipSecrets,
) -> Result<OpenedMessage, ProtocolError> {
    let (_, encrypted_key) = envelope
        .recipients
        .iter()
        .find(|(address, _)| address == own_address)
        .ok_or(ProtocolError::OwnAddressNotInList)?;
    let encrypted_key = Cipher::from_json(encrypted_key)?;
    let secret_key = SecretKey::from_json(Zeroizing::new(secrets.receive_state.decrypt(&encrypted_key)?))?;
    let text = wire::open(&secret_key, envelope.body)?;
    let outer = wire::reading::<Signed>(WHAT, &text)?;
    let signed = &outer.value;
    let own_signature = signed
        .signatures
        .iter()
        .find(|signature| signature.recipient == *own_address)
        .ok_or(ProtocolError::SignatureListMismatch)?;
    let inner = wire::reading::<Wrapper>(WHAT, &signed.message)?;
    let received_text = ReceivedText::unless(outer.is_exact() && inner.is_exact(), &text);
    let wrapper = inner.value;
    if !secrets.verify_peer(signed.message.as_bytes(), &own_signature.signature)? {
        return Err(ProtocolError::MessageSignatureNotValid);
    }
    if !wrapper.recipients.contains(own_address) {
        return Err(ProtocolError::PlaintextMismatch);
    }
    let attachments = wrapper.attachments.unwrap_or_default();
    if attachments.iter().any(|attachment| attachment.kind() != ReferenceKind::File) {
        return Err(ProtocolError::Malformed("attachment of the message"));
    }
    Ok(OpenedMessage {
        content: wrapper.content,
        received_text,
        attachments,
        recipients: wrapper.recipients,
        created_at: wrapper.created_at,
        secret_key,
        encrypted_key,
    })
}
