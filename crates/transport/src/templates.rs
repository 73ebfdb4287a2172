//! Relationship templates (`docs/protocol/02 §9.8`).

use backbone_api::{
    Bytes, paths,
    templates::{
        CreateRelationshipTemplateRequest, CreateRelationshipTemplateResponse, RelationshipTemplate as BackboneTemplate,
    },
};
use core_types::{
    IdentityAddress, PasswordProtection, PasswordProtectionCreationParameters, Reference, RelationshipTemplateId,
    Timestamp,
};
use crypto::SecretKey;
use protocol::{template::TemplateKey, token::TokenContentRelationshipTemplate};
use serde_json::Value;
use store::{Filter, Query, Scan};

use crate::{
    backbone::Call,
    context::Context,
    documents::{Relationship, RelationshipTemplate},
    error::{Result, TransportError},
    events::TransportEvent,
    protected::{check_intended, password_parameter, with_password},
    unit_of_work::UnitOfWork,
};

/// The relationship templates of an account: its own, and loaded ones of peers.
#[derive(Debug, Clone)]
pub struct Templates {
    context: Context,
}

/// A template to create.
#[derive(Clone)]
pub struct SendTemplate {
    /// Free content for anyone who loads it.
    pub content: Value,
    /// The time until which it can be used.
    pub expires_at: Timestamp,
    /// The number of Identities that may load it.
    pub max_number_of_allocations: Option<u32>,
    /// The only Identity that may load it.
    pub for_identity: Option<IdentityAddress>,
    /// A password that is needed to load it.
    pub password_protection: Option<PasswordProtectionCreationParameters>,
}

/// Leaves out the content.
impl std::fmt::Debug for SendTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendTemplate")
            .field("expires_at", &self.expires_at)
            .field("for_identity", &self.for_identity)
            .finish_non_exhaustive()
    }
}

/// The data needed to load a peer's template.
struct Wanted {
    id: RelationshipTemplateId,
    secret_key: SecretKey,
    password_protection: Option<PasswordProtection>,
}

impl Templates {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// The template with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &RelationshipTemplateId) -> Result<Option<RelationshipTemplate>> {
        Ok(self.context.store().get(id.as_str()).await?)
    }

    /// All templates that match a query on the stored documents.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn find(&self, query: &Query) -> Result<Vec<RelationshipTemplate>> {
        Ok(self.context.store().find(query).await?)
    }

    /// Like [`find`](Self::find), one template after the other, however many there are.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn scan(&self, query: &Query) -> Result<Scan<RelationshipTemplate>> {
        Ok(self.context.store().scan(query).await?)
    }

    /// Creates a template.
    ///
    /// # Errors
    /// A failed call or a failure of the store.
    pub async fn send(&self, template: SendTemplate) -> Result<RelationshipTemplate> {
        let templates = self.clone();
        self.context.finish(async move { templates.send_now(template).await }).await
    }

    /// Loads a template of a peer by its reference; a stored one is taken from the store.
    ///
    /// # Errors
    /// `error.transport.noPasswordProvided`, `error.transport.general.notIntendedForYou`,
    /// `error.transport.signatureNotValid`, a failed call or a failure of the store.
    pub async fn load_by_reference(
        &self,
        reference: &Reference,
        password: Option<&str>,
    ) -> Result<RelationshipTemplate> {
        let wanted = Wanted {
            id: RelationshipTemplateId::new(reference.id.as_str()),
            secret_key: reference.key.clone(),
            password_protection: with_password(reference.password_protection.as_ref(), password)?,
        };
        self.load(wanted, reference.for_identity_truncated.as_deref()).await
    }

    /// Loads a template of a peer with the data from a token.
    ///
    /// # Errors
    /// As [`load_by_reference`](Self::load_by_reference).
    pub async fn load_by_token_content(
        &self,
        content: &TokenContentRelationshipTemplate,
        password: Option<&str>,
    ) -> Result<RelationshipTemplate> {
        let wanted = Wanted {
            id: content.template_id.clone(),
            secret_key: content.secret_key.clone(),
            password_protection: with_password(content.password_protection.as_ref(), password)?,
        };
        self.load(wanted, content.for_identity.as_ref().map(IdentityAddress::as_str)).await
    }

    /// Deletes a template; if this Identity created it, at the Backbone as well.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, a failed call or a failure of the store.
    pub async fn delete(&self, id: &RelationshipTemplateId) -> Result<()> {
        let (templates, id) = (self.clone(), id.clone());
        self.context.finish(async move { templates.delete_now(&id).await }).await
    }

    /// Replaces the free data of the user.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn set_metadata(&self, id: &RelationshipTemplateId, metadata: Value) -> Result<RelationshipTemplate> {
        let mut unit = self.context.unit_of_work().await?;
        let mut template: RelationshipTemplate = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        template.metadata = Some(metadata);
        template.metadata_modified_at = Some(self.context.clock().now());
        unit.replace(&template).await?;
        unit.commit().await?;
        Ok(template)
    }

    /// Deletes the templates of a decomposed relationship: the one it came from, unless others can still use that, and
    /// all other templates of the peer.
    pub(crate) async fn cleanup(&self, unit: &mut UnitOfWork, relationship: &Relationship) -> Result<()> {
        let id = relationship.template_id.as_str();
        if let Some(template) = unit.get::<RelationshipTemplate>(id).await?
            && (!template.is_own || template.max_number_of_allocations == Some(1))
        {
            unit.delete::<RelationshipTemplate>(id).await?;
        }
        let of_peer = Query::new(Filter::eq("createdBy", relationship.peer.address.as_str()));
        for template in unit.transaction().find::<RelationshipTemplate>(&of_peer).await? {
            unit.delete::<RelationshipTemplate>(template.id.as_str()).await?;
        }
        Ok(())
    }

    async fn send_now(&self, new: SendTemplate) -> Result<RelationshipTemplate> {
        let context = &self.context;
        let key = TemplateKey::generate(&mut context.randomness());
        let sealed = protocol::template::seal_template(
            &mut context.randomness(),
            &new.content,
            context.identity(),
            &key.to_public(),
            &context.keys().identity_signature,
        )?;
        let password_protection =
            new.password_protection.map(|parameters| PasswordProtection::create(&mut context.randomness(), parameters));
        let request = CreateRelationshipTemplateRequest {
            expires_at: Some(new.expires_at),
            max_number_of_allocations: new.max_number_of_allocations.map(i64::from),
            for_identity: new.for_identity.clone(),
            password: context.password_hashing().hash_bytes(password_protection.as_ref()).await?,
            content: Bytes(sealed.wire),
        };
        // The private key is stored before anybody can use the public one.
        let mut unit = context.unit_of_work().await?;
        context.store_secret(&mut unit, key.id.as_str(), &key.keypair.clone().into()).await?;
        unit.commit().await?;

        let response: Result<CreateRelationshipTemplateResponse> =
            context.backbone().result(Call::post(paths::TEMPLATES, &request)?).await;
        let response = match response {
            Ok(response) => response,
            Err(error) => {
                let mut unit = context.unit_of_work().await?;
                context.delete_active_secret(&mut unit, key.id.as_str()).await?;
                unit.commit().await?;
                return Err(error);
            }
        };
        let template = RelationshipTemplate {
            content: new.content,
            created_at: response.created_at,
            created_by: context.identity().address.clone(),
            created_by_device: context.device().await?.id,
            expires_at: Some(new.expires_at),
            for_identity: new.for_identity,
            id: response.id,
            identity: context.identity().clone(),
            is_own: true,
            max_number_of_allocations: new.max_number_of_allocations.map(i64::from),
            metadata: None,
            metadata_modified_at: None,
            password_protection,
            received_text: None,
            secret_key: sealed.secret_key,
            template_key: key.to_public(),
        };
        let mut unit = context.unit_of_work().await?;
        unit.insert(&template).await?;
        unit.commit().await?;
        Ok(template)
    }

    async fn load(&self, wanted: Wanted, for_identity: Option<&str>) -> Result<RelationshipTemplate> {
        if self.get(&wanted.id).await?.is_none() {
            check_intended(&self.context, for_identity, wanted.id.as_str())?;
        }
        let templates = self.clone();
        self.context.finish(async move { templates.load_now(wanted).await }).await
    }

    async fn load_now(&self, wanted: Wanted) -> Result<RelationshipTemplate> {
        let stored = self.get(&wanted.id).await?;
        let template = match stored {
            Some(template) => template,
            None => self.fetch(wanted).await?,
        };
        let mut unit = self.context.unit_of_work().await?;
        // Another caller may have loaded, or changed, it in the meantime.
        let template = match unit.get(template.id.as_str()).await? {
            Some(stored) => stored,
            None => {
                unit.insert(&template).await?;
                template
            }
        };
        if !template.is_own {
            unit.publish(&TransportEvent::PeerRelationshipTemplateLoaded(template.clone())).await?;
        }
        unit.commit().await?;
        Ok(template)
    }

    async fn fetch(&self, wanted: Wanted) -> Result<RelationshipTemplate> {
        let password = password_parameter(&self.context, wanted.password_protection.as_ref()).await?;
        let call = Call::get(paths::with_id(paths::TEMPLATE, wanted.id.as_str())).query("password", password);
        let fetched: BackboneTemplate = self.context.backbone().result(call).await?;
        if fetched.id != wanted.id {
            return Err(TransportError::invariant("the Backbone sent another RelationshipTemplate than asked for"));
        }
        let opened =
            protocol::template::open_template(fetched.content.as_slice(), &wanted.secret_key, &fetched.created_by)?;
        Ok(RelationshipTemplate {
            content: opened.content,
            created_at: fetched.created_at,
            is_own: self.context.is_me(&fetched.created_by),
            created_by: fetched.created_by,
            created_by_device: fetched.created_by_device,
            expires_at: fetched.expires_at,
            for_identity: fetched.for_identity,
            id: wanted.id,
            identity: opened.identity,
            max_number_of_allocations: fetched.max_number_of_allocations,
            metadata: None,
            metadata_modified_at: None,
            password_protection: wanted.password_protection,
            received_text: opened.received_text.map(Into::into),
            secret_key: wanted.secret_key,
            template_key: opened.template_key,
        })
    }

    async fn delete_now(&self, id: &RelationshipTemplateId) -> Result<()> {
        let template = self.get(id).await?.ok_or_else(|| not_found(id))?;
        if template.is_own {
            self.context.backbone().deleted(Call::delete(paths::with_id(paths::TEMPLATE, id.as_str()))).await?;
        }
        let mut unit = self.context.unit_of_work().await?;
        unit.delete::<RelationshipTemplate>(id.as_str()).await?;
        unit.commit().await
    }
}

fn not_found(id: &RelationshipTemplateId) -> TransportError {
    TransportError::record_not_found("RelationshipTemplate", id)
}
