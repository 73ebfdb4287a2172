//! Opening an account: an existing Identity, or a new one (`docs/protocol/02 §6`).

use std::sync::Arc;

use protocol::device::DeviceCredentials;
use store::{Document, Filter, Store};

use super::{Account, AccountOptions, creation};
use crate::{
    account_info,
    backbone::{Authenticator, Backbone, HttpClient},
    context::{Context, ContextParts},
    datawallet::SynchronisedCollections,
    documents::{
        AccountInfoEntry, Device, DeviceSecretEntry, File, Identity, IdentityDeletionProcess, InboxEntry, Message,
        PendingMessage, PendingRelationship, PendingRelationshipChange, ProcessedExternalEvent, Relationship,
        RelationshipTemplate, Secret, SyncInfoEntry, TagCollectionEntry, Token, TransmitCounter,
        UnpushedDatawalletModification,
    },
    error::{Result, TransportError},
    keys::AccountKeys,
    secrets::raise_last_nonce,
    sync::datawallet,
    unit_of_work::Journal,
};

impl Account {
    /// Opens the account in a store. An empty store gets a new Identity, if the configuration allows that; an
    /// interrupted creation is continued.
    ///
    /// With an existing Identity this makes no call to the Backbone, unless its datawallet is enabled or still missing,
    /// or it is unknown whether a message was sent. A Backbone that cannot be reached for that is not an error: the
    /// next synchronisation tries again.
    ///
    /// # Errors
    /// `error.transport.general.…` for a configuration that cannot be used, `error.transport.general.noIdentityFound`,
    /// `error.transport.general.platformClientInvalid`, `error.transport.secrets.…` for an incomplete database, a
    /// failed call or a failure of the store.
    pub async fn open(options: AccountOptions) -> Result<Self> {
        options.config.validate()?;
        let store = &options.store;
        register_collections(store).await?;
        let of_layers_above: Vec<_> = options.collections.iter().map(|collection| collection.spec).collect();
        store.register(&of_layers_above).await?;
        let http = HttpClient::new(&options.config)?;
        let identity = match find_identity(store).await? {
            Some(identity) => identity,
            None if options.config.allow_identity_creation => creation::create(&options, &http).await?,
            None => return Err(TransportError::NoIdentityFound),
        };
        let base_key = account_info::base_key(store)
            .await?
            .ok_or_else(|| TransportError::SecretNotFound(account_info::BASE_KEY.to_owned()))?;
        let (keys, credentials) = AccountKeys::load(store, &base_key).await?;
        check_keys(&identity, &keys)?;
        raise_last_nonce(store).await?;
        let account = Self::assemble(options, http, identity, keys, credentials)?;
        account.reconciliation().note_start().await?;
        if let Err(error) = datawallet::bootstrap(&account.context).await {
            tracing::warn!(error.code = error.code(), %error, "the datawallet of the Identity could not be created yet");
        } else if let Err(error) = account.sync().only_datawallet().await {
            tracing::warn!(error.code = error.code(), %error, "the datawallet could not be synchronised yet");
        }
        account.messages().recover_at_start().await;
        Ok(account)
    }

    fn assemble(
        options: AccountOptions,
        http: HttpClient,
        identity: Identity,
        keys: AccountKeys,
        credentials: DeviceCredentials,
    ) -> Result<Self> {
        let AccountOptions { store, config, clock, randomness, recorder, causes, collections } = options;
        let authenticator = Authenticator::new(&config, credentials.into(), Arc::clone(&clock));
        let journal = Journal {
            randomness: randomness.clone(),
            own_address: identity.address.clone(),
            recorder,
            collections: SynchronisedCollections::with(&collections),
            datawallet_enabled: config.datawallet_enabled,
        };
        let backbone = Backbone::new(http, authenticator);
        let journal = Arc::new(journal);
        let parts = ContextParts { config, store, clock, randomness, journal, causes, identity, keys, backbone };
        Ok(Self { context: Context::new(parts)? })
    }
}

/// The stored Identity; `None` if the database has none. A database that holds some parts of an account and lacks
/// others is refused: a second Identity on top of it would destroy what is left of the first.
pub(super) async fn find_identity(store: &Store) -> Result<Option<Identity>> {
    let (identity, device) = (account_info::identity(store).await?, account_info::device(store).await?);
    match (identity, device) {
        (Some(identity), Some(_)) => Ok(Some(identity)),
        (None, None) => {
            let base_key = account_info::base_key(store).await?;
            let secrets = store.count::<DeviceSecretEntry>(&Filter::All).await?;
            if base_key.is_some() || secrets > 0 { Err(incomplete()) } else { Ok(None) }
        }
        _ => Err(incomplete()),
    }
}

fn incomplete() -> TransportError {
    TransportError::invariant("the database holds an incomplete account; it is left untouched")
}

/// Checks that the stored keys are those of the stored Identity.
fn check_keys(identity: &Identity, keys: &AccountKeys) -> Result<()> {
    if keys.identity_signature.public_key()? != identity.public_key {
        return Err(TransportError::invariant("the stored private key is not the one of the stored Identity"));
    }
    Ok(identity.check_address()?)
}

async fn register_collections(store: &Store) -> Result<()> {
    store
        .register(&[
            AccountInfoEntry::COLLECTION,
            DeviceSecretEntry::COLLECTION,
            SyncInfoEntry::COLLECTION,
            UnpushedDatawalletModification::COLLECTION,
            Secret::COLLECTION,
            Device::COLLECTION,
            IdentityDeletionProcess::COLLECTION,
            Relationship::COLLECTION,
            RelationshipTemplate::COLLECTION,
            Token::COLLECTION,
            File::COLLECTION,
            Message::COLLECTION,
            TransmitCounter::COLLECTION,
            PendingMessage::COLLECTION,
            PendingRelationship::COLLECTION,
            PendingRelationshipChange::COLLECTION,
            ProcessedExternalEvent::COLLECTION,
            InboxEntry::COLLECTION,
            TagCollectionEntry::COLLECTION,
        ])
        .await?;
    Ok(())
}
