//! Contents of tokens, to be looked at only: they are put together where the keys are.

pub use crate::types::tokens::content::*;
pub use crate::types::tokens::part::*;
