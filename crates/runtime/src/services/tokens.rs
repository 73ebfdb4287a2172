use core_types::TokenId;
use protocol::token::TokenContent;
use transport::{Account, SendToken};

use super::{exposed, found, push_datawallet};
use crate::content_check;
use crate::dto::TokenDto;
use crate::error::{ApplicationError, RuntimeError};
use crate::input::{CreateOwnTokenRequest, LoadPeerTokenRequest};
use crate::listing::Listing;
use crate::query::{self, Ownership, Resource};
use crate::validation::check_id;
use crate::validation::pattern::Pattern;

/// Use cases on Tokens (`docs/protocol/06-rest-api.md` §5.13).
#[derive(Debug, Clone)]
pub struct TokensService {
    pub(super) account: Account,
}

impl TokensService {
    /// Creates a Token.
    ///
    /// # Errors
    /// `error.runtime.invalidTokenContent`, failures of the Backbone and the store.
    pub async fn create_own(&self, request: CreateOwnTokenRequest) -> Result<TokenDto, ApplicationError> {
        let content = content_check::check_token_content(&request.content, self.account.clock().now())?;
        let content =
            TokenContent::from_value(content).map_err(|_| ApplicationError::from(RuntimeError::InvalidTokenContent))?;
        let options = request.options;
        let token = SendToken {
            content,
            expires_at: request.expires_at,
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

    /// Loads a Token of a peer.
    ///
    /// # Errors
    /// Failures of the Backbone (wrong password: `error.runtime.recordNotFound`) and the store, `error.transport.*` if
    /// the Token is empty, unreadable or not for the own Identity.
    pub async fn load_peer(&self, request: LoadPeerTokenRequest) -> Result<TokenDto, ApplicationError> {
        let password = exposed(request.password.as_ref());
        let token = self.account.tokens().load_by_reference(&request.reference, password, request.ephemeral).await?;
        if !request.ephemeral {
            push_datawallet(&self.account).await;
        }
        Ok(TokenDto::new(&token, request.ephemeral, &self.account.config().base_url))
    }

    /// Lists the Tokens that were kept.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` for an invalid query, a failure of the store.
    pub async fn list(
        &self,
        ownership: Ownership,
        query: &[(String, String)],
    ) -> Result<Listing<TokenDto>, ApplicationError> {
        let query = query::parse_list(Resource::Tokens, ownership, query)?;
        let base_url = self.account.config().base_url.clone();
        Listing::new(self.account.tokens().scan(&query).await, move |found| TokenDto::new(found, false, &base_url))
    }

    /// One Token.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`.
    pub async fn get(&self, id: &str) -> Result<TokenDto, ApplicationError> {
        check_id("id", Pattern::TokenId, id)?;
        let token = found(self.account.tokens().get(&TokenId::new(id)).await?, "Token")?;
        Ok(TokenDto::new(&token, false, &self.account.config().base_url))
    }

    /// Deletes a Token; an own one at the Backbone too.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, failures of the Backbone and the store.
    pub async fn delete(&self, id: &str) -> Result<(), ApplicationError> {
        check_id("id", Pattern::TokenId, id)?;
        let token = found(self.account.tokens().get(&TokenId::new(id)).await?, "Token")?;
        self.account.tokens().delete(&token.id).await?;
        push_datawallet(&self.account).await;
        Ok(())
    }
}
