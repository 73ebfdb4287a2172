use crate::Filter;

/// A selection of the documents of a collection, and their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The condition for a document.
    pub filter: Filter,
    /// Order, most significant first; equal documents (and all without any sort) come in insertion order.
    pub sort: Vec<Sort>,
    /// The maximum number of documents.
    pub limit: Option<u64>,
    /// The number of documents to skip.
    pub offset: u64,
    /// Only documents after the one with this key in the order of the query, whether or not that one passes the filter.
    pub after: Option<String>,
}

/// Order by the value at a path of members. Absent, `null` and composite values come first, then numbers, texts (by
/// code point) and booleans; descending reverses that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Member names joined by `.`; unlike in a filter, arrays on the way are not entered.
    pub path: String,
    /// Largest first.
    pub descending: bool,
}

impl Sort {
    /// Smallest first.
    #[must_use]
    pub fn ascending(path: impl Into<String>) -> Self {
        Self { path: path.into(), descending: false }
    }

    /// Largest first.
    #[must_use]
    pub fn descending(path: impl Into<String>) -> Self {
        Self { path: path.into(), descending: true }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self::new(Filter::All)
    }
}

impl From<Filter> for Query {
    fn from(filter: Filter) -> Self {
        Self::new(filter)
    }
}

impl Query {
    /// All documents that pass the filter, in insertion order.
    #[must_use]
    pub const fn new(filter: Filter) -> Self {
        Self { filter, sort: Vec::new(), limit: None, offset: 0, after: None }
    }

    /// Adds a less significant order.
    #[must_use]
    pub fn sort_by(mut self, sort: Sort) -> Self {
        self.sort.push(sort);
        self
    }

    /// Limits the number of documents.
    #[must_use]
    pub const fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Skips this many documents.
    #[must_use]
    pub const fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Only documents after the one with this key. It must exist, or the answer is
    /// [`crate::StoreError::UnknownPosition`].
    #[must_use]
    pub fn after(mut self, key: impl Into<String>) -> Self {
        self.after = Some(key.into());
        self
    }
}
