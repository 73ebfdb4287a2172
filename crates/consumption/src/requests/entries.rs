use content::{Request, RequestEntry, RequestItem, Response, ResponseEntry, ResponseItem};

use crate::ConsumptionError;

/// The entries of a Request or a Response: items, and groups of items.
pub(super) enum Entry<'r, T> {
    Item(&'r T),
    Group(Vec<&'r T>),
}

impl<'r, T> Entry<'r, T> {
    /// Its items: one that is no group has itself.
    pub(super) fn items(&self) -> impl Iterator<Item = &'r T> {
        match self {
            Self::Item(item) => std::slice::from_ref(item).iter().copied(),
            Self::Group(items) => items.iter().copied(),
        }
    }
}

/// The entries of a Request.
///
/// # Errors
/// One without a code if anything is neither an item nor a group, or a group is in a group.
pub(super) fn of_request<'r, 'c>(
    request: &'r Request<'c>,
) -> Result<Vec<Entry<'r, RequestItem<'c>>>, ConsumptionError> {
    request
        .items()
        .iter()
        .map(|entry| match entry {
            RequestEntry::Item(item) => Ok(Entry::Item(item)),
            RequestEntry::Group(group) => {
                let items = group.items().iter().map(|entry| match entry {
                    RequestEntry::Item(item) => Ok(item),
                    RequestEntry::Group(_) | RequestEntry::Other(_) => Err(foreign("RequestItemGroup")),
                });
                items.collect::<Result<_, _>>().map(Entry::Group)
            }
            RequestEntry::Other(_) => Err(foreign("Request")),
        })
        .collect()
}

/// The same of a Response.
pub(super) fn of_response<'r, 'c>(
    response: &'r Response<'c>,
) -> Result<Vec<Entry<'r, ResponseItem<'c>>>, ConsumptionError> {
    response
        .items()
        .iter()
        .map(|entry| match entry {
            ResponseEntry::Item(item) => Ok(Entry::Item(item)),
            ResponseEntry::Group(group) => {
                let items = group.items().iter().map(|entry| match entry {
                    ResponseEntry::Item(item) => Ok(item),
                    ResponseEntry::Group(_) | ResponseEntry::Other(_) => Err(foreign("ResponseItemGroup")),
                });
                items.collect::<Result<_, _>>().map(Entry::Group)
            }
            ResponseEntry::Other(_) => Err(foreign("Response")),
        })
        .collect()
}

fn foreign(place: &str) -> ConsumptionError {
    ConsumptionError::Invalid(format!("an entry of the {place} is of a type that cannot be processed there"))
}
