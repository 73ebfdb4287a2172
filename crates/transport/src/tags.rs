//! The tags that a Backbone offers for attributes (`docs/protocol/02 §9.14`).

use std::time::Duration;

use backbone_api::{paths, tags::TagCollection};
use core_types::Timestamp;
use serde_json::{Value, json};

use crate::{
    backbone::Call,
    context::Context,
    documents::TagCollectionEntry,
    error::{Result, TransportError},
};

const COLLECTION: &str = "tagCollection";
const ETAG: &str = "etag";
const CACHED_AT: &str = "cacheTimestamp";
/// The stored collection carries its type, that of the Backbone does not.
const TYPE: &str = "@type";

/// The tags that a Backbone offers, cached in the store.
#[derive(Debug, Clone)]
pub struct Tags {
    context: Context,
}

impl Tags {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// All tags, as the Backbone returns them: JSON that can be read as a [`TagCollection`]. Cached for
    /// `tagCacheLifetimeInMinutes`; after that the Backbone is asked for a newer one, and the cached one remains in use
    /// while the Backbone cannot be reached.
    ///
    /// # Errors
    /// A failed call, or a failure of the store.
    pub async fn collection(&self) -> Result<Value> {
        // A second caller finds what the first one fetched.
        let _order = self.context.lock("tags").await;
        let cached = self.cached().await?;
        if let Some(cached) = &cached
            && self.is_fresh().await?
        {
            return Ok(cached.clone());
        }
        let etag = match &cached {
            Some(_) => self.text(ETAG).await?.filter(|etag| !etag.is_empty()),
            None => None,
        };
        let call = Call::get(paths::TAGS).unless(etag);
        match (self.context.backbone().result_if_changed::<Value>(call).await, cached) {
            (Ok(Some((collection, etag))), _) => {
                check(&collection)?;
                self.store(Some((&collection, etag.unwrap_or_default()))).await?;
                Ok(collection)
            }
            (Ok(None), Some(cached)) => {
                self.store(None).await?;
                Ok(cached)
            }
            (Ok(None), None) => Err(TransportError::invariant("the Backbone confirms tags nobody has")),
            (Err(error), Some(cached)) if error.is_transient() => {
                tracing::warn!(error.code = error.code(), %error, "no newer tags could be fetched");
                Ok(cached)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn cached(&self) -> Result<Option<Value>> {
        let Some(mut collection) = self.value(COLLECTION).await? else { return Ok(None) };
        if let Some(members) = collection.as_object_mut() {
            members.shift_remove(TYPE);
        }
        Ok(check(&collection).is_ok().then_some(collection))
    }

    async fn is_fresh(&self) -> Result<bool> {
        let cached_at = self.text(CACHED_AT).await?.and_then(|text| text.parse::<Timestamp>().ok());
        let minutes = self.context.config().tag_cache_lifetime_in_minutes;
        let lifetime = Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default();
        Ok(cached_at.is_some_and(|cached_at| cached_at.saturating_add(lifetime) >= self.context.clock().now()))
    }

    /// Stores a new collection, or that the stored one is still the newest.
    async fn store(&self, new: Option<(&Value, String)>) -> Result<()> {
        let entry = |name: &str, value: Value| TagCollectionEntry { name: name.to_owned(), value };
        let mut unit = self.context.unit_of_work().await?;
        if let Some((collection, etag)) = new {
            let mut typed = json!({ TYPE: "AttributeTagCollection" });
            if let (Some(typed), Some(members)) = (typed.as_object_mut(), collection.as_object()) {
                typed.extend(members.clone());
            }
            unit.put(&entry(COLLECTION, typed)).await?;
            unit.put(&entry(ETAG, etag.into())).await?;
        }
        unit.put(&entry(CACHED_AT, self.context.clock().now().to_string().into())).await?;
        unit.commit().await
    }

    async fn text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.value(name).await?.and_then(|value| value.as_str().map(str::to_owned)))
    }

    async fn value(&self, name: &str) -> Result<Option<Value>> {
        let entry: Option<TagCollectionEntry> = self.context.store().get(name).await?;
        Ok(entry.map(|entry| entry.value))
    }
}

fn check(collection: &Value) -> Result<()> {
    match serde_json::from_value::<TagCollection>(collection.clone()) {
        Ok(_) => Ok(()),
        Err(_) => Err(TransportError::invariant("the Backbone sent no collection of tags")),
    }
}
