//! The start of a Connector that has no Identity yet.

use std::sync::Arc;
use std::time::Duration;

use rest_api::Wait;
use runtime::{ApplicationError, ErrorKind, HostedAccount, HostedAccountOptions, Runtime};
use store::Store;
use tokio::sync::watch;
use transport::StoredAccount;

use super::explain::explain;
use super::first_contact;
use crate::config::Configuration;

/// The pause before repeating a creation that a Backbone broke off, unless it asks for a different one.
const PAUSE: Duration = Duration::from_secs(5);
/// The time limit for inspecting another database.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// Creates the Identity as soon as the Backbone permits, and opens the Account. Meanwhile `wait` receives the reason
/// for waiting.
pub(super) async fn open(
    runtime: &Runtime,
    configuration: &Configuration,
    options: HostedAccountOptions,
    wait: &watch::Sender<Wait>,
) -> anyhow::Result<Arc<HostedAccount>> {
    let transport = &options.transport;
    if !transport.allow_identity_creation {
        let transport = transport.clone();
        return runtime.open_account(options).await.map_err(|error| explain(error, &transport));
    }
    name_former_identities(configuration, &options.store).await;
    loop {
        first_contact::established(transport, wait).await?;
        match runtime.open_account(options.clone()).await {
            Ok(account) => return Ok(account),
            Err(error) if may_pass(&error) => {
                let pause = first_contact::pause(PAUSE, error.retry_after());
                first_contact::waits(transport, &error.to_string(), pause, wait);
                tokio::time::sleep(pause).await;
            }
            Err(error) => return Err(explain(error, transport)),
        }
    }
}

/// The Backbone is down or overloaded.
fn may_pass(error: &ApplicationError) -> bool {
    matches!(error.kind(), ErrorKind::Backbone { status: 408 | 425 | 429 | 500.. })
}

/// Otherwise a wrong database.dbName or folder would only be noticed when no messages arrive.
async fn name_former_identities(configuration: &Configuration, store: &Store) {
    let config = configuration.database.to_store_config();
    let neighbours = match tokio::time::timeout(LOOK_LIMIT, Store::neighbours(&config)).await {
        Ok(Ok(neighbours)) => neighbours,
        Ok(Err(error)) => return tracing::debug!(%error, "other databases cannot be looked for"),
        Err(_) => return tracing::debug!("other databases cannot be looked for in time"),
    };
    for neighbour in neighbours {
        let look = async {
            let other = Store::open_read_only(&neighbour).await.ok()??;
            let account = StoredAccount::find(&other).await.ok()??;
            Some((other.database().to_owned(), account.identity().address.clone()))
        };
        if let Ok(Some((database, address))) = tokio::time::timeout(LOOK_LIMIT, look).await {
            tracing::warn!(
                %address,
                "The database {} holds no Identity, so a new one is created; but {database} beside it holds the Identity \
                 {address}. If that is the one you want, stop, and correct database.connectionString or database.dbName.",
                store.database()
            );
        }
    }
}
