//! Lists of objects, which may be too long to fit into memory.

use std::fmt;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use store::{Document, Scan, StoreError};
use transport::TransportError;

use crate::error::ApplicationError;
use crate::query::unknown_position;

/// The objects of a list, one by one.
pub struct Listing<D>(BoxStream<'static, Result<D, ApplicationError>>);

impl<D> fmt::Debug for Listing<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listing").finish_non_exhaustive()
    }
}

impl<D: Send + 'static> Listing<D> {
    /// A list of the found documents, each converted by `shown`.
    pub(crate) fn new<T: Document + 'static>(
        found: Result<Scan<T>, TransportError>,
        shown: impl Fn(&T) -> D + Send + 'static,
    ) -> Result<Self, ApplicationError> {
        let scan = found.map_err(|error| match &error {
            TransportError::Store(cause) if matches!(**cause, StoreError::UnknownPosition { .. }) => unknown_position(),
            _ => error.into(),
        })?;
        let items = stream::try_unfold((scan, shown), async |(mut scan, shown)| {
            let Some(document) = scan.next().await? else { return Ok(None) };
            let item = shown(&document);
            Ok(Some((item, (scan, shown))))
        });
        Ok(Self(items.boxed()))
    }

    /// The next object; `None` after the last one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn next(&mut self) -> Result<Option<D>, ApplicationError> {
        self.0.try_next().await
    }

    /// All objects, for lists that are known to be short.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn all(self) -> Result<Vec<D>, ApplicationError> {
        self.0.try_collect().await
    }
}
