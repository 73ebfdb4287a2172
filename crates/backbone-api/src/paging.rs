//! Query parameters of paged lists (`docs/protocol/03 §1.3`).

/// Number of the requested page, starting at 1. Clients send it for pages after the first.
pub const PAGE_NUMBER: &str = "pageNumber";
/// Requested number of records per page.
pub const PAGE_SIZE: &str = "pageSize";
/// Page size if the client sends none.
pub const DEFAULT_PAGE_SIZE: u64 = 50;
/// Greatest accepted page size.
pub const MAX_PAGE_SIZE: u64 = 200;
