//! Reading many or large documents without keeping all of them in memory.

use std::collections::{HashMap, VecDeque};
use std::marker::PhantomData;
use std::vec::IntoIter;

use crate::collection::{self, Place, Stored};
use crate::document::from_text;
use crate::reading::read;
use crate::{Document, Filter, Query, Store, StoreError};

/// The size limit of documents that are loaded together, unless a single one is larger.
const PORTION_BYTES: u64 = 256 * 1024;
/// The limit of their number.
const PORTION_DOCUMENTS: usize = 200;

/// The documents of a query, one after the other ([`Store::scan`]).
///
/// The selection and order of the documents are fixed at the beginning. Each is loaded when its turn is near, together
/// with some of those after it, and no connection to the database is held in between: a slow reader does not block
/// others. A document that has changed in the meantime is returned in its new form; a deleted one is left out.
#[derive(Debug)]
pub struct Scan<T> {
    store: Store,
    /// The filter, if the database has selected more documents than pass it.
    filter: Option<Filter>,
    to_skip: u64,
    left: u64,
    places: IntoIter<Place>,
    loaded: VecDeque<Stored>,
    documents: PhantomData<fn() -> T>,
}

impl<T: Document> Scan<T> {
    pub(crate) async fn open(store: &Store, query: &Query) -> Result<Self, StoreError> {
        let spec = T::COLLECTION;
        let indexes = store.inner.indexes().of(spec.name);
        let (places, exact) = read!(store.inner, |session| collection::places(session, &spec, &indexes, query))?;
        // The work that the database has not done already.
        let (filter, to_skip, left) = match exact {
            true => (None, 0, None),
            false => (Some(query.filter.clone()), query.offset, query.limit),
        };
        Ok(Self {
            store: store.clone(),
            filter,
            to_skip,
            left: left.unwrap_or(u64::MAX),
            places: places.into_iter(),
            loaded: VecDeque::new(),
            documents: PhantomData,
        })
    }

    /// The next document; `None` after the last one.
    ///
    /// # Errors
    /// [`StoreError::InvalidDocument`] if it does not have the shape of `T`; errors of the database.
    pub async fn next(&mut self) -> Result<Option<T>, StoreError> {
        while self.left > 0 {
            let Some(stored) = self.loaded.pop_front() else {
                if self.load().await? {
                    continue;
                }
                break;
            };
            if let Some(filter) = &self.filter
                && !filter.matches(&stored.to_value(&T::COLLECTION)?)
            {
                continue;
            }
            if self.to_skip > 0 {
                self.to_skip -= 1;
                continue;
            }
            self.left -= 1;
            return from_text(&stored.key, &stored.body).map(Some);
        }
        Ok(None)
    }

    /// Loads the next portion. False if there is none.
    async fn load(&mut self) -> Result<bool, StoreError> {
        let portion = self.portion();
        if portion.is_empty() {
            return Ok(false);
        }
        let mut found: HashMap<i64, Stored> =
            read!(self.store.inner, |session| collection::at(session, &T::COLLECTION, &portion))?;
        self.loaded.extend(portion.iter().filter_map(|seq| found.remove(seq)));
        Ok(true)
    }

    fn portion(&mut self) -> Vec<i64> {
        let mut portion = Vec::new();
        let mut bytes = 0;
        while let Some(place) = self.places.as_slice().first().copied() {
            bytes += u64::from(place.bytes);
            if !portion.is_empty() && (bytes > PORTION_BYTES || portion.len() >= PORTION_DOCUMENTS) {
                break;
            }
            portion.push(place.seq);
            self.places.next();
        }
        portion
    }
}
