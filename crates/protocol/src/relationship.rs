//! The handshake that establishes a relationship (`docs/protocol/01 §9.9`).
//!
//! The requestor answers a template with [`create_request`]; the templator reads it with [`open_creation_content`] and
//! accepts with [`seal_creation_response`]; the requestor finishes with [`complete_request`].

use core_types::{IdentityAddress, RelationshipId, RelationshipTemplateId};
use crypto::{
    Cipher, ExchangeKeypair, HashLabel, RelationshipPublicRequest, RelationshipPublicResponse,
    RelationshipRequestSecrets, RelationshipSecrets, RelationshipTemplatePublicKey, SecretKey, Signature,
    SignaturePrivateKey,
};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::identity::Identity;
use crate::{ProtocolError, Received, ReceivedText, nested, wire};

const CREATION_CONTENT: &str = "relationship creation content";
const CREATION_RESPONSE: &str = "relationship creation response";

/// The peer's template to which a request answers.
#[derive(Debug, Clone, Copy)]
pub struct AnsweredTemplate<'a> {
    /// The template.
    pub id: &'a RelationshipTemplateId,
    /// Its exchange key.
    pub key: &'a RelationshipTemplatePublicKey,
    /// Its creator.
    pub identity: &'a Identity,
}

/// A relationship request ready to be posted.
#[derive(Debug, Clone)]
pub struct RelationshipRequest {
    /// Kept until the templator has answered.
    pub secrets: RelationshipRequestSecrets,
    /// Wire bytes of `creationContent`.
    pub creation_content: Vec<u8>,
}

/// A relationship request that was decrypted and checked.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// The templator's keys for the relationship.
    pub secrets: RelationshipSecrets,
    /// The content, as the requestor wrote it.
    pub content: Value,
    /// The decrypted request, if the content does not cover all of it.
    pub received_text: Option<ReceivedText>,
    /// The requestor.
    pub identity: Identity,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentWrapper {
    content: Value,
    #[serde(deserialize_with = "nested::identity")]
    identity: Identity,
    template_id: RelationshipTemplateId,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentSigned {
    #[serde(deserialize_with = "nested::object")]
    device_signature: Signature,
    #[serde(deserialize_with = "nested::object")]
    relationship_signature: Signature,
    serialized_creation_content: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentCipher {
    #[serde(deserialize_with = "nested::object")]
    cipher: Cipher,
    #[serde(deserialize_with = "nested::object")]
    public_creation_content_crypto: RelationshipPublicRequest,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseWrapper {
    /// Content that used to accompany an acceptance. It is no longer read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
    relationship_id: RelationshipId,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseSigned {
    #[serde(deserialize_with = "nested::object")]
    device_signature: Signature,
    #[serde(deserialize_with = "nested::object")]
    relationship_signature: Signature,
    serialized_creation_response_content: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseCipher {
    #[serde(deserialize_with = "nested::object")]
    cipher: Cipher,
    #[serde(deserialize_with = "nested::object")]
    public_creation_response_content_crypto: RelationshipPublicResponse,
}

/// Requestor: generates the keys of a request and seals its content.
///
/// # Errors
/// [`ProtocolError::Crypto`] if the template key is unusable or signing or encryption fails.
pub fn create_request(
    rng: &mut (impl CryptoRng + ?Sized),
    template: AnsweredTemplate<'_>,
    content: &Value,
    own_identity: &Identity,
    device_key: &SignaturePrivateKey,
) -> Result<RelationshipRequest, ProtocolError> {
    let secrets = crypto::create_request(rng, template.key.clone(), template.identity.public_key.clone())?;
    let wrapper =
        ContentWrapper { content: content.clone(), identity: own_identity.clone(), template_id: template.id.clone() };
    let serialized_creation_content = wire::write_verbose("RelationshipCreationContentWrapper", &wrapper)?;
    let signed = ContentSigned {
        device_signature: device_key.sign(serialized_creation_content.as_bytes(), HashLabel::Sha512)?,
        relationship_signature: secrets.sign(serialized_creation_content.as_bytes())?,
        serialized_creation_content,
    };
    let cipher = secrets.secret_key.encrypt(rng, wire::write(CREATION_CONTENT, &signed)?.as_bytes())?;
    let sealed = ContentCipher { cipher, public_creation_content_crypto: secrets.to_public_request() };
    Ok(RelationshipRequest {
        secrets,
        creation_content: wire::write_verbose("RelationshipCreationContentCipher", &sealed)?.into_bytes(),
    })
}

/// Templator: derives the keys of the relationship (generating its own) and decrypts the content. Checks the
/// relationship signature, that the requestor's address belongs to its key, that it is the one that the Backbone named
/// (`from`), and that the request was made for this template. The device signature cannot be checked by peers, as they
/// do not know each other's device keys.
///
/// # Errors
/// [`ProtocolError::SignatureNotValid`], [`ProtocolError::AddressDoesNotMatchPublicKey`],
/// [`ProtocolError::UnexpectedIdentity`] or [`ProtocolError::TemplateMismatch`] if a check fails;
/// [`ProtocolError::Crypto`] or [`ProtocolError::Malformed`] if the content cannot be decrypted or read.
pub fn open_creation_content(
    rng: &mut (impl CryptoRng + ?Sized),
    wire: &[u8],
    template_keypair: &ExchangeKeypair,
    template_id: &RelationshipTemplateId,
    from: &IdentityAddress,
) -> Result<ReceivedRequest, ProtocolError> {
    let sealed: ContentCipher = wire::read(CREATION_CONTENT, wire)?;
    let request = &sealed.public_creation_content_crypto;
    let secrets = crypto::accept_request(rng, request, template_keypair)?;
    let Received { value: wrapper, text: received_text } = open_wrapper(&sealed, &secrets.request_secret_key)?;
    wrapper.identity.check_named(from)?;
    if wrapper.template_id != *template_id {
        return Err(ProtocolError::TemplateMismatch);
    }
    Ok(ReceivedRequest { secrets, content: wrapper.content, received_text, identity: wrapper.identity })
}

/// Requestor: reads back the content of its own request, for instance after a posted request was lost locally.
///
/// # Errors
/// As [`open_creation_content`], without the checks of identity and template.
pub fn open_own_creation_content(wire: &[u8], request_key: &SecretKey) -> Result<Value, ProtocolError> {
    let sealed: ContentCipher = wire::read(CREATION_CONTENT, wire)?;
    open_wrapper(&sealed, request_key).map(|wrapper| wrapper.value.content)
}

fn open_wrapper(sealed: &ContentCipher, request_key: &SecretKey) -> Result<Received<ContentWrapper>, ProtocolError> {
    let plaintext = request_key.decrypt(&sealed.cipher)?;
    let outer = wire::reading::<ContentSigned>(CREATION_CONTENT, &plaintext)?;
    let signed = &outer.value;
    let text = &signed.serialized_creation_content;
    if !sealed.public_creation_content_crypto.signature_key.verify(text.as_bytes(), &signed.relationship_signature)? {
        return Err(ProtocolError::SignatureNotValid("relationshipCreationContent"));
    }
    let inner = wire::reading(CREATION_CONTENT, text)?;
    let is_exact = outer.is_exact() && inner.is_exact();
    Ok(Received::new(inner.value, is_exact, &plaintext))
}

/// Templator: seals the response that accepts the relationship. `counter` is a counter of the transmit state that was
/// never used. `content` is for older peers: current ones do not decrypt the response.
///
/// # Errors
/// [`ProtocolError::Crypto`] if signing or encryption fails.
pub fn seal_creation_response(
    secrets: &RelationshipSecrets,
    counter: u32,
    relationship_id: &RelationshipId,
    content: Option<&Value>,
    device_key: &SignaturePrivateKey,
) -> Result<Vec<u8>, ProtocolError> {
    let wrapper = ResponseWrapper { content: content.cloned(), relationship_id: relationship_id.clone() };
    let serialized_creation_response_content =
        wire::write_verbose("RelationshipCreationResponseContentWrapper", &wrapper)?;
    let signed = ResponseSigned {
        device_signature: device_key.sign(serialized_creation_response_content.as_bytes(), HashLabel::Sha512)?,
        relationship_signature: secrets.sign(serialized_creation_response_content.as_bytes())?,
        serialized_creation_response_content,
    };
    let cipher = secrets.transmit_state.encrypt_at(counter, wire::write(CREATION_RESPONSE, &signed)?.as_bytes())?;
    let sealed = ResponseCipher { cipher, public_creation_response_content_crypto: secrets.to_public_response() };
    Ok(wire::write_verbose("RelationshipCreationResponseContentCipher", &sealed)?.into_bytes())
}

/// The counter that an acceptance was encrypted with; `None` if it cannot be read.
#[must_use]
pub fn counter_of_response(wire: &[u8]) -> Option<u32> {
    let sealed: ResponseCipher = wire::read(CREATION_RESPONSE, wire).ok()?;
    sealed.cipher.counter().map(|counter| counter.to_u32())
}

/// Requestor: turns the request's keys into those of the relationship. Unlike the existing implementation it also
/// decrypts the response, which shows that its sender could read the request, and checks the relationship signature and
/// the relationship it was made for.
///
/// # Errors
/// [`ProtocolError::SignatureNotValid`] or [`ProtocolError::RelationshipMismatch`] if a check fails;
/// [`ProtocolError::Crypto`] or [`ProtocolError::Malformed`] if the response cannot be decrypted or read.
pub fn complete_request(
    request: &RelationshipRequestSecrets,
    wire: &[u8],
    relationship_id: &RelationshipId,
) -> Result<RelationshipSecrets, ProtocolError> {
    let sealed: ResponseCipher = wire::read(CREATION_RESPONSE, wire)?;
    let secrets = crypto::complete_request(request, &sealed.public_creation_response_content_crypto)?;
    let signed: ResponseSigned = wire::read(CREATION_RESPONSE, secrets.receive_state.decrypt(&sealed.cipher)?)?;
    let text = &signed.serialized_creation_response_content;
    if !secrets.verify_peer(text.as_bytes(), &signed.relationship_signature)? {
        return Err(ProtocolError::SignatureNotValid("relationshipCreationResponseContent"));
    }
    let wrapper: ResponseWrapper = wire::read(CREATION_RESPONSE, text)?;
    if wrapper.relationship_id != *relationship_id {
        return Err(ProtocolError::RelationshipMismatch);
    }
    Ok(secrets)
}
