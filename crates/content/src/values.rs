//! Values of attributes, and what composite ones are made of.

pub use crate::types::components::*;
pub use crate::types::identity_values::*;
pub use crate::types::relationship_values::*;
pub use crate::types::statements::*;
