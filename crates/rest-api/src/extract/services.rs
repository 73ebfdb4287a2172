//! The use cases of the Account a request is for.

use std::convert::Infallible;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use runtime::AccountServices;

use crate::state::ApiState;

/// The use cases of the Account that a request is for.
pub(crate) struct Services(AccountServices);

impl Deref for Services {
    type Target = AccountServices;

    fn deref(&self) -> &AccountServices {
        &self.0
    }
}

impl FromRequestParts<ApiState> for Services {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, state: &ApiState) -> Result<Self, Self::Rejection> {
        Ok(Self(state.accounts().of(head).services()))
    }
}
