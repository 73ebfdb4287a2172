use backbone_api::{announcements::Announcement, identities::IsDeletedResponse, paths};
use core_types::Timestamp;

use super::Account;
use crate::{
    backbone::{BackboneCompatibility, Call, EventStream, compatibility},
    context::Context,
    error::Result,
};

/// Calls that concern the Backbone itself.
#[derive(Debug, Clone)]
pub struct BackboneAccess {
    context: Context,
}

/// The state of this Identity at the Backbone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityDeletionStatus {
    /// True if it is gone, or its grace period is over.
    pub is_deleted: bool,
    /// The time of its deletion.
    pub deletion_date: Option<Timestamp>,
}

impl BackboneAccess {
    pub(super) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Checks whether the Backbone's version is supported.
    ///
    /// # Errors
    /// A failed call.
    pub async fn compatibility(&self) -> Result<BackboneCompatibility> {
        compatibility(self.context.backbone().anonymous()).await
    }

    /// The announcements of the Backbone's operator, in a language (ISO 639-1, two letters).
    ///
    /// # Errors
    /// A failed call.
    pub async fn announcements(&self, language: &str) -> Result<Vec<Announcement>> {
        self.context.backbone().result(Call::get(paths::ANNOUNCEMENTS).query("language", Some(language))).await
    }

    /// Makes sure that there is a valid access token.
    ///
    /// # Errors
    /// `error.transport.request.noAuthGrant` if the credentials of the device are refused,
    /// `error.transport.request.noAuthPossible` for everything else.
    pub async fn log_in(&self) -> Result<()> {
        self.context.backbone().log_in().await
    }

    /// Opens the stream of server-sent events, which signals that there is something new. `base_url` replaces the URL
    /// of the Backbone if it is set; certificates and proxies are handled as for any other call.
    ///
    /// # Errors
    /// As [`log_in`](Self::log_in); `error.platform.unauthorized`, `error.platform.unexpected` or
    /// `error.transport.request.*` when there is no stream. Nothing takes longer than the time limit of a call.
    pub async fn listen(&self, base_url: Option<&str>) -> Result<EventStream> {
        self.context.backbone().listen(base_url, self.context.config().timeout()).await
    }
}

impl Account {
    /// Asks the Backbone whether this Identity was deleted. Works without a login (`docs/protocol/02 §9.2`).
    ///
    /// # Errors
    /// A failed call, or a failure of the store.
    pub async fn check_if_identity_is_deleted(&self) -> Result<IdentityDeletionStatus> {
        let username = self.device().await?.username;
        let call = Call::get(paths::IDENTITY_IS_DELETED).query("username", Some(username.as_str()));
        let response: IsDeletedResponse = self.context.backbone().anonymous().result(call).await?;
        Ok(IdentityDeletionStatus { is_deleted: response.is_deleted, deletion_date: response.deletion_date })
    }
}
