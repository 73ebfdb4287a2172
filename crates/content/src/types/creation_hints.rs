use super::{IDENTITY_VALUE_TYPE, SHORT, TAGS, ValueHints};
use crate::description::Category;
use crate::kind::{Format, Text};
use crate::words::Confidentiality;

const RELATIONSHIP_VALUE_TYPE: Text = Text::formatted(Format::ValueType(Category::RelationshipValue));

types! {
    /// The attribute to create if a query finds nothing (`docs/protocol/04 §7.1`).
    CreationHints, sent;
    common {}

    "What to create if an IQL query finds nothing."
    Iql = IQLQueryCreationHints {
        value_type "valueType": required(text(IDENTITY_VALUE_TYPE));
        tags "tags": optional(texts(TAGS));
    };

    "What to create if a relationship attribute query finds nothing."
    Relationship = RelationshipAttributeCreationHints {
        /// Title of the value.
        title "title": required(text(SHORT));
        value_type "valueType": required(text(RELATIONSHIP_VALUE_TYPE));
        /// Description of the value.
        description "description": optional(text(Text::plain(1000)));
        /// Limits of the value.
        value_hints "valueHints": optional(child(ValueHints));
        confidentiality "confidentiality": required(word(Confidentiality));
    };
}
