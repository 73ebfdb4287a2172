use core_types::{NotificationId, RequestId, id};
use serde::{Deserialize, Serialize};

/// The Request or Notification by which an attribute came or went: the id of either.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceReference(String);

impl SourceReference {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is the id of a Notification, which only the prefix shows.
    #[must_use]
    pub fn is_notification(&self) -> bool {
        self.0.starts_with(NotificationId::PREFIX) && id::is_valid(NotificationId::PREFIX, &self.0)
    }
}

impl From<RequestId> for SourceReference {
    fn from(id: RequestId) -> Self {
        Self(id.into_string())
    }
}

impl From<NotificationId> for SourceReference {
    fn from(id: NotificationId) -> Self {
        Self(id.into_string())
    }
}
