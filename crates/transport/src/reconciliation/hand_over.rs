use crate::{
    context::Context,
    error::Result,
    inbox::{Found, Inbox, InboxNotes, Selection},
};

/// Makes sure that the findings get stored; returns the number of new ones.
pub(super) async fn hand_over(context: &Context, found: Vec<Found>) -> Result<usize> {
    if found.is_empty() {
        return Ok(0);
    }
    let count = InboxNotes::new(context).note_found(&found).await?;
    // Those that cannot be fetched now are fetched later.
    Inbox::new(context).try_waiting(Selection::Due).await?;
    Ok(count)
}
