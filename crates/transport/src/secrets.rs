//! The secrets that the devices of the Identity share (`docs/protocol/02 §7.4`).

use crypto::RelationshipSecrets;
use protocol::secrets::{SecretContainer, SecretContent};
use serde_json::Value;
use store::{Document, Filter, Query, Sort, Store};

use crate::{
    context::Context,
    documents::{AccountInfoEntry, Relationship, Secret},
    error::{Result, TransportError},
    unit_of_work::UnitOfWork,
};

/// Entry of `AccountInfo` with the last counter that a shared secret was encrypted with.
const LAST_NONCE: &str = "secret_lastnonce";

/// Makes sure that the next counter is above every one in use. Databases of other programs store the last counter, or
/// none, and the highest one in use can come from elsewhere (`docs/protocol/02 §7.15`).
pub(crate) async fn raise_last_nonce(store: &Store) -> Result<()> {
    let highest =
        Query { sort: vec![Sort::descending("nonce")], limit: Some(1), ..Query::new(Filter::exists("nonce")) };
    let highest = store.find_raw(&Secret::COLLECTION, &highest).await?;
    let highest = highest.first().and_then(|secret| secret.get("nonce")).map_or(0, as_nonce);
    let last: Option<AccountInfoEntry> = store.get(LAST_NONCE).await?;
    if last.map_or(0, |entry| as_nonce(&entry.value)) < highest {
        let mut transaction = store.begin().await?;
        transaction.put(&AccountInfoEntry { name: LAST_NONCE.to_owned(), value: highest.into() }).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Numbers of imported databases can be floating-point.
fn as_nonce(value: &Value) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counters are small integers")]
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64)).unwrap_or_default()
}

fn active(name: &str) -> Query {
    Query::new(Filter::And(vec![Filter::eq("name", name), Filter::eq("active", true)]))
}

impl Context {
    /// Stores a new secret under a name.
    pub(crate) async fn store_secret(&self, unit: &mut UnitOfWork, name: &str, content: &SecretContent) -> Result<()> {
        let last: Option<AccountInfoEntry> = unit.get(LAST_NONCE).await?;
        let nonce = last.map_or(0, |entry| as_nonce(&entry.value)) + 1;
        unit.put(&AccountInfoEntry { name: LAST_NONCE.to_owned(), value: nonce.into() }).await?;
        let key = &self.keys().shared_base_key;
        let container = SecretContainer::seal(&mut self.randomness(), self.clock().now(), key, nonce, name, content)?;
        unit.insert(&Secret { container }).await
    }

    /// The active secret with a name.
    pub(crate) async fn active_secret(&self, name: &str) -> Result<SecretContent> {
        let secret: Option<Secret> = self.store().find_one(&active(name)).await?;
        self.open_secret(secret, name)
    }

    /// The active secret with a name, as the unit of work sees it.
    pub(crate) async fn active_secret_in(&self, unit: &mut UnitOfWork, name: &str) -> Result<SecretContent> {
        let secret: Option<Secret> = unit.transaction().find_one(&active(name)).await?;
        self.open_secret(secret, name)
    }

    /// Replaces the active secret by a new one.
    pub(crate) async fn succeed_secret(
        &self,
        unit: &mut UnitOfWork,
        name: &str,
        content: &SecretContent,
    ) -> Result<()> {
        for mut secret in unit.transaction().find::<Secret>(&active(name)).await? {
            secret.container.succeed(self.clock().now());
            unit.replace(&secret).await?;
        }
        self.store_secret(unit, name, content).await
    }

    /// Deletes the active secret with a name, if there is one.
    pub(crate) async fn delete_active_secret(&self, unit: &mut UnitOfWork, name: &str) -> Result<()> {
        for secret in unit.transaction().find::<Secret>(&active(name)).await? {
            unit.delete::<Secret>(secret.key()).await?;
        }
        Ok(())
    }

    /// The keys of an established relationship.
    pub(crate) async fn relationship_secrets(&self, relationship: &Relationship) -> Result<RelationshipSecrets> {
        let name = relationship.relationship_secret_id.as_str();
        match self.active_secret(name).await? {
            SecretContent::RelationshipSecrets(secrets) => Ok(*secrets),
            _ => Err(TransportError::WrongSecretType(name.to_owned())),
        }
    }

    fn open_secret(&self, secret: Option<Secret>, name: &str) -> Result<SecretContent> {
        let secret = secret.ok_or_else(|| TransportError::SecretNotFound(name.to_owned()))?;
        Ok(secret.container.open(&self.keys().shared_base_key)?)
    }
}
