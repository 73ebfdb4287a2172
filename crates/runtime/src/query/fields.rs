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

const fn field(name: &'static str) -> Field {
    Field { name, path: name, single: false, allowed: None, rule: Rule::Operators, sortable: true }
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
}

const PASSWORD_PROTECTION: Field = field("passwordProtection").one_of(&["", "!"]).unsortable();
const PASSWORD: Field = field("passwordProtection.password").by(Rule::Literal).unsortable();
const PASSWORD_IS_PIN: Field = field("passwordProtection.passwordIsPin")
    .at("passwordProtection.passwordType")
    .one_of(&["true", "!"])
    .by(Rule::PasswordIsPin)
    .unsortable();
const PASSWORD_LOCATION_INDICATOR: Field =
    field("passwordProtection.passwordLocationIndicator").by(Rule::LocationIndicator).unsortable();

const FILES: &[Field] = &[
    field("createdAt"),
    field("createdBy"),
    field("createdByDevice"),
    field("description"),
    field("expiresAt"),
    field("filename"),
    field("filesize"),
    field("mimetype"),
    field("title"),
    field("isOwn"),
    field("tags").by(Rule::Tags).unsortable(),
    field("ownershipToken").by(Rule::Literal).unsortable(),
    field("ownershipIsLocked").single(),
];

const MESSAGES: &[Field] = &[
    field("isOwn").single(),
    field("createdBy"),
    field("createdByDevice"),
    field("createdAt"),
    field("content.@type"),
    field("content.body"),
    field("content.bodyFormat").by(Rule::BodyFormat),
    field("content.subject"),
    field("attachments").by(Rule::Attachments).unsortable(),
    field("recipients.address").unsortable(),
    field("recipients.relationshipId").unsortable(),
    field("wasReadAt"),
    field("participant").by(Rule::Participant).unsortable(),
];

const RELATIONSHIPS: &[Field] = &[field("peer").at("peer.address"), field("status"), field("templateId")];

const RELATIONSHIP_TEMPLATES: &[Field] = &[
    field("isOwn"),
    field("createdAt"),
    field("expiresAt"),
    field("createdBy"),
    field("createdByDevice"),
    field("maxNumberOfAllocations"),
    field("forIdentity"),
    PASSWORD_PROTECTION,
    PASSWORD,
    PASSWORD_IS_PIN,
    PASSWORD_LOCATION_INDICATOR,
];

const TOKENS: &[Field] = &[
    field("isOwn"),
    field("createdAt"),
    field("createdBy"),
    field("createdByDevice"),
    field("expiresAt"),
    field("forIdentity"),
    PASSWORD_PROTECTION,
    PASSWORD,
    PASSWORD_IS_PIN,
    PASSWORD_LOCATION_INDICATOR,
];

impl Resource {
    /// Names of the query parameters, for documentation.
    #[must_use]
    pub fn parameters(self) -> Vec<&'static str> {
        self.fields().iter().map(|field| field.name).collect()
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
