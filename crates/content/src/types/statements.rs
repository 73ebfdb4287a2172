use crate::kind::{Format, Text};
use crate::rules;

const fn one_of(words: &'static [&'static str]) -> Text {
    Text::formatted(Format::Enumeration(words, None))
}

const AUTHORITIES: Text = one_of(&[
    "ownAuthority",
    "trustedAuthority",
    "publicAuthority",
    "relayedOwnAuthority",
    "relayedTrustedAuthority",
    "relayedPublicAuthority",
]);
const EVIDENCE: Text = one_of(&[
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
]);

types! {
    /// The statement family (`docs/protocol/04 §5.9`).
    StatementFamily, received;
    common {}

    "An Identity with attributes of it."
    DigitalIdentityDescriptor = DigitalIdentityDescriptor {
        address "address": required(address);
        attributes "attributes": optional(objects);
    };

    "What one Identity says about another."
    Statement = Statement {
        subject "subject": required(child(StatementSubject));
        predicate "predicate": required(child(StatementPredicate));
        /// The Identity or thing the statement points to.
        stated_object "object": required(child(StatementObject));
        issuer "issuer": required(child(DigitalIdentityDescriptor));
        issuer_conditions "issuerConditions": required(child(StatementIssuerConditions));
    }.rule(rules::statement_has_attribute);

    "On whose authority a statement is made."
    AuthorityType = StatementAuthorityType { value "value": required(text(AUTHORITIES)); };

    "What a statement is based on."
    Evidence = StatementEvidence { value "value": required(text(EVIDENCE)); };

    "Under which conditions a statement is made."
    IssuerConditions = StatementIssuerConditions {
        valid_from "validFrom": required(date);
        valid_to "validTo": required(date);
        evidence "evidence": required(child(StatementEvidence));
        authority_type "authorityType": required(child(StatementAuthorityType));
        relayed_party "relayedParty": optional(child(DigitalIdentityDescriptor));
    };

    "What a statement points to."
    Object = StatementObject {
        address "address": required(address);
        attributes "attributes": optional(objects);
    };

    "What a statement says."
    Predicate = StatementPredicate { value "value": required(text(Text::formatted(Format::Predicate))); };

    "Whom a statement is about."
    Subject = StatementSubject {
        address "address": required(address);
        attributes "attributes": optional(objects);
    };
}
