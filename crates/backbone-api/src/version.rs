//! `GET /Version` (`docs/protocol/03 §9`).

use serde::{Deserialize, Serialize};

/// The major version of the protocol on both sides.
pub const MAJOR_VERSION: &str = "7";

/// Answer of `GET /Version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackboneVersion {
    /// Major version, as a string.
    pub major_version: String,
}
