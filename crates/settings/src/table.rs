//! The description of settings.

use std::borrow::Cow;

use serde_json::Value;

/// One key of a section, and everything there is to say about it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub key: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    /// What may stand there.
    pub kind: Kind,
    /// What to write where it is missing, if it must be there.
    pub required: Option<&'static str>,
    /// What counts where it is missing.
    pub preset: Preset,
    /// Where it comes from.
    pub since: Since,
    /// Whether it is never shown.
    pub secret: bool,
    /// Whether `null` counts as not written.
    pub nullable: bool,
    /// What became of it, if it is no setting any more. Continues a sentence that begins with its name.
    pub removed: Option<(&'static str, &'static str)>,
    /// The code of the mistakes that are found here and below.
    pub code: Option<&'static str>,
    /// For operators, in Markdown.
    pub documentation: &'static str,
}

/// What counts where a setting is missing.
#[derive(Debug, Clone, Copy)]
pub enum Preset {
    /// Nothing.
    None,
    /// This JSON.
    Json(&'static str),
    /// What the members of the section have.
    Members,
    /// What this makes.
    Computed(fn() -> Value),
    /// Something that depends, in words for the documentation.
    Words(&'static str),
}

/// Since when there is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// All versions of the existing Connector have it.
    Always,
    /// The existing Connector has it since this version.
    Connector(&'static str),
    /// This program has it since this version, the existing Connector does not have it.
    Addition(&'static str),
}

/// What may stand at a place.
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
    /// An object whose members have names of the operator.
    Members(&'static Members),
    /// A list of these with at least so many items.
    List(&'static Kind, usize),
    /// One of these, which differ in their JSON types.
    OneOf(&'static [Kind]),
    /// An object, one of whose members says what else it has.
    Tagged(&'static Tagged),
    /// An object whose members are what the function says of each.
    Entries(&'static Entries),
    /// The same, but what is wrong in it stops nothing.
    Tolerated(&'static Kind),
}

/// A text.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// Whether it may be empty.
    pub may_be_empty: bool,
    /// A rule for it.
    pub rule: Option<Rule>,
}

/// What a text has to be beside a text.
pub type Rule = fn(&str) -> Result<(), Wrong>;

/// Why a text is refused. Never repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Continues a sentence that begins with the name of the setting.
    pub message: Cow<'static, str>,
    /// What to write.
    pub fix: Option<Cow<'static, str>>,
    /// The code of the mistake, if it has one of its own.
    pub code: Option<&'static str>,
}

impl Wrong {
    /// Without a fix: the message says what to write.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), fix: None, code: None }
    }

    /// With what to write.
    #[must_use]
    pub fn fix(self, fix: impl Into<Cow<'static, str>>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// With a code of its own.
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
    /// Members that it has in common with others.
    pub shared: &'static [&'static [Setting]],
    /// What happens to other members.
    pub unknown: Unknown,
    /// The code of the mistakes that are found here and below.
    pub code: Option<&'static str>,
}

/// What happens to members that a section does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// They are mistakes.
    Refused,
    /// They are named, but stop nothing.
    Named,
    /// They are somebody else's. Only those that look like slips of the finger are named.
    Ignored,
}

/// An object whose members have names of the operator.
#[derive(Debug, Clone, Copy)]
pub struct Members {
    /// Stands for the name in the documentation, as in `<id>`.
    pub name: &'static str,
    /// A rule for the name.
    pub rule: Option<Rule>,
    /// What each of them is.
    pub kind: Kind,
}

/// Names of something, which may be meant with wildcards.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// What they are the names of, as in "event".
    pub what: &'static str,
    /// All there are.
    pub known: &'static [&'static str],
    /// Those that only the existing Connector has.
    pub elsewhere: &'static [&'static str],
    /// Stands between the parts of a name.
    pub separator: char,
    /// Whether a pattern means a name.
    pub covers: fn(&str, &str) -> bool,
}

/// An object, one of whose members says what else it has.
#[derive(Debug, Clone, Copy)]
pub struct Tagged {
    /// The member that says it.
    pub tag: &'static str,
    /// What it may say, and what the object has then.
    pub variants: &'static [(&'static str, Section)],
    /// What happens to an object of another kind.
    pub otherwise: Otherwise,
}

/// What happens to an object whose kind nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It is a mistake.
    Refused,
    /// It stops nothing, but has this consequence.
    Named(&'static str),
    /// It is somebody else's.
    Ignored,
}

/// An object whose members are known, but not all of them by their names.
#[derive(Debug, Clone, Copy)]
pub struct Entries {
    /// What the member of this name and value is; `None`: nobody knows.
    pub resolve: fn(&str, &Value) -> Option<Section>,
    /// Whether what is wrong in a member of this name and value stops nothing.
    pub tolerates: fn(&str, &Value) -> bool,
    /// What nobody knows has these members, and others.
    pub unresolved: Section,
    /// The members that are known by their names.
    pub known: fn() -> Vec<Entry>,
}

/// A member that is known by its name.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The name.
    pub key: &'static str,
    /// What stands there.
    pub section: Section,
    /// For operators.
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

    /// With more members, which others have as well.
    #[must_use]
    pub const fn sharing(self, shared: &'static [&'static [Setting]]) -> Self {
        Self { shared, ..self }
    }

    /// With this treatment of members it does not have.
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

    /// What is no setting any more: what became of it, and what to do.
    #[must_use]
    pub const fn removed(key: &'static str, message: &'static str, fix: &'static str) -> Self {
        Self { removed: Some((message, fix)), ..Self::new(key, Kind::Any, "") }
    }

    /// It must be there; where it is missing, this is what to write.
    #[must_use]
    pub const fn required(self, fix: &'static str) -> Self {
        Self { required: Some(fix), ..self }
    }

    /// This JSON counts where it is missing.
    #[must_use]
    pub const fn default(self, json: &'static str) -> Self {
        self.preset(Preset::Json(json))
    }

    /// What counts where it is missing.
    #[must_use]
    pub const fn preset(self, preset: Preset) -> Self {
        Self { preset, ..self }
    }

    /// The existing Connector has it since this version.
    #[must_use]
    pub const fn since(self, version: &'static str) -> Self {
        Self { since: Since::Connector(version), ..self }
    }

    /// The existing Connector does not have it.
    #[must_use]
    pub const fn addition(self) -> Self {
        Self { since: Since::Addition("0.1"), ..self }
    }

    /// It is never shown.
    #[must_use]
    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// `null` counts as not written.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Other names that mean the same.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The code of the mistakes that are found here and below.
    #[must_use]
    pub const fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}
