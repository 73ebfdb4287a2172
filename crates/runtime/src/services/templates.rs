use std::time::Duration;

use core_types::{
    FileId, PasswordProtection, PasswordProtectionCreationParameters, PasswordType, Reference, ReferenceKind,
    RelationshipTemplateId,
};
use protocol::token::{TokenContent, TokenContentRelationshipTemplate};
use transport::documents::RelationshipTemplate;
use transport::{Account, SendTemplate, SendToken};

use super::attributes::known_tags;
use super::{exposed, found, push_datawallet};
use crate::content_check::{self, OfferedFile, TemplateFacts};
use crate::dto::{RelationshipTemplateDto, TokenDto};
use crate::error::{ApplicationError, RuntimeError};
use crate::input::{
    CreateOwnRelationshipTemplateRequest, CreateTokenForTemplateRequest, LoadPeerRelationshipTemplateRequest,
};
use crate::listing::Listing;
use crate::query::{self, Ownership, Resource};
use crate::validation::check_id;
use crate::validation::pattern::Pattern;

/// Lifetime of a Token for a template that does not expire: 12 days.
const DEFAULT_TOKEN_LIFE: Duration = Duration::from_hours(12 * 24);

/// Use cases on RelationshipTemplates (`docs/protocol/06-rest-api.md` §5.10).
#[derive(Debug, Clone)]
pub struct RelationshipTemplatesService {
    pub(super) account: Account,
}

impl RelationshipTemplatesService {
    /// Creates a template.
    ///
    /// # Errors
    /// Those of the content check, failures of the Backbone and the store.
    pub async fn create_own(
        &self,
        request: CreateOwnRelationshipTemplateRequest,
    ) -> Result<RelationshipTemplateDto, ApplicationError> {
        let known_tags = known_tags(&self.account, &request.content).await?;
        let facts = TemplateFacts {
            expires_at: request.expires_at,
            own_address: &self.account.identity().address,
            now: self.account.clock().now(),
            known_tags: &known_tags,
        };
        let content = content_check::check_template_content(&request.content, facts)?;
        for file in content_check::offered_files(&content) {
            self.check_offered_file(file).await?;
        }
        let template = SendTemplate {
            content: content.into_value(),
            expires_at: request.expires_at,
            max_number_of_allocations: request.max_number_of_allocations,
            for_identity: request.for_identity,
            password_protection: request.password_protection,
        };
        let template = self.account.templates().send(template).await?;
        push_datawallet(&self.account).await;
        Ok(self.dto(&template))
    }

    /// Loads a template of a peer, named by its reference or by one to a Token that holds it.
    ///
    /// # Errors
    /// `error.runtime.invalidTokenContent` if the Token holds something else, failures of the Backbone (wrong password:
    /// `error.runtime.recordNotFound`) and the store, `error.transport.*` if it is unreadable or not for the own
    /// Identity.
    pub async fn load_peer(
        &self,
        request: LoadPeerRelationshipTemplateRequest,
    ) -> Result<RelationshipTemplateDto, ApplicationError> {
        let password = exposed(request.password.as_ref());
        let templates = self.account.templates();
        let template = if request.reference.kind() == ReferenceKind::RelationshipTemplate {
            templates.load_by_reference(&request.reference, password).await?
        } else {
            let token = self.account.tokens().load_by_reference(&request.reference, password, true).await?;
            let Ok(TokenContent::RelationshipTemplate(content)) = TokenContent::from_value(token.content) else {
                return Err(RuntimeError::InvalidTokenContent.into());
            };
            templates.load_by_token_content(&content, password).await?
        };
        push_datawallet(&self.account).await;
        Ok(self.dto(&template))
    }

    /// Lists templates.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` for an invalid query, a failure of the store.
    pub async fn list(
        &self,
        ownership: Ownership,
        query: &[(String, String)],
    ) -> Result<Listing<RelationshipTemplateDto>, ApplicationError> {
        let query = query::parse_list(Resource::RelationshipTemplates, ownership, query)?;
        let base_url = self.account.config().base_url.clone();
        Listing::new(self.account.templates().scan(&query).await, move |found| {
            RelationshipTemplateDto::new(found, &base_url)
        })
    }

    /// One template.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`.
    pub async fn get(&self, id: &str) -> Result<RelationshipTemplateDto, ApplicationError> {
        check_id("id", Pattern::RelationshipTemplateId, id)?;
        let template = self.account.templates().get(&RelationshipTemplateId::new(id)).await?;
        Ok(self.dto(&found(template, "RelationshipTemplate")?))
    }

    /// Deletes a template; an own one at the Backbone too.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, failures of the Backbone and the store.
    pub async fn delete(&self, id: &str) -> Result<(), ApplicationError> {
        check_id("id", Pattern::RelationshipTemplateId, id)?;
        let template = self.account.templates().get(&RelationshipTemplateId::new(id)).await?;
        let template = found(template, "RelationshipTemplate")?;
        self.account.templates().delete(&template.id).await?;
        push_datawallet(&self.account).await;
        Ok(())
    }

    /// Creates a Token that leads to an own template. The template's protection applies to the Token too.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, `error.runtime.relationshipTemplates.{cannotCreateTokenForPeerTemplate,
    /// personalizationMustBeInherited, passwordProtectionMustBeInherited}`, failures of the Backbone and the store.
    pub async fn create_token(&self, request: CreateTokenForTemplateRequest) -> Result<TokenDto, ApplicationError> {
        let template = self.account.templates().get(&request.template_id).await?;
        let template = found(template, "RelationshipTemplate")?;
        let options = request.options;
        if !template.is_own {
            return Err(RuntimeError::CannotCreateTokenForPeerTemplate.into());
        }
        if template.for_identity.is_some() && template.for_identity != options.for_identity {
            return Err(RuntimeError::PersonalizationMustBeInherited.into());
        }
        if let Some(protection) = &template.password_protection
            && !options.password_protection.as_ref().is_some_and(|given| is_same_protection(protection, given))
        {
            return Err(RuntimeError::PasswordProtectionMustBeInherited.into());
        }
        let default_expiry = || self.account.clock().now().saturating_add(DEFAULT_TOKEN_LIFE);
        let token = SendToken {
            expires_at: request.expires_at.or(template.expires_at).unwrap_or_else(default_expiry),
            content: TokenContent::RelationshipTemplate(TokenContentRelationshipTemplate {
                for_identity: template.for_identity,
                password_protection: template.password_protection.as_ref().map(PasswordProtection::to_shared),
                secret_key: template.secret_key,
                template_id: template.id,
            }),
            ephemeral: options.ephemeral,
            for_identity: options.for_identity,
            password_protection: options.password_protection,
        };
        let token = self.account.tokens().send(token).await?;
        if !options.ephemeral {
            push_datawallet(&self.account).await;
        }
        Ok(TokenDto::new(&token, options.ephemeral, &self.account.config().base_url))
    }

    /// Only an existing own File can be offered, and only with the token that lets the peer take it over.
    async fn check_offered_file(&self, offered: OfferedFile<'_>) -> Result<(), ApplicationError> {
        let id = Reference::parse(offered.reference).map(|reference| FileId::new(reference.id));
        let id = id.map_err(|_| content_check::invalid_items())?;
        let (files, now) = (self.account.files(), self.account.clock().now());
        let file = files.get(&id).await?.filter(|file| file.is_own && file.expires_at > now);
        let is_offered = match file {
            Some(_) => files.validate_ownership_token(&id, offered.ownership_token).await?,
            None => false,
        };
        if is_offered { Ok(()) } else { Err(content_check::invalid_items()) }
    }

    fn dto(&self, template: &RelationshipTemplate) -> RelationshipTemplateDto {
        RelationshipTemplateDto::new(template, &self.account.config().base_url)
    }
}

fn is_same_protection(protection: &PasswordProtection, given: &PasswordProtectionCreationParameters) -> bool {
    let (password, indicator) = (protection.password.as_str(), protection.password_location_indicator);
    let own = match protection.password_type {
        PasswordType::Password => PasswordProtectionCreationParameters::password(password, indicator),
        PasswordType::Pin(_) => PasswordProtectionCreationParameters::pin(password, indicator),
    };
    own.is_ok_and(|own| own == *given)
}
