use backbone_api::announcements::{Announcement as WireAnnouncement, AnnouncementAction};
use core_types::{AnnouncementId, IdentityAddress, Timestamp};

use super::admin_file::{Announcement, AnnouncementText};
use crate::language;

/// An announcement in all its languages.
#[derive(Debug)]
pub(crate) struct AnnouncementDefinition {
    content: Announcement,
    /// The time at which it was first seen.
    pub(crate) created_at: Timestamp,
}

impl AnnouncementDefinition {
    pub(super) fn new(content: Announcement) -> Self {
        Self { content, created_at: Timestamp::MIN }
    }

    pub(crate) fn id(&self) -> &AnnouncementId {
        &self.content.id
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.content.is_silent
    }

    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.content.expires_at
    }

    /// The recipients; all Identities when empty.
    pub(crate) fn recipients(&self) -> &[IdentityAddress] {
        &self.content.recipients
    }

    /// The announcement in a language, or in English where it is not translated.
    pub(crate) fn in_language(&self, code: &str) -> Option<WireAnnouncement> {
        let content = &self.content;
        let AnnouncementText { title, body } = in_language(&content.texts, code)?.clone();
        let actions = content.actions.iter().filter_map(|action| {
            let display_name = in_language(&action.display_name, code)?.clone();
            Some(AnnouncementAction { display_name, link: action.link.clone(), iql_query: None })
        });
        Some(WireAnnouncement {
            id: content.id.clone(),
            created_at: self.created_at,
            expires_at: content.expires_at,
            severity: content.severity,
            title,
            body,
            actions: actions.collect(),
            iql_query: content.iql_query.clone(),
        })
    }
}

fn in_language<'a, T>(texts: &'a std::collections::BTreeMap<String, T>, code: &str) -> Option<&'a T> {
    texts.get(code).or_else(|| texts.get(language::DEFAULT))
}
