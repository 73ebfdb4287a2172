//! Tokens (`docs/protocol/02 §9.6`).

use backbone_api::{
    Bytes, paths,
    tokens::{
        CreateTokenRequest, CreateTokenResponse, Token as BackboneToken, TokenMetadata, UpdateTokenContentRequest,
    },
};
use core_types::{
    DeviceId, IdentityAddress, PasswordProtection, PasswordProtectionCreationParameters, Reference, Timestamp, TokenId,
};
use crypto::SecretKey;
use protocol::token::TokenContent;
use serde_json::Value;
use store::{Filter, Query, Scan};

use crate::{
    backbone::Call,
    context::Context,
    documents::{Relationship, Token},
    error::{Result, TransportError},
    protected::{check_intended, password_parameter, with_password},
    unit_of_work::UnitOfWork,
};

/// The tokens of an account: its own, and loaded ones of peers.
#[derive(Debug, Clone)]
pub struct Tokens {
    context: Context,
}

/// A token to create.
#[derive(Clone)]
pub struct SendToken {
    /// Content for anyone who loads it.
    pub content: TokenContent,
    /// The time until which it can be loaded.
    pub expires_at: Timestamp,
    /// Keeps it out of the store.
    pub ephemeral: bool,
    /// The only Identity that may load it.
    pub for_identity: Option<IdentityAddress>,
    /// A password that is needed to load it.
    pub password_protection: Option<PasswordProtectionCreationParameters>,
}

/// Leaves out the content.
impl std::fmt::Debug for SendToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendToken")
            .field("expires_at", &self.expires_at)
            .field("for_identity", &self.for_identity)
            .finish_non_exhaustive()
    }
}

/// A token of somebody else that was filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledToken {
    /// Id.
    pub id: TokenId,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time until which it can be loaded.
    pub expires_at: Timestamp,
}

/// The data needed to load a peer's token.
struct Wanted {
    id: TokenId,
    secret_key: SecretKey,
    password_protection: Option<PasswordProtection>,
}

impl Tokens {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// The stored token with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &TokenId) -> Result<Option<Token>> {
        Ok(self.context.store().get(id.as_str()).await?)
    }

    /// All stored tokens that match a query on the documents.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn find(&self, query: &Query) -> Result<Vec<Token>> {
        Ok(self.context.store().find(query).await?)
    }

    /// Like [`find`](Self::find), one token after the other, however many there are.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn scan(&self, query: &Query) -> Result<Scan<Token>> {
        Ok(self.context.store().scan(query).await?)
    }

    /// Creates a token.
    ///
    /// # Errors
    /// `error.transport.tokens.invalidTokenContent`, a failed call or a failure of the store.
    pub async fn send(&self, token: SendToken) -> Result<Token> {
        let tokens = self.clone();
        self.context.finish(async move { tokens.send_now(token).await }).await
    }

    /// Loads a token of a peer by its reference; a stored one is taken from the store. An ephemeral one is not stored.
    ///
    /// # Errors
    /// `error.transport.noPasswordProvided`, `error.transport.general.notIntendedForYou`,
    /// `error.transport.tokens.emptyToken`, `error.transport.tokens.invalidTokenContent`, a failed call or a failure of
    /// the store.
    pub async fn load_by_reference(
        &self,
        reference: &Reference,
        password: Option<&str>,
        ephemeral: bool,
    ) -> Result<Token> {
        let wanted = Wanted {
            id: TokenId::new(reference.id.as_str()),
            secret_key: reference.key.clone(),
            password_protection: with_password(reference.password_protection.as_ref(), password)?,
        };
        if let Some(stored) = self.get(&wanted.id).await? {
            return Ok(stored);
        }
        check_intended(&self.context, reference.for_identity_truncated.as_deref(), wanted.id.as_str())?;
        let tokens = self.clone();
        self.context.finish(async move { tokens.load_now(wanted, ephemeral).await }).await
    }

    /// Returns true if the token of a reference has not been filled yet. The password of a protected one must be in the
    /// reference, as it is in those of empty tokens.
    ///
    /// # Errors
    /// `error.transport.noPasswordProvided` or a failed call.
    pub async fn is_empty(&self, reference: &Reference) -> Result<bool> {
        let protection = with_password(reference.password_protection.as_ref(), None)?;
        let password = password_parameter(&self.context, protection.as_ref()).await?;
        let call = Call::get(paths::with_id(paths::TOKEN, &reference.id)).query("password", password);
        let token: BackboneToken = self.context.backbone().result(call).await?;
        Ok(token.content.is_none())
    }

    /// Fills an empty token. The token is not stored: it belongs to its creator.
    ///
    /// # Errors
    /// `error.transport.noPasswordProvided`, `error.transport.tokens.invalidTokenContent` or a failed call, such as
    /// `error.platform.token.contentUpdateNotPossibleBecauseContentAlreadyExists`.
    pub async fn fill(&self, reference: &Reference, content: &TokenContent) -> Result<FilledToken> {
        let protection = with_password(reference.password_protection.as_ref(), None)?;
        let request = UpdateTokenContentRequest {
            new_content: Bytes(protocol::token::fill_token(&mut self.context.randomness(), content, &reference.key)?),
            password: self.context.password_hashing().hash_bytes(protection.as_ref()).await?,
        };
        let path = paths::with_id(paths::TOKEN_UPDATE_CONTENT, &reference.id);
        let metadata: TokenMetadata = self.context.backbone().result(Call::post(path, &request)?).await?;
        Ok(FilledToken { id: metadata.id, created_at: metadata.created_at, expires_at: metadata.expires_at })
    }

    /// Deletes a token; if this Identity created it, at the Backbone as well.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, a failed call or a failure of the store.
    pub async fn delete(&self, id: &TokenId) -> Result<()> {
        let (tokens, id) = (self.clone(), id.clone());
        self.context.finish(async move { tokens.delete_now(&id).await }).await
    }

    /// Replaces the free data of the user.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn set_metadata(&self, id: &TokenId, metadata: Value) -> Result<Token> {
        let mut unit = self.context.unit_of_work().await?;
        let mut token: Token = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        token.metadata = Some(metadata);
        token.metadata_modified_at = Some(self.context.clock().now());
        unit.replace(&token).await?;
        unit.commit().await?;
        Ok(token)
    }

    /// Deletes the tokens of the peer of a decomposed relationship.
    pub(crate) async fn cleanup(&self, unit: &mut UnitOfWork, relationship: &Relationship) -> Result<()> {
        let of_peer = Query::new(Filter::eq("createdBy", relationship.peer.address.as_str()));
        for token in unit.transaction().find::<Token>(&of_peer).await? {
            unit.delete::<Token>(token.id.as_str()).await?;
        }
        Ok(())
    }

    async fn send_now(&self, new: SendToken) -> Result<Token> {
        let context = &self.context;
        let content = new.content.to_value()?;
        let sealed = protocol::token::seal_token(&mut context.randomness(), &new.content)?;
        let password_protection =
            new.password_protection.map(|parameters| PasswordProtection::create(&mut context.randomness(), parameters));
        let request = CreateTokenRequest {
            content: Some(Bytes(sealed.wire)),
            expires_at: new.expires_at,
            for_identity: new.for_identity.clone(),
            password: context.password_hashing().hash_bytes(password_protection.as_ref()).await?,
        };
        let response: CreateTokenResponse = context.backbone().result(Call::post(paths::TOKENS, &request)?).await?;
        let token = Token {
            content,
            created_at: response.created_at,
            created_by: context.identity().address.clone(),
            created_by_device: context.device().await?.id,
            expires_at: new.expires_at,
            for_identity: new.for_identity,
            id: response.id,
            is_own: true,
            metadata: None,
            metadata_modified_at: None,
            password_protection,
            received_text: None,
            secret_key: sealed.secret_key,
        };
        if !new.ephemeral {
            self.store(&token).await?;
        }
        Ok(token)
    }

    async fn load_now(&self, wanted: Wanted, ephemeral: bool) -> Result<Token> {
        let password = password_parameter(&self.context, wanted.password_protection.as_ref()).await?;
        let call = Call::get(paths::with_id(paths::TOKEN, wanted.id.as_str())).query("password", password);
        let fetched: BackboneToken = self.context.backbone().result(call).await?;
        let metadata = fetched.metadata.clone();
        let Fetched { content, created_by, created_by_device } = check_fetched(fetched, &wanted.id)?;
        let opened = protocol::token::open_token(content.as_slice(), &wanted.secret_key)?;
        let token = Token {
            content: opened.value.to_value()?,
            created_at: metadata.created_at,
            is_own: self.context.is_me(&created_by),
            created_by,
            created_by_device,
            expires_at: metadata.expires_at,
            for_identity: metadata.for_identity,
            id: wanted.id,
            metadata: None,
            metadata_modified_at: None,
            password_protection: wanted.password_protection,
            received_text: opened.text.map(Into::into),
            secret_key: wanted.secret_key,
        };
        if ephemeral { Ok(token) } else { self.store(&token).await }
    }

    /// Stores a token, unless another caller was faster.
    async fn store(&self, token: &Token) -> Result<Token> {
        let mut unit = self.context.unit_of_work().await?;
        if let Some(stored) = unit.get(token.id.as_str()).await? {
            return Ok(stored);
        }
        unit.insert(token).await?;
        unit.commit().await?;
        Ok(token.clone())
    }

    async fn delete_now(&self, id: &TokenId) -> Result<()> {
        let token = self.get(id).await?.ok_or_else(|| not_found(id))?;
        if token.is_own {
            self.context.backbone().deleted(Call::delete(paths::with_id(paths::TOKEN, id.as_str()))).await?;
        }
        let mut unit = self.context.unit_of_work().await?;
        unit.delete::<Token>(id.as_str()).await?;
        unit.commit().await
    }
}

/// The data of a filled token.
pub(crate) struct Fetched {
    pub(crate) content: Bytes,
    created_by: IdentityAddress,
    created_by_device: DeviceId,
}

/// Checks that a token is the wanted one and has been filled.
pub(crate) fn check_fetched(fetched: BackboneToken, wanted: &TokenId) -> Result<Fetched> {
    let BackboneToken { metadata, content } = fetched;
    if metadata.id != *wanted {
        return Err(TransportError::invariant("the Backbone sent another Token than asked for"));
    }
    match (content, metadata.created_by, metadata.created_by_device) {
        (Some(content), Some(created_by), Some(created_by_device)) => {
            Ok(Fetched { content, created_by, created_by_device })
        }
        _ => Err(TransportError::EmptyToken(wanted.as_str().to_owned())),
    }
}

fn not_found(id: &TokenId) -> TransportError {
    TransportError::record_not_found("Token", id)
}
