use core_types::Timestamp;
use transport::documents::SyncInfoEntry;
use transport::{Account, EventStream};

use crate::dto::{IdentityInfoDto, SyncInfoDto, SyncInfoEntryDto};
use crate::error::ApplicationError;

/// Use cases on the Identity itself (`docs/protocol/06-rest-api.md` §5.1).
#[derive(Debug, Clone)]
pub struct AccountService {
    pub(super) account: Account,
}

impl AccountService {
    /// Address and key of the own Identity.
    ///
    /// # Errors
    /// None; use cases share one signature.
    #[expect(clippy::unused_async, reason = "use cases share one signature")]
    pub async fn identity_info(&self) -> Result<IdentityInfoDto, ApplicationError> {
        Ok(IdentityInfoDto::from(self.account.identity()))
    }

    /// Fetches everything new from the Backbone. Concurrent calls share one synchronisation.
    ///
    /// # Errors
    /// A failed call to the Backbone, a failure of the store.
    pub async fn sync(&self) -> Result<(), ApplicationError> {
        self.account.sync().everything().await?;
        Ok(())
    }

    /// As [`Self::sync`], but retries only waiting items that are due: for regular synchronisation.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub async fn sync_due(&self) -> Result<(), ApplicationError> {
        self.account.sync().everything_due().await?;
        Ok(())
    }

    /// As [`Self::sync_due`], but never shares a synchronisation that began before this call: for callers that have
    /// just been notified of something new. Returns the number of external events.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub async fn sync_anew(&self) -> Result<usize, ApplicationError> {
        Ok(self.account.sync().everything_new().await?.external_events)
    }

    /// Waits until no synchronisation is running.
    pub async fn sync_settled(&self) {
        self.account.sync().settled().await;
    }

    /// Opens the Backbone's event stream, which announces new data. `base_url` is its address, if it is not the
    /// Backbone's own.
    ///
    /// # Errors
    /// Failures of the Backbone.
    pub async fn listen(&self, base_url: Option<&str>) -> Result<EventStream, ApplicationError> {
        Ok(self.account.backbone().listen(base_url).await?)
    }

    /// The time of the last synchronisation of the Account.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn sync_info(&self) -> Result<SyncInfoDto, ApplicationError> {
        let last_sync_run = self.account.sync().last_completed_sync_time().await?;
        let last_datawallet_sync = self.account.store().get::<SyncInfoEntry>("SyncTime-Datawallet").await?;
        let last_datawallet_sync =
            last_datawallet_sync.and_then(|entry| serde_json::from_value::<Timestamp>(entry.value).ok());
        let entry = |completed_at| SyncInfoEntryDto { completed_at };
        Ok(SyncInfoDto {
            last_datawallet_sync: last_datawallet_sync.map(entry),
            last_sync_run: last_sync_run.map(entry),
        })
    }
}
