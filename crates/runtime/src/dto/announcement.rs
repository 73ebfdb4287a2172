use core_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An announcement by the operator of the Backbone.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementDto {
    /// Id.
    pub id: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it stops to matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub expires_at: Option<Timestamp>,
    /// `Low`, `Medium` or `High`.
    pub severity: String,
    /// Headline.
    pub title: String,
    /// Text.
    pub body: String,
    /// Links to follow.
    pub actions: Vec<AnnouncementActionDto>,
}

/// A link of an announcement.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementActionDto {
    /// Text of the link.
    pub display_name: String,
    /// Where it leads.
    pub link: String,
}
