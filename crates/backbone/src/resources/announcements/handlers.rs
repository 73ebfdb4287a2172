use std::time::Duration;

use axum::extract::State;
use backbone_api::announcements::Announcement;
use core_types::{IdentityAddress, Timestamp};

use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Query};
use crate::language;
use crate::settings::AnnouncementDefinition;

/// Time for which an expired announcement can still be read.
const KEPT_AFTER_EXPIRY: Duration = Duration::from_secs(30 * 24 * 3600);

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
) -> Result<Answer<Vec<Announcement>>, ApiError> {
    let code = query.required("language")?;
    if !language::is_known(code) {
        return Err(ApiError::invalid_property("'language' must be a two-letter code of ISO 639-1."));
    }
    let (settings, now) = (context.settings(), context.now());
    let visible = settings.announcements.iter().filter(|announcement| announcement.is_visible(&caller.address, now));
    let mut announcements: Vec<_> = visible.filter_map(|announcement| announcement.in_language(code)).collect();
    announcements.sort_by_key(|announcement| announcement.created_at);
    Ok(Answer::ok(announcements))
}

impl AnnouncementDefinition {
    fn is_visible(&self, reader: &IdentityAddress, now: Timestamp) -> bool {
        let is_for_reader = self.recipients().is_empty() || self.recipients().contains(reader);
        is_for_reader && self.expires_at().is_none_or(|end| !end.saturating_add(KEPT_AFTER_EXPIRY).is_expired(now))
    }
}
