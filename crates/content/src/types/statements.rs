use super::value;
use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Format, Item, Kind, List, Text};
use crate::rules;

const fn statement(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::Statement, summary, properties)
}

const fn one_of(words: &'static [&'static str]) -> Property {
    value(Kind::Text(Text::formatted(Format::Enumeration(words, None))))
}

const DESCRIPTOR: &[Property] =
    &[Property::required("address", Kind::Address), Property::optional("attributes", Kind::List(List::of(Item::Any)))];

/// The statement family (`docs/protocol/04 §5.9`).
pub(super) static TYPES: &[TypeDescription] = &[
    statement("DigitalIdentityDescriptor", "An Identity with attributes of it.", DESCRIPTOR),
    statement(
        "Statement",
        "What one Identity says about another.",
        &[
            Property::required("subject", Kind::Child("StatementSubject")),
            Property::required("predicate", Kind::Child("StatementPredicate")),
            Property::required("object", Kind::Child("StatementObject")),
            Property::required("issuer", Kind::Child("DigitalIdentityDescriptor")),
            Property::required("issuerConditions", Kind::Child("StatementIssuerConditions")),
        ],
    )
    .rule(rules::statement_has_attribute),
    statement(
        "StatementAuthorityType",
        "On whose authority a statement is made.",
        &[one_of(&[
            "ownAuthority",
            "trustedAuthority",
            "publicAuthority",
            "relayedOwnAuthority",
            "relayedTrustedAuthority",
            "relayedPublicAuthority",
        ])],
    ),
    statement(
        "StatementEvidence",
        "What a statement is based on.",
        &[one_of(&[
            "ownFact",
            "digitalPublicIDCard",
            "digitalPublicDocument",
            "digitalDocument",
            "sightCheckOfPublicIDCard",
            "sightCheckOfPublicDocument",
            "sightCheckOfDocument",
            "mediaOfPublicIDCard",
            "mediaOfPublicDocument",
            "mediaOfDocument",
        ])],
    ),
    statement(
        "StatementIssuerConditions",
        "Under which conditions a statement is made.",
        &[
            Property::required("validFrom", Kind::Date),
            Property::required("validTo", Kind::Date),
            Property::required("evidence", Kind::Child("StatementEvidence")),
            Property::required("authorityType", Kind::Child("StatementAuthorityType")),
            Property::optional("relayedParty", Kind::Child("DigitalIdentityDescriptor")),
        ],
    ),
    statement("StatementObject", "What a statement points to.", DESCRIPTOR),
    statement("StatementPredicate", "What a statement says.", &[value(Kind::Text(Text::formatted(Format::Predicate)))]),
    statement("StatementSubject", "Whom a statement is about.", DESCRIPTOR),
];
