//! Requests for a relationship whose success is not known.

use backbone_api::relationships::Relationship as BackboneRelationship;
use crypto::{encoding::base64url_encode, hash::sha512};
use store::{Filter, Query};

use crate::{context::Context, documents::PendingRelationship, error::Result};

pub(super) fn content_hash(wire: &[u8]) -> String {
    base64url_encode(sha512(wire))
}

/// The request that became this relationship.
pub(super) async fn find(context: &Context, fetched: &BackboneRelationship) -> Result<Option<PendingRelationship>> {
    let Some(content) = &fetched.creation_content else { return Ok(None) };
    let filter = Filter::eq("creationContentHash", content_hash(content.as_slice()));
    Ok(context.store().find_one(&Query::new(filter)).await?)
}
