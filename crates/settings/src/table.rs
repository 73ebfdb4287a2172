//! The description of settings.

use std::borrow::Cow;

use serde_json::Value;

/// One key of a section, and everything about it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub key: &'static str,
    /// Other names with the same meaning.
    pub aliases: &'static [&'static str],
    /// The permitted values.
    pub kind: Kind,
    /// The value to write if it is missing, for a required setting.
    pub required: Option<&'static str>,
    /// The value if it is missing.
    pub preset: Preset,
    /// Its origin.
    pub since: Since,
    /// True if it is never shown.
    pub secret: bool,
    /// True if `null` counts as missing.
    pub nullable: bool,
    /// The reason why it is no longer a setting, and the remedy. The reason continues a sentence that begins with its
    /// name.
    pub removed: Option<(&'static str, &'static str)>,
    /// The code of the mistakes that are found here and below.
    pub code: Option<&'static str>,
    /// Documentation for operators, in Markdown.
    pub documentation: &'static str,
}

/// The value of a missing setting.
#[derive(Debug, Clone, Copy)]
pub enum Preset {
    /// Nothing.
    None,
    /// This JSON.
    Json(&'static str),
    /// The defaults of the section's members.
    Members,
    /// The result of this function.
    Computed(fn() -> Value),
    /// A value that depends on something, in words for the documentation.
    Words(&'static str),
}

/// The origin of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// All versions of the existing Connector have it.
    Always,
    /// The existing Connector has it since this version.
    Connector(&'static str),
    /// This program has it since this version; the existing Connector does not have it.
    Addition(&'static str),
}

/// The permitted values at a place.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Anything.
    Any,
    /// `null`.
    Null,
    /// A text.
    Text(Text),
    /// `true` or `false`.
    Boolean,
    /// A whole number from the first to the second.
    Number(u64, u64),
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// The name of something, possibly with wildcards.
    Name(&'static Names),
    /// An object with these members.
    Section(Section),
    /// An object whose members are named by the operator.
    Members(&'static Members),
    /// A list of these with at least this many items.
    List(&'static Kind, usize),
    /// One of these, which differ in their JSON types.
    OneOf(&'static [Kind]),
    /// An object, one of whose members determines the others.
    Tagged(&'static Tagged),
    /// An object whose members are determined by the function.
    Entries(&'static Entries),
    /// The same, but mistakes in it are only warnings.
    Tolerated(&'static Kind),
}

/// A text.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// True if it may be empty.
    pub may_be_empty: bool,
    /// A rule for it.
    pub rule: Option<Rule>,
}

/// A further rule for a text.
pub type Rule = fn(&str) -> Result<(), Wrong>;

/// The reason why a text is refused. Never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Continues a sentence that begins with the name of the setting.
    pub message: Cow<'static, str>,
    /// The value to write.
    pub fix: Option<Cow<'static, str>>,
    /// The code of the mistake, if it has one of its own.
    pub code: Option<&'static str>,
}

impl Wrong {
    /// Without a fix: the message says what to write.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), fix: None, code: None }
    }

    /// Adds the value to write.
    #[must_use]
    pub fn fix(self, fix: impl Into<Cow<'static, str>>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// Adds a code of its own.
    #[must_use]
    pub fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}

/// An object with known members.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its members.
    pub settings: &'static [Setting],
    /// Members that it shares with other sections.
    pub shared: &'static [&'static [Setting]],
    /// The treatment of other members.
    pub unknown: Unknown,
    /// The code of the mistakes that are found here and below.
    pub code: Option<&'static str>,
}

/// The treatment of members that a section does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// They are mistakes.
    Refused,
    /// They are reported as warnings.
    Named,
    /// They belong to others. Only those that look like typing errors are reported.
    Ignored,
}

/// An object whose members are named by the operator.
#[derive(Debug, Clone, Copy)]
pub struct Members {
    /// The placeholder for the name in the documentation, as in `<id>`.
    pub name: &'static str,
    /// A rule for the name.
    pub rule: Option<Rule>,
    /// The kind of each member.
    pub kind: Kind,
}

/// Names of something, which may be matched by wildcards.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// The kind of thing that they name, as in "event".
    pub what: &'static str,
    /// All known names.
    pub known: &'static [&'static str],
    /// Names that only the existing Connector has.
    pub elsewhere: &'static [&'static str],
    /// The separator between the parts of a name.
    pub separator: char,
    /// Returns true if a pattern matches a name.
    pub covers: fn(&str, &str) -> bool,
}

/// An object, one of whose members determines the others.
#[derive(Debug, Clone, Copy)]
pub struct Tagged {
    /// The determining member.
    pub tag: &'static str,
    /// Its possible values, and the members of the object for each.
    pub variants: &'static [(&'static str, Section)],
    /// The treatment of an object of another kind.
    pub otherwise: Otherwise,
}

/// The treatment of an object of unknown kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It is a mistake.
    Refused,
    /// It is only a warning, with this consequence.
    Named(&'static str),
    /// It belongs to others.
    Ignored,
}

/// An object whose members are known, but not all of them by name.
#[derive(Debug, Clone, Copy)]
pub struct Entries {
    /// The section for the member with this name and value; `None` if it is unknown.
    pub resolve: fn(&str, &Value) -> Option<Section>,
    /// Returns true if mistakes in the member with this name and value are only warnings.
    pub tolerates: fn(&str, &Value) -> bool,
    /// The members of an unknown entry, besides others.
    pub unresolved: Section,
    /// The members that are known by name.
    pub known: fn() -> Vec<Entry>,
}

/// A member that is known by name.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The name.
    pub key: &'static str,
    /// Its section.
    pub section: Section,
    /// Documentation for operators.
    pub documentation: &'static str,
}

impl Kind {
    /// A text that is not empty.
    pub const TEXT: Self = Self::Text(Text { may_be_empty: false, rule: None });
    /// Any text.
    pub const ANY_TEXT: Self = Self::Text(Text { may_be_empty: true, rule: None });
    /// Any whole number.
    pub const COUNT: Self = Self::Number(0, u64::MAX);

    /// A text that is not empty and follows a rule.
    #[must_use]
    pub const fn text(rule: Rule) -> Self {
        Self::Text(Text { may_be_empty: false, rule: Some(rule) })
    }

    /// An object with these members and no others.
    #[must_use]
    pub const fn section(settings: &'static [Setting]) -> Self {
        Self::Section(Section::new(settings))
    }
}

impl Section {
    /// With these members and no others.
    #[must_use]
    pub const fn new(settings: &'static [Setting]) -> Self {
        Self { settings, shared: &[], unknown: Unknown::Refused, code: None }
    }

    /// Adds members that are shared with other sections.
    #[must_use]
    pub const fn sharing(self, shared: &'static [&'static [Setting]]) -> Self {
        Self { shared, ..self }
    }

    /// Sets the treatment of members that it does not have.
    #[must_use]
    pub const fn unknown(self, unknown: Unknown) -> Self {
        Self { unknown, ..self }
    }

    /// With a code for the mistakes in it.
    #[must_use]
    pub const fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// All its members.
    pub fn all(&self) -> impl Iterator<Item = &'static Setting> + use<> {
        self.settings.iter().chain(self.shared.iter().copied().flatten())
    }

    /// The member of this name.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&'static Setting> {
        self.all().find(|setting| setting.key == key || setting.aliases.contains(&key))
    }

    /// The names of its members, as far as they are still settings.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.all().filter(|setting| setting.removed.is_none()).map(|setting| setting.key)
    }
}

impl Setting {
    /// A setting that may be left out.
    #[must_use]
    pub const fn new(key: &'static str, kind: Kind, documentation: &'static str) -> Self {
        Self {
            key,
            aliases: &[],
            kind,
            required: None,
            preset: Preset::None,
            since: Since::Always,
            secret: false,
            nullable: false,
            removed: None,
            code: None,
            documentation,
        }
    }

    /// A key that is no longer a setting: the reason, and the remedy.
    #[must_use]
    pub const fn removed(key: &'static str, message: &'static str, fix: &'static str) -> Self {
        Self { removed: Some((message, fix)), ..Self::new(key, Kind::Any, "") }
    }

    /// Makes it required; if it is missing, this is the value to write.
    #[must_use]
    pub const fn required(self, fix: &'static str) -> Self {
        Self { required: Some(fix), ..self }
    }

    /// Sets the JSON that applies if it is missing.
    #[must_use]
    pub const fn default(self, json: &'static str) -> Self {
        self.preset(Preset::Json(json))
    }

    /// Sets the value that applies if it is missing.
    #[must_use]
    pub const fn preset(self, preset: Preset) -> Self {
        Self { preset, ..self }
    }

    /// Marks it as a setting that the existing Connector has had since this version.
    #[must_use]
    pub const fn since(self, version: &'static str) -> Self {
        Self { since: Since::Connector(version), ..self }
    }

    /// Marks it as a setting that the existing Connector does not have.
    #[must_use]
    pub const fn addition(self) -> Self {
        Self { since: Since::Addition("0.1"), ..self }
    }

    /// Marks it as never shown.
    #[must_use]
    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// Makes `null` count as missing.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Adds other names with the same meaning.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Sets the code of the mistakes that are found here and below.
    #[must_use]
    pub const fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}
