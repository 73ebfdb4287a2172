//! The Backbone's list of all messages, read from its end: it is ordered by time.

use backbone_api::{
    messages::Message as BackboneMessage,
    paging::{PAGE_NUMBER, PAGE_SIZE},
    paths,
};

use crate::{backbone::Call, context::Context, error::Result};

/// Messages per page. Each may have 10 MiB, and the size of an answer is limited.
const MESSAGES_PER_PAGE: u64 = 8;
/// After this many empty pages there are no more messages, whatever number is announced.
const MAX_EMPTY_PAGES: u32 = 3;

/// Pages of messages, the newest page first; within a page they are ordered by time. A page that is requested again
/// later holds the same messages, unless some were deleted.
pub(crate) struct Backwards<'a> {
    context: &'a Context,
    /// The next page to read, counted from the beginning of the list.
    number: u64,
    empty: u32,
}

impl<'a> Backwards<'a> {
    pub(crate) async fn open(context: &'a Context) -> Result<Self> {
        let (_, count) = context.backbone().page::<BackboneMessage>(&call(1, 1)).await?;
        Ok(Self { context, number: count.div_ceil(MESSAGES_PER_PAGE), empty: 0 })
    }

    /// The next page to read, counted from the beginning of the list; 0 after the last one.
    pub(crate) fn position(&self) -> u64 {
        self.number
    }

    /// Continues from an earlier page.
    pub(crate) fn skip_to(&mut self, position: u64) {
        self.number = self.number.min(position);
    }

    /// The next page with messages; `None` once the beginning of the list has been reached.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<BackboneMessage>>> {
        while self.number > 0 && self.empty < MAX_EMPTY_PAGES {
            let (messages, _) = self.context.backbone().page(&call(MESSAGES_PER_PAGE, self.number)).await?;
            self.number -= 1;
            if !messages.is_empty() {
                self.empty = 0;
                return Ok(Some(messages));
            }
            self.empty += 1;
        }
        Ok(None)
    }
}

fn call(size: u64, number: u64) -> Call {
    Call::get(paths::MESSAGES).query(PAGE_SIZE, Some(size)).query(PAGE_NUMBER, Some(number))
}
