//! `connector identity`: the Identity of this Connector.

use std::process::ExitCode;

use transport::StoredAccount;

use super::maintenance::{Failure, finish, load, look, no_identity};
use crate::cli::ConfigFile;

/// Prints the address and the running deletion process, if there is one. Only reads, so it works alongside a running
/// Connector.
pub(crate) async fn status(config: ConfigFile) -> ExitCode {
    finish(read(config).await)
}

async fn read(config: ConfigFile) -> Result<String, Failure> {
    let configuration = load(config)?;
    let (inspection, store) = look(&configuration).await?;
    let account = StoredAccount::find(&store).await?.ok_or_else(|| no_identity(&inspection.database))?;
    let mut answer = format!("Identity Address: {}", account.identity().address);
    if let Some(process) = account.active_deletion().await? {
        answer.push_str("\nIdentity deletion status: Active");
        if let Some(end) = process.grace_period_ends_at {
            answer.push_str(&format!("\nEnd of grace period: {end}"));
        }
    }
    store.close().await?;
    Ok(answer)
}
