use super::{IdentityValue, RelationshipValue, SHORT, TAGS};
use crate::description::DefaultValue;
use crate::words::Confidentiality;

types! {
    /// An attribute (`docs/protocol/04 §2`).
    Attribute, sent;
    common {
        /// The Identity it is about.
        owner "owner": required(owner);
    }

    "A fact about an Identity."
    Identity = IdentityAttribute {
        value "value": required(one_of(IdentityValue));
        /// Words to find it by; their syntax is a later check (`docs/protocol/04 §2.3`).
        tags "tags": optional(texts(TAGS));
    };

    "A fact that exists in one relationship only."
    Relationship = RelationshipAttribute {
        value "value": required(one_of(RelationshipValue));
        /// The name it has in this relationship.
        key "key": required(text(SHORT));
        /// Of no interest to people.
        is_technical "isTechnical": defaulted(boolean).default(DefaultValue::False);
        confidentiality "confidentiality": required(word(Confidentiality));
    };
}

impl Attribute<'_> {
    /// The type of its value.
    #[must_use]
    pub fn value_type(&self) -> &'static str {
        match self {
            Self::Identity(attribute) => attribute.value().type_name(),
            Self::Relationship(attribute) => attribute.value().type_name(),
        }
    }
}
