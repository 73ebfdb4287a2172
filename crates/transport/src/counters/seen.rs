//! The counters that the Backbone has seen.

use backbone_api::relationships::Relationship as BackboneRelationship;
use backbone_api::{messages::Message as BackboneMessage, paths};
use core_types::Timestamp;
use crypto::{Cipher, CryptoObject};
use store::{Filter, Query};

use super::block::{CLOCK_SKEW, block_of};
use crate::{
    backbone::Call,
    context::Context,
    documents::{Relationship, RelationshipStatus},
    error::Result,
    messages::Backwards,
    relationships::Relationships,
};

/// The number of relationships per call; the contents of each can be large.
const RELATIONSHIPS_PER_CALL: usize = 8;

/// The highest block of any cipher that the Backbone has, as far as it is not known from before `since`.
pub(super) async fn highest_block(context: &Context, since: Timestamp) -> Result<Option<u64>> {
    let since = since.saturating_sub(CLOCK_SKEW);
    let mut highest = in_acceptances(context).await?;
    let mut list = Backwards::open(context).await?;
    while let Some(page) = list.next().await? {
        let own = page.iter().filter(|message| context.is_me(&message.created_by));
        highest = highest.max(own.filter_map(block_of_message).max());
        if page.first().is_some_and(|message| message.created_at < since) {
            break;
        }
    }
    Ok(highest)
}

fn block_of_message(message: &BackboneMessage) -> Option<u64> {
    let ciphers =
        message.recipients.iter().filter_map(|recipient| Cipher::from_json(recipient.encrypted_key.as_slice()).ok());
    ciphers.filter_map(|cipher| cipher.counter()).filter_map(|counter| block_of(counter.to_u32().into())).max()
}

/// Each acceptance used a counter. Earlier ones are known to the database.
async fn in_acceptances(context: &Context) -> Result<Option<u64>> {
    let pending = Query::new(Filter::eq("status", RelationshipStatus::Pending.as_str()));
    let pending: Vec<Relationship> = Relationships::new(context).find(&pending).await?;
    let mut highest = None;
    for some in pending.chunks(RELATIONSHIPS_PER_CALL) {
        let call =
            some.iter().fold(Call::get(paths::RELATIONSHIPS), |call, one| call.query("ids", Some(one.id.as_str())));
        let fetched: Vec<BackboneRelationship> = context.backbone().pages(call).await?;
        let accepted = fetched.iter().filter(|fetched| context.is_me(&fetched.metadata.to));
        let contents = accepted.filter_map(|fetched| fetched.creation_response_content.as_ref());
        let counters = contents.filter_map(|content| protocol::relationship::counter_of_response(content.as_slice()));
        highest = highest.max(counters.filter_map(|counter| block_of(counter.into())).max());
    }
    Ok(highest)
}
