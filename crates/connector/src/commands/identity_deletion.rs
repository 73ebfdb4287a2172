//! `connector identityDeletion`: starts and cancels the deletion of the Identity.

use std::process::ExitCode;
use std::sync::Arc;

use core_types::{Randomness, SystemClock};
use delivery::Deliveries;
use runtime::input::InitiateIdentityDeletionRequest;
use runtime::{AccountServices, account_options};
use store::{Store, StoreError};
use transport::{Account, StoredAccount, TransportConfig};

use super::maintenance::{Failure, finish, load, look, no_identity};
use crate::cli::{ConfigFile, IdentityDeletionCommand};
use crate::config::Configuration;

/// Executes the command with an Account without modules and without a port.
pub(crate) async fn run(command: IdentityDeletionCommand) -> ExitCode {
    finish(match command {
        IdentityDeletionCommand::Init(config) => init(config).await,
        IdentityDeletionCommand::Cancel(config) => cancel(config).await,
    })
}

async fn init(config: ConfigFile) -> Result<String, Failure> {
    let account = open(&load(config)?).await?;
    let deletion = services(&account).identity_deletion();
    let initiated = deletion.initiate(InitiateIdentityDeletionRequest::default()).await;
    close(&account).await?;
    initiated?;
    Ok("Identity deletion initiated".to_owned())
}

async fn cancel(config: ConfigFile) -> Result<String, Failure> {
    let account = open(&load(config)?).await?;
    let cancelled = services(&account).identity_deletion().cancel().await;
    close(&account).await?;
    cancelled?;
    Ok("Identity deletion cancelled".to_owned())
}

fn services(account: &Account) -> AccountServices {
    let deliveries = Deliveries::new(account.store().clone(), Arc::clone(account.clock()), account.randomness());
    AccountServices::new(account.clone(), deliveries)
}

/// The Account in the database. It must exist, and no other process may be using it.
async fn open(configuration: &Configuration) -> Result<Account, Failure> {
    let (inspection, reader) = look(configuration).await?;
    let identity = StoredAccount::find(&reader).await?;
    reader.close().await?;
    if identity.is_none() {
        return Err(no_identity(&inspection.database));
    }
    let in_use = |writer: &str| in_use(&inspection.database, writer, configuration.http_server.mode.debug);
    if let Some(writer) = &inspection.writer {
        return Err(in_use(writer));
    }
    let store = match Store::open(&configuration.database.to_store_config()).await {
        Err(StoreError::Locked { .. }) => return Err(in_use("another process")),
        store => store?,
    };
    let config = TransportConfig { allow_identity_creation: false, ..configuration.transport.clone() };
    Ok(Account::open(account_options(store, config, Arc::new(SystemClock), Randomness::system())).await?)
}

fn in_use(database: &str, writer: &str, debug: bool) -> Failure {
    let mut message = format!(
        "The database '{database}' is in use by a running Connector ({writer}). Stop that service, repeat this command, and \
         start it again."
    );
    if debug {
        // The routes exist in debug mode only.
        message.push_str(
            " As debug mode is on, it can also be asked itself: POST or DELETE /api/core/v1/IdentityDeletionProcess.",
        );
    }
    Failure::coded("error.store.locked", message)
}

async fn close(account: &Account) -> Result<(), Failure> {
    account.close().await;
    Ok(account.store().close().await?)
}
