//! Query parameters of paged lists (`docs/protocol/03 §1.3`).

/// Number of the wanted page, starting at 1. Clients name it for pages after the first.
pub const PAGE_NUMBER: &str = "pageNumber";
/// Records a page shall hold.
pub const PAGE_SIZE: &str = "pageSize";
/// Page size when the client names none.
pub const DEFAULT_PAGE_SIZE: u64 = 50;
/// Greatest accepted page size.
pub const MAX_PAGE_SIZE: u64 = 200;
