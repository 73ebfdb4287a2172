//! How a type is declared: the one place from which its reading, checking, writing, hints, JSON schema and documentation follow.
//!
//! Descriptions are constants in the tables of the module `types`; [`crate::Reader`] interprets them.

use crate::hint_types::EditType;
use crate::kind::Kind;
use crate::rules::Rule;
use crate::version::{Profile, Version};

/// The purpose of a type. Decides where it may stand; each category is an enum of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Value of an IdentityAttribute.
    IdentityValue,
    /// Value of a RelationshipAttribute.
    RelationshipValue,
    /// Part of a composite value, never a value itself.
    Component,
    /// The statement family, not usable as a value.
    StatementFamily,
    /// Render hints and value hints.
    Hints,
    /// IdentityAttribute and RelationshipAttribute.
    Attribute,
    /// The four query types.
    Query,
    /// Creation hints of queries.
    CreationHints,
    /// Settings of form fields.
    FormFieldSettings,
    /// Items of requests.
    RequestItem,
    /// Items of responses.
    ResponseItem,
    /// Items of notifications.
    NotificationItem,
    /// Contents of messages.
    MessageContent,
    /// Contents of relationship templates.
    TemplateContent,
    /// Contents of the creation of relationships.
    CreationContent,
    /// Contents of tokens.
    TokenContent,
    /// Parts of the contents of tokens.
    TokenPart,
    /// Anything else that only occurs inside other types.
    Part,
}

/// A declared type. Built by the constant functions below; see [`crate::registry::all`] for all of them.
#[derive(Debug)]
pub struct TypeDescription {
    /// The `@type`, case-sensitive.
    pub name: &'static str,
    /// The purpose of the type.
    pub category: Category,
    /// One sentence for the documentation.
    pub summary: &'static str,
    /// Properties in the order in which they are checked: the first failing one decides the error.
    pub properties: &'static [Property],
    /// The release it came with.
    pub since: Version,
    /// The type it may stand in for.
    pub base: Option<&'static str>,
    /// Rule across properties, applied last.
    pub rule: Option<Rule>,
    /// `@type` is written even where the position fixes the type.
    pub always_typed: bool,
    /// Never found by its name, only used as the declared type of a position.
    pub is_abstract: bool,
    /// User interfaces offer it for editing.
    pub editable: bool,
}

impl TypeDescription {
    /// A type of the oldest release.
    #[must_use]
    pub const fn new(
        name: &'static str,
        category: Category,
        summary: &'static str,
        properties: &'static [Property],
    ) -> Self {
        Self {
            name,
            category,
            summary,
            properties,
            since: Version::OLDEST,
            base: None,
            rule: None,
            always_typed: false,
            is_abstract: false,
            editable: true,
        }
    }

    /// Came with a later release.
    #[must_use]
    pub const fn since(mut self, major: u16, minor: u16, patch: u16) -> Self {
        self.since = Version::new(major, minor, patch);
        self
    }

    /// May stand wherever `base` is declared.
    #[must_use]
    pub const fn extends(mut self, base: &'static str) -> Self {
        self.base = Some(base);
        self
    }

    /// Has a rule across its properties.
    #[must_use]
    pub const fn rule(mut self, rule: Rule) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Is always written with its `@type`.
    #[must_use]
    pub const fn always_typed(mut self) -> Self {
        self.always_typed = true;
        self
    }

    /// Cannot be named in `@type`.
    #[must_use]
    pub const fn nameless(mut self) -> Self {
        self.is_abstract = true;
        self
    }

    /// Is not offered for editing.
    #[must_use]
    pub const fn uneditable(mut self) -> Self {
        self.editable = false;
        self
    }

    /// Returns whether `profile` knows the type.
    #[must_use]
    pub fn is_known_to(&self, profile: Profile) -> bool {
        profile.has(self.since, None)
    }

    /// The property of that name, if `profile` has it.
    #[must_use]
    pub fn property(&self, name: &str, profile: Profile) -> Option<&'static Property> {
        self.properties.iter().find(|property| property.name == name && property.is_known_to(profile))
    }

    /// Returns whether the type has one property `value` only, so that a bare scalar can stand for it.
    #[must_use]
    pub fn has_shorthand(&self) -> bool {
        matches!(self.properties, [only] if only.name == "value")
    }
}

/// The value of a property that is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// `false`.
    False,
    /// `[]`.
    EmptyList,
    /// A text.
    Text(&'static str),
}

/// A property of a type.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// Name of the member.
    pub name: &'static str,
    /// The kind of value it holds.
    pub kind: Kind,
    /// Absent or `null` is refused (after defaults).
    pub required: bool,
    /// The release it came with.
    pub since: Version,
    /// The release it went with.
    pub until: Option<Version>,
    /// Filled in if absent, and then written.
    pub default: Option<DefaultValue>,
    /// `null` counts as absent.
    pub null_is_absent: bool,
    /// Older name, read if the property is absent or empty, by profiles up to this release.
    pub former_name: Option<(&'static str, Version)>,
    /// Name of the same fact in another release; [`Profile::Compatible`] writes both.
    pub twin: Option<&'static str>,
    /// How it is edited inside a composite value, if not as its kind suggests.
    pub edit: Option<EditType>,
    /// Composite values give no render hints for it.
    pub without_render_hints: bool,
    /// Composite values give empty value hints for it.
    pub without_limits_in_hints: bool,
}

impl Property {
    /// A property that must be there.
    #[must_use]
    pub const fn required(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            required: true,
            since: Version::OLDEST,
            until: None,
            default: None,
            null_is_absent: false,
            former_name: None,
            twin: None,
            edit: None,
            without_render_hints: false,
            without_limits_in_hints: false,
        }
    }

    /// A property that may be absent.
    #[must_use]
    pub const fn optional(name: &'static str, kind: Kind) -> Self {
        let mut property = Self::required(name, kind);
        property.required = false;
        property
    }

    /// Came with a later release.
    #[must_use]
    pub const fn since(mut self, major: u16, minor: u16, patch: u16) -> Self {
        self.since = Version::new(major, minor, patch);
        self
    }

    /// Went with a later release.
    #[must_use]
    pub const fn until(mut self, major: u16, minor: u16, patch: u16) -> Self {
        self.until = Some(Version::new(major, minor, patch));
        self
    }

    /// Is filled in if absent.
    #[must_use]
    pub const fn default(mut self, default: DefaultValue) -> Self {
        self.default = Some(default);
        self
    }

    /// Treats `null` as absent.
    #[must_use]
    pub const fn null_is_absent(mut self) -> Self {
        self.null_is_absent = true;
        self
    }

    /// Was called differently before that release.
    #[must_use]
    pub const fn formerly(mut self, name: &'static str, major: u16, minor: u16, patch: u16) -> Self {
        self.former_name = Some((name, Version::new(major, minor, patch)));
        self
    }

    /// Says the same as the property of that name does in other releases.
    #[must_use]
    pub const fn twin_of(mut self, name: &'static str) -> Self {
        self.twin = Some(name);
        self
    }

    /// Is edited in that way inside a composite value.
    #[must_use]
    pub const fn edited_as(mut self, edit: EditType) -> Self {
        self.edit = Some(edit);
        self
    }

    /// Has no render hints inside a composite value.
    #[must_use]
    pub const fn without_render_hints(mut self) -> Self {
        self.without_render_hints = true;
        self
    }

    /// Has empty value hints inside a composite value.
    #[must_use]
    pub const fn without_limits_in_hints(mut self) -> Self {
        self.without_limits_in_hints = true;
        self
    }

    /// Returns whether `profile` has the property.
    #[must_use]
    pub fn is_known_to(&self, profile: Profile) -> bool {
        profile.has(self.since, self.until)
    }

    /// The value `profile` fills in if the property is absent. A default that came later is left to those who know it, so that
    /// [`Profile::Compatible`] writes what either release would.
    #[must_use]
    pub fn default_for(&self, profile: Profile) -> Option<DefaultValue> {
        self.default.filter(|_| profile != Profile::Compatible || self.since == Version::OLDEST)
    }

    /// The former name `profile` still reads.
    #[must_use]
    pub fn former_name_for(&self, profile: Profile) -> Option<&'static str> {
        self.former_name.filter(|(_, until)| profile.has(Version::OLDEST, Some(*until))).map(|(name, _)| name)
    }
}
