//! The filterable fields (`docs/protocol/06-rest-api.md` §4.6).

/// A kind of object that can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Files.
    Files,
    /// Messages.
    Messages,
    /// Relationships.
    Relationships,
    /// RelationshipTemplates.
    RelationshipTemplates,
    /// Tokens.
    Tokens,
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// Name of the parameter.
    pub(super) name: &'static str,
    /// The values it accepts, for documentation.
    kind: FilterKind,
    /// Path in the stored document.
    pub(super) path: &'static str,
    /// True if it must not be repeated.
    pub(super) single: bool,
    /// The only values it accepts.
    pub(super) allowed: Option<&'static [&'static str]>,
    /// The parsing rule of its values.
    pub(super) rule: Rule,
    /// True if a list can be sorted by it: it is one plain value.
    pub(super) sortable: bool,
    /// True if it is accepted, but has no effect on any list.
    undocumented: bool,
}

/// The values of a query parameter, for documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    /// A text.
    Text,
    /// An id or address.
    Id,
    /// A point in time.
    Date,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// True or absent.
    PartialBoolean,
    /// Present or absent.
    Existence,
    /// The format of a Mail.
    BodyFormat,
}

impl FilterKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Id,
        Self::Date,
        Self::Number,
        Self::Boolean,
        Self::PartialBoolean,
        Self::Existence,
        Self::BodyFormat,
    ];

    /// The accepted values in words.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Text => {
                "A text, optionally after `!` (not), `^` (begins with), `$` (ends with) or `~` (contains). Empty: the member exists; `!`: it does not. Repeated: any of the texts."
            }
            Self::Id => {
                "An id or address, or `!` and one that is not meant. Empty: the member exists; `!`: it does not. May be repeated."
            }
            Self::Date => {
                "The beginning of a date in ISO 8601 and UTC after `<`, `<=`, `>`, `>=` or `^`, or a whole one. Repeated, all conditions hold."
            }
            Self::Number => "A number, optionally after `!`, `<`, `<=`, `>` or `>=`. Repeated, all conditions hold.",
            Self::Boolean => "`true` or `false`, optionally after `!`.",
            Self::PartialBoolean => "`true`, or `!` where the member does not exist.",
            Self::Existence => "Empty: the member exists; `!`: it does not.",
            Self::BodyFormat => {
                "`PlainText` or `Markdown`, optionally after `!`. A Mail that names no format is plain text."
            }
        }
    }
}

/// The parsing rule for the values of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// With operators and conversion.
    Operators,
    /// Unchanged.
    Literal,
    /// Any of the tags, unchanged.
    Tags,
    /// `+` for any attachment, otherwise any of the ids.
    Attachments,
    /// The format of a Mail, which is `PlainText` if none is named.
    BodyFormat,
    /// Sender or recipient.
    Participant,
    /// `true` or `!`.
    PasswordIsPin,
    /// Name or number.
    LocationIndicator,
}

const fn field(name: &'static str, kind: FilterKind) -> Field {
    let rule = Rule::Operators;
    Field { name, kind, path: name, single: false, allowed: None, rule, sortable: true, undocumented: false }
}

const fn text(name: &'static str) -> Field {
    field(name, FilterKind::Text)
}

const fn id(name: &'static str) -> Field {
    field(name, FilterKind::Id)
}

const fn date(name: &'static str) -> Field {
    field(name, FilterKind::Date)
}

const fn number(name: &'static str) -> Field {
    field(name, FilterKind::Number)
}

const fn boolean(name: &'static str) -> Field {
    field(name, FilterKind::Boolean)
}

impl Field {
    const fn at(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    const fn single(self) -> Self {
        Self { single: true, ..self }
    }

    const fn one_of(self, allowed: &'static [&'static str]) -> Self {
        Self { allowed: Some(allowed), ..self.single() }
    }

    const fn by(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    const fn unsortable(self) -> Self {
        Self { sortable: false, ..self }
    }

    const fn undocumented(self) -> Self {
        Self { undocumented: true, ..self }
    }
}

const PASSWORD_PROTECTION: Field = field("passwordProtection", FilterKind::Existence).one_of(&["", "!"]).unsortable();
const PASSWORD: Field = text("passwordProtection.password").by(Rule::Literal).unsortable();
const PASSWORD_IS_PIN: Field = field("passwordProtection.passwordIsPin", FilterKind::PartialBoolean)
    .at("passwordProtection.passwordType")
    .one_of(&["true", "!"])
    .by(Rule::PasswordIsPin)
    .unsortable();
const PASSWORD_LOCATION_INDICATOR: Field =
    text("passwordProtection.passwordLocationIndicator").by(Rule::LocationIndicator).unsortable();

const FILES: &[Field] = &[
    date("createdAt"),
    id("createdBy"),
    id("createdByDevice"),
    text("description"),
    date("expiresAt"),
    text("filename"),
    number("filesize"),
    text("mimetype"),
    text("title"),
    boolean("isOwn"),
    text("tags").by(Rule::Tags).unsortable(),
    text("ownershipToken").by(Rule::Literal).unsortable(),
    boolean("ownershipIsLocked").single(),
];

const MESSAGES: &[Field] = &[
    boolean("isOwn").single(),
    id("createdBy"),
    id("createdByDevice"),
    date("createdAt"),
    text("content.@type"),
    text("content.body"),
    field("content.bodyFormat", FilterKind::BodyFormat).by(Rule::BodyFormat),
    text("content.subject"),
    id("attachments").by(Rule::Attachments).unsortable(),
    id("recipients.address").unsortable(),
    id("recipients.relationshipId").unsortable(),
    date("wasReadAt"),
    id("participant").by(Rule::Participant).unsortable(),
];

const RELATIONSHIPS: &[Field] = &[id("peer").at("peer.address"), text("status"), id("templateId")];

const RELATIONSHIP_TEMPLATES: &[Field] = &[
    boolean("isOwn"),
    date("createdAt"),
    date("expiresAt"),
    id("createdBy"),
    id("createdByDevice"),
    number("maxNumberOfAllocations"),
    id("forIdentity"),
    PASSWORD_PROTECTION,
    PASSWORD,
    PASSWORD_IS_PIN,
    PASSWORD_LOCATION_INDICATOR,
];

const TOKENS: &[Field] = &[
    // There is no list of both own Tokens and those of peers.
    boolean("isOwn").undocumented(),
    date("createdAt"),
    id("createdBy"),
    id("createdByDevice"),
    date("expiresAt"),
    id("forIdentity"),
    PASSWORD_PROTECTION,
    PASSWORD,
    PASSWORD_IS_PIN,
    PASSWORD_LOCATION_INDICATOR,
];

impl Resource {
    /// Names of the query parameters.
    #[must_use]
    pub fn parameters(self) -> Vec<&'static str> {
        self.fields().iter().map(|field| field.name).collect()
    }

    /// Names and values of the query parameters that have an effect, for documentation.
    pub fn filters(self) -> impl Iterator<Item = (&'static str, FilterKind)> {
        self.fields().iter().filter(|field| !field.undocumented).map(|field| (field.name, field.kind))
    }

    /// The parameters by which a list can be sorted, for documentation.
    #[must_use]
    pub fn orders(self) -> Vec<&'static str> {
        self.fields().iter().filter(|field| field.sortable).map(|field| field.name).collect()
    }

    pub(super) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Files => FILES,
            Self::Messages => MESSAGES,
            Self::Relationships => RELATIONSHIPS,
            Self::RelationshipTemplates => RELATIONSHIP_TEMPLATES,
            Self::Tokens => TOKENS,
        }
    }
}
