//! The rules for the members of the administrator's file.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::hash::Hash;

use backbone_api::tags::{Tag, TagCollection};

use super::admin_file::{Action, AdminFile, Announcement, ClientSettings, Tier};
use super::problem::Problem;
use super::tiers::{BASIC, BASIC_NAME, QUEUED_FOR_DELETION, QUEUED_FOR_DELETION_NAME};
use crate::config::BackboneConfig;
use crate::ids::{WireId, is_well_formed};
use crate::language;

const TIER_NAME: std::ops::RangeInclusive<usize> = 3..=30;
const DISPLAY_NAME: std::ops::RangeInclusive<usize> = 1..=30;
const LINK: std::ops::RangeInclusive<usize> = 1..=300;
const MAX_RECIPIENTS: usize = 100;
const ID_LENGTH: usize = 20;
/// Ten years.
const MAX_GRACE_PERIOD_DAYS: f64 = 3650.0;

impl AdminFile {
    /// Refuses the first invalid member.
    pub(super) fn check(&self, config: &BackboneConfig) -> Result<(), Problem> {
        if let Some(tags) = &self.tags {
            check_tags(tags)?;
        }
        for (index, announcement) in self.announcements.iter().enumerate() {
            announcement.check(&format!("announcements[{index}]"))?;
        }
        require_unique("announcements", "id", self.announcements.iter().map(|announcement| announcement.id.as_str()))?;
        for (index, tier) in self.tiers.iter().enumerate() {
            tier.check(&format!("tiers[{index}]"))?;
        }
        require_unique("tiers", "name", self.tiers.iter().map(|tier| tier.name.as_str()))?;
        require_unique("tiers", "id", self.tiers.iter().filter_map(|tier| tier.id.as_ref().map(|id| id.as_str())))?;
        for (index, quota) in self.individual_quotas.iter().enumerate() {
            if !quota.identity.is_valid() {
                return Err(Problem::new(format!("individualQuotas[{index}].identity"), "is not a valid address"));
            }
        }
        for (index, client) in self.clients.iter().enumerate() {
            self.check_client(&format!("clients[{index}]"), client, config)?;
        }
        require_unique("clients", "clientId", self.clients.iter().map(|client| client.client_id.as_str()))?;
        self.check_limits()?;
        self.check_template_references(config)
    }

    fn check_client(&self, at: &str, client: &ClientSettings, config: &BackboneConfig) -> Result<(), Problem> {
        if client.client_id.is_empty() {
            return Err(Problem::new(format!("{at}.clientId"), "must not be empty"));
        }
        if client.client_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(Problem::new(format!("{at}.clientSecret"), "must not be empty"));
        }
        let is_configured = config.clients.iter().any(|configured| configured.id == client.client_id);
        if !is_configured && client.client_secret.is_none() {
            let reason = "is needed, because the program was not started with a client of this id";
            return Err(Problem::new(format!("{at}.clientSecret"), reason));
        }
        if let Some(name) = &client.default_tier
            && name != BASIC_NAME
            && !self.tiers.iter().any(|tier| tier.name == *name)
        {
            return Err(Problem::new(format!("{at}.defaultTier"), format!("there is no tier named '{name}'")));
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), Problem> {
        if self.identity_deletion.grace_period_days.is_some_and(|days| !(0.0..=MAX_GRACE_PERIOD_DAYS).contains(&days)) {
            return Err(Problem::new("identityDeletion.gracePeriodDays", "must be 0 to 3650"));
        }
        if self.messages.max_recipients == Some(0) {
            return Err(Problem::new("messages.maxRecipients", "must be greater than 0"));
        }
        if self.messages.max_unreceived_from_one_sender.is_some_and(|most| !(1..=100).contains(&most)) {
            return Err(Problem::new("messages.maxUnreceivedFromOneSender", "must be 1 to 100"));
        }
        let empty = self.notification_codes.iter().flatten().position(String::is_empty);
        empty.map_or(Ok(()), |index| Err(Problem::new(format!("notificationCodes[{index}]"), "must not be empty")))
    }

    fn check_template_references(&self, config: &BackboneConfig) -> Result<(), Problem> {
        for (client_id, references) in &self.public_relationship_template_references {
            let at = format!("publicRelationshipTemplateReferences.{client_id}");
            let is_known = config.clients.iter().any(|client| client.id == *client_id)
                || self.clients.iter().any(|client| client.client_id == *client_id);
            if !is_known {
                return Err(Problem::new(at, "there is no client of this id"));
            }
            if let Some(index) = references.iter().position(|reference| reference.truncated_reference.is_empty()) {
                return Err(Problem::new(format!("{at}[{index}].truncatedReference"), "must not be empty"));
            }
        }
        Ok(())
    }
}

impl Announcement {
    fn check(&self, at: &str) -> Result<(), Problem> {
        require_id(&format!("{at}.id"), &self.id)?;
        require_languages(&format!("{at}.texts"), &self.texts)?;
        for (language, text) in &self.texts {
            for (member, value) in [("title", &text.title), ("body", &text.body)] {
                if value.is_empty() {
                    return Err(Problem::new(format!("{at}.texts.{language}.{member}"), "must not be empty"));
                }
            }
        }
        if self.recipients.len() > MAX_RECIPIENTS {
            let reason = format!("must have at most {MAX_RECIPIENTS} entries");
            return Err(Problem::new(format!("{at}.recipients"), reason));
        }
        if let Some(index) = self.recipients.iter().position(|address| !address.is_valid()) {
            return Err(Problem::new(format!("{at}.recipients[{index}]"), "is not a valid address"));
        }
        self.actions.iter().enumerate().try_for_each(|(index, action)| action.check(&format!("{at}.actions[{index}]")))
    }
}

impl Action {
    fn check(&self, at: &str) -> Result<(), Problem> {
        require_languages(&format!("{at}.displayName"), &self.display_name)?;
        for (language, name) in &self.display_name {
            if !DISPLAY_NAME.contains(&name.chars().count()) || name.contains(['\n', '\r']) {
                let reason = "must be one line of 1 to 30 characters";
                return Err(Problem::new(format!("{at}.displayName.{language}"), reason));
            }
        }
        if LINK.contains(&self.link.chars().count()) {
            return Ok(());
        }
        Err(Problem::new(format!("{at}.link"), "must have 1 to 300 characters"))
    }
}

impl Tier {
    fn check(&self, at: &str) -> Result<(), Problem> {
        if !TIER_NAME.contains(&self.name.chars().count()) {
            return Err(Problem::new(format!("{at}.name"), "must have 3 to 30 characters"));
        }
        if self.name == QUEUED_FOR_DELETION_NAME {
            return Err(Problem::new(format!("{at}.name"), "is the name of a built-in tier"));
        }
        let Some(id) = &self.id else {
            if self.name == BASIC_NAME {
                return Ok(());
            }
            return Err(Problem::new(format!("{at}.id"), "is needed: TIR and 17 letters or digits"));
        };
        require_id(&format!("{at}.id"), id)?;
        if id.as_str() == QUEUED_FOR_DELETION || (id.as_str() == BASIC) != (self.name == BASIC_NAME) {
            return Err(Problem::new(format!("{at}.id"), "belongs to a built-in tier"));
        }
        Ok(())
    }
}

/// Every tag must be named in every supported language, `en` among them (`docs/protocol/03 §9`).
pub(crate) fn check_tags(tags: &TagCollection) -> Result<(), Problem> {
    let languages = &tags.supported_languages;
    let at = "tags.supportedLanguages";
    if !languages.iter().any(|language| language == language::DEFAULT) {
        return Err(Problem::new(at, "the supported languages must include 'en'"));
    }
    if let Some(index) = languages.iter().position(|language| !language::is_known(language)) {
        return Err(Problem::new(format!("{at}[{index}]"), "is not a two-letter code of ISO 639-1"));
    }
    for (r#type, own) in &tags.tags_for_attribute_value_types {
        let at = format!("tags.tagsForAttributeValueTypes.{}", r#type);
        if let Some(name) = own.keys().find(|name| name.eq_ignore_ascii_case("x")) {
            return Err(Problem::new(format!("{at}.{name}"), "the name is reserved for tags of one's own"));
        }
        check_level(&at, own, languages)?;
    }
    Ok(())
}

fn check_level(at: &str, tags: &BTreeMap<String, Tag>, languages: &[String]) -> Result<(), Problem> {
    for (name, tag) in tags {
        let missing = languages.iter().find(|language| !tag.display_names.contains_key(*language));
        if let Some(language) = missing {
            return Err(Problem::new(format!("{at}.{name}.displayNames"), format!("lacks the language '{language}'")));
        }
        check_level(&format!("{at}.{name}.children"), &tag.children, languages)?;
    }
    Ok(())
}

fn require_languages<T>(at: &str, by_language: &BTreeMap<String, T>) -> Result<(), Problem> {
    if !by_language.contains_key(language::DEFAULT) {
        return Err(Problem::new(at, "the language 'en' is needed"));
    }
    match by_language.keys().find(|code| !language::is_known(code)) {
        Some(code) => Err(Problem::new(format!("{at}.{code}"), "is not a two-letter code of ISO 639-1")),
        None => Ok(()),
    }
}

fn require_id<T: WireId>(at: &str, id: &T) -> Result<(), Problem> {
    if is_well_formed(id) && id.as_ref().len() == ID_LENGTH {
        return Ok(());
    }
    let prefix = T::PREFIX;
    Err(Problem::new(at, format!("must be {prefix} and 17 letters or digits, such as {prefix}{}1", "0".repeat(16))))
}

fn require_unique<T: Hash + Eq + Display>(
    list: &str,
    member: &str,
    values: impl Iterator<Item = T>,
) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for value in values {
        if seen.contains(&value) {
            return Err(Problem::new(list, format!("two entries have the {member} '{value}'")));
        }
        seen.insert(value);
    }
    Ok(())
}
