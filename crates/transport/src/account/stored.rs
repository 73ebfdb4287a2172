//! The account in a store, for programs that only read: nothing is created, written or synchronised.

use std::sync::Arc;

use core_types::SystemClock;
use store::{Filter, Query, Store};

use super::open;
use crate::{
    account_info as info,
    backbone::{Authenticator, HttpClient},
    config::TransportConfig,
    documents::{Identity, IdentityDeletionProcess},
    error::{Result, TransportError},
    inbox::InboxOverview,
    keys::AccountKeys,
    reconciliation::{UnknownOwnMessages, unknown_own_messages},
};

/// The Identity in a store, which may be open for reading only.
#[derive(Debug, Clone)]
pub struct StoredAccount {
    store: Store,
    identity: Identity,
}

impl StoredAccount {
    /// The Identity in a store; `None` if it has none, or one whose creation is not finished.
    ///
    /// # Errors
    /// A database that holds only parts of an Identity, a failure of the store.
    pub async fn find(store: &Store) -> Result<Option<Self>> {
        let identity = open::find_identity(store).await?;
        Ok(identity.map(|identity| Self { store: store.clone(), identity }))
    }

    /// The Identity.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The active deletion process of the Identity, as far as it is known here.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn active_deletion(&self) -> Result<Option<IdentityDeletionProcess>> {
        Ok(self.store.find_one(&Query::new(Filter::eq("status", "Active"))).await?)
    }

    /// The messages of the Identity that this database has not sent, if any were found recently.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn unknown_own_messages(&self) -> Result<Option<UnknownOwnMessages>> {
        unknown_own_messages(&self.store).await
    }

    /// External events that were received and could not be applied yet.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn inbox(&self) -> Result<InboxOverview> {
        InboxOverview::of(&self.store).await
    }

    /// Requests an access token for the device from the Backbone, and discards it.
    ///
    /// # Errors
    /// `error.transport.request.noAuthGrant` if the credentials of the device are refused,
    /// `error.transport.request.noAuthPossible` for any other answer of the Backbone; `error.transport.secrets.…` for
    /// an incomplete database, a failure of the store.
    pub async fn log_in(&self, config: &TransportConfig) -> Result<()> {
        let base_key = info::base_key(&self.store)
            .await?
            .ok_or_else(|| TransportError::SecretNotFound(info::BASE_KEY.to_owned()))?;
        let (_, credentials) = AccountKeys::load(&self.store, &base_key).await?;
        let authenticator = Authenticator::new(config, credentials.into(), Arc::new(SystemClock));
        authenticator.token(&HttpClient::new(config)?).await?;
        Ok(())
    }
}
