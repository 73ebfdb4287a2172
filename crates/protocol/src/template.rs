//! Relationship templates (`docs/protocol/01 §9.6`).

use core_types::{IdentityAddress, RelationshipTemplateKeyId};
use crypto::{ExchangeKeypair, HashLabel, RelationshipTemplatePublicKey, SecretKey, Signature, SignaturePrivateKey};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::identity::Identity;
use crate::{ProtocolError, ReceivedText, nested, wire};

const WHAT: &str = "relationship template";

/// The exchange key of a template with the name under which its owner keeps the private half.
#[derive(Debug, Clone)]
pub struct TemplateKey {
    /// Name of the secret.
    pub id: RelationshipTemplateKeyId,
    /// The keypair to store.
    pub keypair: ExchangeKeypair,
}

impl TemplateKey {
    /// Generates a key for a new template.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self { id: RelationshipTemplateKeyId::generate(rng), keypair: ExchangeKeypair::generate(rng) }
    }

    /// The public part, which is sent inside the template.
    #[must_use]
    pub fn to_public(&self) -> RelationshipTemplatePublicKey {
        RelationshipTemplatePublicKey { id: self.id.as_str().to_owned(), key: self.keypair.public_key.clone() }
    }
}

/// A template ready to be posted.
#[derive(Debug, Clone)]
pub struct SealedTemplate {
    /// Decrypts the template; part of references.
    pub secret_key: SecretKey,
    /// Wire bytes of `content`.
    pub wire: Vec<u8>,
}

/// A template that was decrypted and whose signature and identity were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedTemplate {
    /// The content, as the creator wrote it.
    pub content: Value,
    /// The decrypted template, if the content does not cover all of it.
    pub received_text: Option<ReceivedText>,
    /// The creator.
    pub identity: Identity,
    /// Key for a relationship request.
    pub template_key: RelationshipTemplatePublicKey,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wrapper {
    content: Value,
    identity: Identity,
    #[serde(deserialize_with = "nested::object")]
    template_key: RelationshipTemplatePublicKey,
}

/// On the wire, `device_signature` is the name of the signature by the identity key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    #[serde(deserialize_with = "nested::object")]
    device_signature: Signature,
    serialized_template: String,
}

/// Wraps, signs and encrypts a template with a fresh key.
///
/// # Errors
/// [`ProtocolError::Crypto`] if signing or encryption fails.
pub fn seal_template(
    rng: &mut (impl CryptoRng + ?Sized),
    content: &Value,
    identity: &Identity,
    template_key: &RelationshipTemplatePublicKey,
    identity_key: &SignaturePrivateKey,
) -> Result<SealedTemplate, ProtocolError> {
    let wrapper = Wrapper { content: content.clone(), identity: identity.clone(), template_key: template_key.clone() };
    let serialized_template = wire::write_verbose("RelationshipTemplateContentWrapper", &wrapper)?;
    let device_signature = identity_key.sign(serialized_template.as_bytes(), HashLabel::Sha512)?;
    let signed = wire::write_verbose("RelationshipTemplateSigned", &Signed { device_signature, serialized_template })?;
    let secret_key = SecretKey::generate(rng);
    let wire = wire::seal(rng, &secret_key, signed)?;
    Ok(SealedTemplate { secret_key, wire })
}

/// Decrypts a template and checks its signature, that the creator's address belongs to the signing key, and that the
/// creator is the one that the Backbone named (`created_by`).
///
/// # Errors
/// [`ProtocolError::SignatureNotValid`], [`ProtocolError::AddressDoesNotMatchPublicKey`] or
/// [`ProtocolError::UnexpectedIdentity`] if a check fails; [`ProtocolError::Crypto`] or [`ProtocolError::Malformed`] if
/// the template cannot be decrypted or read.
pub fn open_template(
    wire: &[u8],
    secret_key: &SecretKey,
    created_by: &IdentityAddress,
) -> Result<OpenedTemplate, ProtocolError> {
    let text = wire::open(secret_key, wire)?;
    let outer = wire::reading::<Signed>(WHAT, &text)?;
    let signed = &outer.value;
    let inner = wire::reading::<Wrapper>(WHAT, &signed.serialized_template)?;
    let received_text = ReceivedText::unless(outer.is_exact() && inner.is_exact(), &text);
    let wrapper = inner.value;
    if !wrapper.identity.public_key.verify(signed.serialized_template.as_bytes(), &signed.device_signature)? {
        return Err(ProtocolError::SignatureNotValid("template"));
    }
    wrapper.identity.check_named(created_by)?;
    Ok(OpenedTemplate {
        content: wrapper.content,
        received_text,
        identity: wrapper.identity,
        template_key: wrapper.template_key,
    })
}
