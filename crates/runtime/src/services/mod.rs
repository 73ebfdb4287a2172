//! The use cases of one Account (`docs/protocol/06-rest-api.md` §5).
//!
//! Each method is one use case: it checks its input, calls the transport layer, and returns a DTO or an
//! [`ApplicationError`].

mod account;
mod announcements;
pub(crate) mod attributes;
mod backbone_notifications;
mod challenges;
mod deliveries;
mod files;
mod identity_deletion;
mod inbox;
mod messages;
mod relationships;
mod templates;
mod tokens;

pub use account::AccountService;
pub use announcements::AnnouncementsService;
pub use attributes::AttributesService;
pub use backbone_notifications::BackboneNotificationsService;
pub use challenges::ChallengesService;
pub use deliveries::DeliveriesService;
pub use files::FilesService;
pub use identity_deletion::IdentityDeletionService;
pub use inbox::InboxService;
pub use messages::MessagesService;
pub use relationships::RelationshipsService;
pub use templates::RelationshipTemplatesService;
pub use tokens::TokensService;

use core_types::{Randomness, Timestamp};
use delivery::{Deliveries, EventReader};
use secrecy::{ExposeSecret, SecretString};
use transport::Account;

use crate::error::{ApplicationError, RuntimeError};

/// All use cases of one Account. A handle: clones work on the same Account.
#[derive(Debug, Clone)]
pub struct AccountServices {
    account: Account,
    deliveries: Deliveries,
}

impl AccountServices {
    /// The use cases of `account`, whose events are delivered through `deliveries`.
    #[must_use]
    pub fn new(account: Account, deliveries: Deliveries) -> Self {
        Self { account, deliveries }
    }

    /// The underlying account.
    pub(crate) fn transport(&self) -> &Account {
        &self.account
    }

    /// The time against which requests are checked.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.account.clock().now()
    }

    /// The source of random numbers.
    #[must_use]
    pub fn randomness(&self) -> Randomness {
        self.account.randomness()
    }

    /// The Identity and its synchronisation.
    #[must_use]
    pub fn account(&self) -> AccountService {
        AccountService { account: self.account.clone() }
    }

    /// Announcements by the operator of the Backbone.
    #[must_use]
    pub fn announcements(&self) -> AnnouncementsService {
        AnnouncementsService { account: self.account.clone() }
    }

    /// Attributes.
    #[must_use]
    pub fn attributes(&self) -> AttributesService {
        AttributesService { account: self.account.clone() }
    }

    /// Text notifications to peers.
    #[must_use]
    pub fn backbone_notifications(&self) -> BackboneNotificationsService {
        BackboneNotificationsService { account: self.account.clone() }
    }

    /// The deletion of the own Identity.
    #[must_use]
    pub fn identity_deletion(&self) -> IdentityDeletionService {
        IdentityDeletionService { account: self.account.clone() }
    }

    /// Received items that could not be applied yet, for operators.
    #[must_use]
    pub fn inbox(&self) -> InboxService {
        InboxService { account: self.account.clone() }
    }

    /// Proofs of identity.
    #[must_use]
    pub fn challenges(&self) -> ChallengesService {
        ChallengesService { account: self.account.clone() }
    }

    /// The deliveries to webhooks and message brokers.
    #[must_use]
    pub fn deliveries(&self) -> Deliveries {
        self.deliveries.clone()
    }

    /// The events, starting with the first one after the position `after` of the log.
    #[must_use]
    pub fn events(&self, after: i64) -> EventReader {
        EventReader::new(self.account.store().clone(), after)
    }

    /// The administration of deliveries, for operators.
    #[must_use]
    pub fn delivery_administration(&self) -> DeliveriesService {
        DeliveriesService { deliveries: self.deliveries.clone() }
    }

    /// Files.
    #[must_use]
    pub fn files(&self) -> FilesService {
        FilesService { account: self.account.clone() }
    }

    /// Messages.
    #[must_use]
    pub fn messages(&self) -> MessagesService {
        MessagesService { account: self.account.clone() }
    }

    /// Relationships.
    #[must_use]
    pub fn relationships(&self) -> RelationshipsService {
        RelationshipsService { account: self.account.clone() }
    }

    /// RelationshipTemplates.
    #[must_use]
    pub fn templates(&self) -> RelationshipTemplatesService {
        RelationshipTemplatesService { account: self.account.clone() }
    }

    /// Tokens.
    #[must_use]
    pub fn tokens(&self) -> TokensService {
        TokensService { account: self.account.clone() }
    }
}

/// Synchronises changes to the other devices of the Identity. The change itself is done and remains, whatever happens
/// here.
async fn push_datawallet(account: &Account) {
    if let Err(error) = account.sync().only_datawallet().await {
        tracing::warn!(error.code = error.code(), "the datawallet was not pushed; the next synchronisation does it");
    }
}

/// The object, or the error that no `entity` was found.
fn found<T>(object: Option<T>, entity: &'static str) -> Result<T, ApplicationError> {
    Ok(object.ok_or(RuntimeError::RecordNotFound(entity))?)
}

fn exposed(password: Option<&SecretString>) -> Option<&str> {
    password.map(ExposeSecret::expose_secret)
}
