use core_types::Timestamp;
use serde::{Deserialize, Serialize};

/// A successful answer: `{"result": …}` (`docs/protocol/03 §1.2`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// The payload of the answer.
    pub result: T,
}

/// One page of a list. Lists of a single page carry no `pagination` member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The records of this page.
    pub result: Vec<T>,
    /// Present when the list has more than one page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
}

/// The position of a page in its list (`docs/protocol/03 §1.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Number of this page, starting at 1.
    pub page_number: u64,
    /// Records in a full page.
    pub page_size: u64,
    /// Number of pages of the whole list.
    pub total_pages: u64,
    /// Number of records of the whole list.
    pub total_records: u64,
}

/// A failed answer: `{"error": …}` (`docs/protocol/03 §1.8`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorObject,
}

/// The members of an error body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// `ERR…`, identifies this occurrence in the server's log.
    #[serde(default)]
    pub id: String,
    /// One of [`crate::codes`].
    pub code: String,
    /// English text for people.
    #[serde(default)]
    pub message: String,
    /// Link to a documentation page; empty in practice.
    #[serde(default)]
    pub docs: String,
    /// Time of the error.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// Filled for exhausted quotas only.
    #[serde(default)]
    pub data: Option<serde_json::Value>,
    /// Never written by current Backbones, still read by clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}
