use core_types::{IdentityAddress, RelationshipId, RelationshipTemplateId};
use crypto::RelationshipSecrets;
use protocol::identity::{Identity, NewIdentity};
use protocol::relationship::{
    AnsweredTemplate, complete_request, create_request, open_creation_content, seal_creation_response,
};
use protocol::template::TemplateKey;
use serde_json::{Value, json};

/// A new identity on `localhost`.
pub(crate) struct Person {
    pub(crate) keys: NewIdentity,
    pub(crate) identity: Identity,
}

impl Person {
    pub(crate) fn new() -> Self {
        let keys = NewIdentity::generate(&mut core_types::Randomness::system());
        let identity =
            Identity { address: keys.address("localhost"), public_key: keys.identity_keypair.public_key.clone() };
        Self { keys, identity }
    }

    pub(crate) fn address(&self) -> &IdentityAddress {
        &self.identity.address
    }
}

/// A relationship that was requested with `content` and accepted.
pub(crate) struct Related {
    pub(crate) requestor: Person,
    pub(crate) templator: Person,
    pub(crate) requestor_secrets: RelationshipSecrets,
    pub(crate) templator_secrets: RelationshipSecrets,
    pub(crate) received_content: Value,
}

impl Related {
    pub(crate) fn new() -> Self {
        Self::with_content(&json!({}))
    }

    pub(crate) fn with_content(content: &Value) -> Self {
        let (requestor, templator) = (Person::new(), Person::new());
        let rng = &mut core_types::Randomness::system();
        let template_id = RelationshipTemplateId::generate(rng);
        let relationship_id = RelationshipId::generate(rng);
        let template_key = TemplateKey::generate(rng);
        let template =
            AnsweredTemplate { id: &template_id, key: &template_key.to_public(), identity: &templator.identity };
        let device_key = &requestor.keys.device_keypair.private_key;
        let request = create_request(rng, template, content, &requestor.identity, device_key).unwrap();
        let received = open_creation_content(
            rng,
            &request.creation_content,
            &template_key.keypair,
            &template_id,
            requestor.address(),
        )
        .unwrap();
        let device_key = &templator.keys.device_keypair.private_key;
        let response = seal_creation_response(&received.secrets, 0, &relationship_id, None, device_key).unwrap();
        let requestor_secrets = complete_request(&request.secrets, &response, &relationship_id).unwrap();
        Self {
            requestor,
            templator,
            requestor_secrets,
            templator_secrets: received.secrets,
            received_content: received.content,
        }
    }
}
