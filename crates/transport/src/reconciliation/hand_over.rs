use crate::{
    context::Context,
    error::Result,
    inbox::{Found, Inbox, InboxNotes, Selection},
};

/// Sees to it that what was found gets stored; how much of it is new.
pub(super) async fn hand_over(context: &Context, found: Vec<Found>) -> Result<usize> {
    if found.is_empty() {
        return Ok(0);
    }
    let count = InboxNotes::new(context).note_found(&found).await?;
    // What cannot be fetched now is fetched later.
    Inbox::new(context).try_waiting(Selection::Due).await?;
    Ok(count)
}
