//! The Account a request is for.

use std::sync::Arc;

use axum::http::request::Parts;
use runtime::HostedAccount;

/// The Accounts behind this interface.
pub(crate) struct Accounts(Arc<HostedAccount>);

impl Accounts {
    /// The only Account; every request is for it.
    pub(crate) fn only(account: Arc<HostedAccount>) -> Self {
        Self(account)
    }

    pub(crate) fn of(&self, _head: &Parts) -> &HostedAccount {
        &self.0
    }
}
