//! The contents each place takes (`docs/protocol/04 §10`). Reading alone does not decide that: every registered type can be read.

use crate::{CreationContent, MessageContent, TemplateContent};

/// A place that takes certain contents only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The content of a message.
    Message,
    /// The content of a relationship template.
    RelationshipTemplate,
    /// The content with which a relationship is created.
    RelationshipCreation,
}

impl Position {
    /// The names of the types it takes.
    #[must_use]
    pub const fn type_names(self) -> &'static [&'static str] {
        match self {
            Self::Message => MessageContent::TYPES,
            Self::RelationshipTemplate => TemplateContent::TYPES,
            Self::RelationshipCreation => CreationContent::TYPES,
        }
    }

    /// Returns whether it takes content with that `@type`.
    #[must_use]
    pub fn takes(self, type_name: Option<&str>) -> bool {
        type_name.is_some_and(|name| self.type_names().contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Profile, registry};

    #[test]
    fn positions_name_declared_types() {
        for position in [Position::Message, Position::RelationshipTemplate, Position::RelationshipCreation] {
            assert!(position.type_names().iter().all(|name| registry::named(name, Profile::V7_0).is_some()));
            assert!(!position.takes(Some("GivenName")) && !position.takes(None));
        }
        assert!(Position::Message.takes(Some("Mail")) && !Position::RelationshipTemplate.takes(Some("Mail")));
    }
}
