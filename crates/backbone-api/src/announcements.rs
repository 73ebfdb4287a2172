//! `GET /Announcements` (`docs/protocol/03 §9`).

use core_types::{AnnouncementId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::wire_enum::wire_enum;

wire_enum! {
    /// Weight of an announcement.
    AnnouncementSeverity {
        /// For information.
        Low = 1,
        /// Worth reading.
        Medium = 2,
        /// Needs attention.
        High = 3,
    }
}

/// An announcement in the language that the caller requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// `ANC…`.
    pub id: AnnouncementId,
    /// Time of its publication.
    pub created_at: Timestamp,
    /// Time from which it no longer matters.
    pub expires_at: Option<Timestamp>,
    /// Its weight.
    pub severity: AnnouncementSeverity,
    /// Headline.
    pub title: String,
    /// Text.
    pub body: String,
    /// Links to follow.
    #[serde(default)]
    pub actions: Vec<AnnouncementAction>,
    /// Condition on the reader's attributes.
    #[serde(default)]
    pub iql_query: Option<String>,
}

/// A link of an announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementAction {
    /// Text of the link.
    pub display_name: String,
    /// URL of the link.
    pub link: String,
    /// Condition on the reader's attributes.
    #[serde(default)]
    pub iql_query: Option<String>,
}
