use super::{IDENTITY_VALUE_TYPE, IQLQueryCreationHints, RelationshipAttributeCreationHints, SHORT, TAGS};
use crate::kind::{Format, Item, List, ListRule, Text};
use crate::words::ThirdPartyOwner;

const THIRD_PARTIES: List = List { item: Item::Address, rule: ListRule::NotEmpty, single: true };

types! {
    /// A query for attributes (`docs/protocol/04 §7.1`).
    Query, sent;
    common {}

    "Asks for identity attributes by the Identity Query Language."
    Iql = IQLQuery {
        query_string "queryString": required(text(Text::limited(0, 4096, Format::Iql)));
        /// The attribute to create if there is none.
        attribute_creation_hints "attributeCreationHints": optional(child(IQLQueryCreationHints));
    };

    "Asks for identity attributes of a value type."
    Identity = IdentityAttributeQuery {
        value_type "valueType": required(text(IDENTITY_VALUE_TYPE));
        /// One of them is enough; none asks for no tag.
        tags "tags": optional(texts(TAGS));
    };

    "Asks for the relationship attribute with a key; an empty owner stands for the recipient."
    Relationship = RelationshipAttributeQuery {
        key "key": required(text(SHORT));
        owner "owner": required(owner);
        /// The attribute to create if there is none.
        attribute_creation_hints "attributeCreationHints": required(child(RelationshipAttributeCreationHints));
    };

    "Asks for relationship attributes the recipient shares with third parties."
    ThirdParty = ThirdPartyRelationshipAttributeQuery {
        key "key": required(text(SHORT));
        owner "owner": required(word(ThirdPartyOwner));
        /// The third parties; an empty address stands for any.
        third_party "thirdParty": required(addresses(THIRD_PARTIES));
    };
}

subset! {
    /// A query an attribute can be proposed for.
    ProposalQuery of Query {
        "Asks for identity attributes of a value type."
        Identity = IdentityAttributeQuery;
        "Asks for the relationship attribute with a key; an empty owner stands for the recipient."
        Relationship = RelationshipAttributeQuery;
        "Asks for identity attributes by the Identity Query Language."
        Iql = IQLQuery;
    }
}
