//! The rules of Attributes (`docs/protocol/05 §2`): one file an operation.
//!
//! An attribute is a chain of versions. What a rule changes, it says in [`Changes`](crate::Changes); what it needs loaded, in the
//! function `needs` beside it or in its documentation.

pub mod checks;
pub mod create;
pub mod decompose;
pub mod defaults;
pub mod delete;
pub mod deletion_info;
pub mod duplicates;
pub mod forward;
pub mod notify;
pub mod query;
pub mod succeed;
pub mod versions;
pub mod viewed;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;
