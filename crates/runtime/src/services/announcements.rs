use transport::Account;

use crate::dto::{AnnouncementActionDto, AnnouncementDto};
use crate::error::ApplicationError;
use crate::input::GetAnnouncementsRequest;

/// Announcements by the operator of the Backbone (`docs/protocol/06-rest-api.md` §5.2).
#[derive(Debug, Clone)]
pub struct AnnouncementsService {
    pub(super) account: Account,
}

impl AnnouncementsService {
    /// Fetches the announcements in a language.
    ///
    /// # Errors
    /// A failed call to the Backbone.
    pub async fn list(&self, request: GetAnnouncementsRequest) -> Result<Vec<AnnouncementDto>, ApplicationError> {
        let announcements = self.account.backbone().announcements(&request.language).await?;
        let dtos = announcements.into_iter().map(|announcement| AnnouncementDto {
            id: announcement.id.into_string(),
            created_at: announcement.created_at,
            expires_at: announcement.expires_at,
            severity: announcement.severity.to_string(),
            title: announcement.title,
            body: announcement.body,
            actions: announcement
                .actions
                .into_iter()
                .map(|action| AnnouncementActionDto { display_name: action.display_name, link: action.link })
                .collect(),
        });
        Ok(dtos.collect())
    }
}
