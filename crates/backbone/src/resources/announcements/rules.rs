use backbone_api::sse::SseEvent;

use super::storage;
use crate::http::ApiError;
use crate::hub::Audience;
use crate::settings::AnnouncementDefinition;
use crate::unit::Unit;

/// Sets the time at which announcements were first seen, and notifies the recipients of new ones.
pub(crate) async fn note(unit: &mut Unit, announcements: &mut [AnnouncementDefinition]) -> Result<(), ApiError> {
    let now = unit.now;
    let ids: Vec<_> = announcements.iter().map(|announcement| announcement.id().as_str()).collect();
    storage::keep_only(unit.db(), &ids).await?;
    for announcement in announcements {
        if let Some(created_at) = storage::created_at(unit.db(), announcement.id()).await? {
            announcement.created_at = created_at;
            continue;
        }
        storage::insert(unit.db(), announcement.id(), now).await?;
        announcement.created_at = now;
        if announcement.is_silent() {
            continue;
        }
        match announcement.recipients() {
            [] => unit.notify(Audience::All, SseEvent::NewAnnouncement),
            recipients => recipients.iter().for_each(|recipient| {
                unit.notify(Audience::Identity(recipient.clone()), SseEvent::NewAnnouncement);
            }),
        }
    }
    Ok(())
}
