//! Tokens without an account: for users who have no Identity yet (`docs/protocol/02 §9.6`).

use std::time::Duration;

use backbone_api::{
    paths,
    tokens::{CreateTokenRequest, CreateTokenResponse},
};
use core_types::{Clock, PasswordProtection, Randomness, Reference, Timestamp, TokenId};
use crypto::SecretKey;
use protocol::token::TokenContent;

use crate::{
    backbone::{Call, HttpClient},
    config::TransportConfig,
    error::{Result, TransportError},
    password_hashing::PasswordHashing,
    protected::with_password,
    tokens::{Fetched, check_fetched},
};

/// The lifetime of an empty token. The Backbone allows anonymous callers less than five minutes.
const LIFE_OF_EMPTY_TOKENS: Duration = Duration::from_secs(2 * 60);

/// Tokens at a Backbone, without an account.
#[derive(Debug, Clone)]
pub struct AnonymousTokens {
    http: HttpClient,
    base_url: String,
    password_hashing: PasswordHashing,
}

/// A token that somebody else is to fill.
#[derive(Clone)]
pub struct EmptyToken {
    /// Id.
    pub id: TokenId,
    /// Key for its content.
    pub secret_key: SecretKey,
    /// The time until which it can be filled and loaded.
    pub expires_at: Timestamp,
    /// Its password, which travels in the reference.
    pub password_protection: PasswordProtection,
}

impl std::fmt::Debug for EmptyToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmptyToken").field("id", &self.id).finish_non_exhaustive()
    }
}

impl EmptyToken {
    /// The reference by which somebody else fills the token. Holds the password in clear: anyone with the reference may
    /// use it.
    #[must_use]
    pub fn reference(&self, backbone_base_url: &str) -> Reference {
        Reference {
            id: self.id.as_str().to_owned(),
            backbone_base_url: Some(backbone_base_url.to_owned()),
            key: self.secret_key.clone(),
            for_identity_truncated: None,
            password_protection: Some(self.password_protection.to_shared_with_password()),
        }
    }
}

impl AnonymousTokens {
    /// The tokens at the Backbone that is configured.
    ///
    /// # Errors
    /// A configuration that cannot be used.
    pub fn new(config: &TransportConfig) -> Result<Self> {
        config.validate()?;
        let (http, base_url) = (HttpClient::new(config)?, config.base_url.clone());
        Ok(Self { http, base_url, password_hashing: PasswordHashing::new() })
    }

    /// The base URL for references.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Creates a token without content.
    ///
    /// # Errors
    /// A failed call.
    pub async fn create_empty(&self, clock: &dyn Clock, mut randomness: Randomness) -> Result<EmptyToken> {
        let secret_key = SecretKey::generate(&mut randomness);
        let protection = PasswordProtection::for_empty_token(&mut randomness);
        let expires_at = clock.now().saturating_add(LIFE_OF_EMPTY_TOKENS);
        let request = CreateTokenRequest {
            content: None,
            expires_at,
            for_identity: None,
            password: self.password_hashing.hash_bytes(Some(&protection)).await?,
        };
        let response: CreateTokenResponse = self.http.result(Call::post(paths::TOKENS, &request)?).await?;
        Ok(EmptyToken { id: response.id, secret_key, expires_at, password_protection: protection })
    }

    /// Loads the content of a token by its reference.
    ///
    /// # Errors
    /// `error.transport.noPasswordProvided`, `error.transport.general.notIntendedForYou` for every personalised token,
    /// `error.transport.tokens.emptyToken`, `error.transport.tokens.invalidTokenContent` or a failed call.
    pub async fn load_by_reference(&self, reference: &Reference, password: Option<&str>) -> Result<TokenContent> {
        let protection = with_password(reference.password_protection.as_ref(), password)?;
        if reference.for_identity_truncated.is_some() {
            return Err(TransportError::NotIntendedForYou(reference.id.clone()));
        }
        let id = TokenId::new(reference.id.as_str());
        let password = match &protection {
            Some(protection) => Some(self.password_hashing.hash(protection).await?),
            None => None,
        };
        let call = Call::get(paths::with_id(paths::TOKEN, id.as_str())).query("password", password);
        let Fetched { content, .. } = check_fetched(self.http.result(call).await?, &id)?;
        Ok(protocol::token::open_token(content.as_slice(), &reference.key)?.value)
    }
}
