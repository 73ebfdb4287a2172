//! Names for the properties of the types that the layers above work with: a view is an [`ObjectRef`] known to be of that type.

use core_types::Timestamp;

use crate::content::{ContentRef, ObjectRef};
use crate::description::Category;

/// A view of one type. Every accessor names one property; a test compares them with the declaration.
macro_rules! view {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $accessor:ident = $kind:ident($property:literal);)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'c>(ObjectRef<'c>);

        impl<'c> $name<'c> {
            /// The `@type`.
            pub const TYPE: &'static str = stringify!($name);

            /// The content as this type, if it is one.
            #[must_use]
            pub fn of(content: ContentRef<'c>) -> Option<Self> {
                content.typed().filter(|object| object.type_name() == Self::TYPE).map(Self)
            }

            /// The object behind it.
            #[must_use]
            pub const fn object(self) -> ObjectRef<'c> {
                self.0
            }

            $(view!(@accessor $(#[$doc])* $accessor $kind $property);)*

            #[cfg(test)]
            const PROPERTIES: &'static [(&'static str, &'static str)] = &[$(($property, stringify!($kind))),*];
        }
    };
    (@accessor $(#[$doc:meta])* $accessor:ident text $property:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(self) -> &'c str {
            self.0.text($property).unwrap_or_default()
        }
    };
    (@accessor $(#[$doc:meta])* $accessor:ident optional_text $property:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(self) -> Option<&'c str> {
            self.0.text($property)
        }
    };
    (@accessor $(#[$doc:meta])* $accessor:ident flag $property:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(self) -> bool {
            self.0.flag($property)
        }
    };
    (@accessor $(#[$doc:meta])* $accessor:ident date $property:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(self) -> Option<Timestamp> {
            self.0.date($property)
        }
    };
    (@accessor $(#[$doc:meta])* $accessor:ident texts $property:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(self) -> Vec<&'c str> {
            self.0.texts($property)
        }
    };
    (@accessor $(#[$doc:meta])* $accessor:ident child $property:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(self) -> Option<ContentRef<'c>> {
            self.0.child($property)
        }
    };
    (@accessor $(#[$doc:meta])* $accessor:ident children $property:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(self) -> Vec<ContentRef<'c>> {
            self.0.children($property)
        }
    };
}

view! {
    /// A fact about an Identity.
    IdentityAttribute {
        /// The value.
        value = child("value");
        /// The tags.
        tags = texts("tags");
        /// Whom it is about; empty in requests means the recipient.
        owner = text("owner");
    }
}
view! {
    /// A fact that exists in one relationship only.
    RelationshipAttribute {
        /// The value.
        value = child("value");
        /// The name it has in this relationship.
        key = text("key");
        /// Of no interest to people.
        is_technical = flag("isTechnical");
        /// `public`, `private` or `protected`.
        confidentiality = text("confidentiality");
        /// Whom it is about; empty in requests means the recipient.
        owner = text("owner");
    }
}
view! {
    /// Asks for identity attributes of a value type.
    IdentityAttributeQuery {
        /// The value type.
        value_type = text("valueType");
        /// Tags of which an attribute needs one.
        tags = texts("tags");
    }
}
view! {
    /// Asks for the relationship attribute with a key.
    RelationshipAttributeQuery {
        /// The key.
        key = text("key");
        /// Whom it is about; empty means the recipient.
        owner = text("owner");
        /// What to create if there is none.
        attribute_creation_hints = child("attributeCreationHints");
    }
}
view! {
    /// What to create for a relationship attribute query.
    RelationshipAttributeCreationHints {
        /// Title of the value.
        title = text("title");
        /// The value type.
        value_type = text("valueType");
        /// Description of the value.
        description = optional_text("description");
        /// What the value may be.
        value_hints = child("valueHints");
        /// `public`, `private` or `protected`.
        confidentiality = text("confidentiality");
    }
}
view! {
    /// Asks for relationship attributes shared with third parties.
    ThirdPartyRelationshipAttributeQuery {
        /// The key.
        key = text("key");
        /// `thirdParty`, `recipient` or empty for either.
        owner = text("owner");
        /// The third parties; empty stands for any.
        third_party = texts("thirdParty");
    }
}
view! {
    /// Asks for identity attributes by the Identity Query Language.
    IQLQuery {
        /// The query.
        query_string = text("queryString");
        /// What to create if there is none.
        attribute_creation_hints = child("attributeCreationHints");
    }
}
view! {
    /// What to create for an IQL query.
    IQLQueryCreationHints {
        /// The value type.
        value_type = text("valueType");
        /// The tags.
        tags = texts("tags");
    }
}
view! {
    /// Asks the peer for something, in items.
    Request {
        /// Identifier, once it has one.
        id = optional_text("id");
        /// When it can no longer be answered.
        expires_at = date("expiresAt");
        /// Items and groups; others than request items are possible, and kept unknown ones.
        items = children("items");
        /// Title.
        title = optional_text("title");
        /// Description.
        description = optional_text("description");
    }
}
view! {
    /// Items of a request that belong together.
    RequestItemGroup {
        /// The items.
        items = children("items");
        /// Title.
        title = optional_text("title");
        /// Description.
        description = optional_text("description");
    }
}
view! {
    /// Answers a request item by item.
    Response {
        /// `Accepted` or `Rejected`.
        result = text("result");
        /// The request.
        request_id = text("requestId");
        /// The answers, in the order and grouping of the request.
        items = children("items");
    }
}
view! {
    /// Answers a group of items.
    ResponseItemGroup {
        /// The answers.
        items = children("items");
    }
}
view! {
    /// A response on its way.
    ResponseWrapper {
        /// The request.
        request_id = text("requestId");
        /// The message or template the request came with.
        request_source_reference = text("requestSourceReference");
        /// `RelationshipTemplate` or `Message`.
        request_source_type = text("requestSourceType");
        /// The response.
        response = child("response");
    }
}
view! {
    /// A letter.
    Mail {
        /// To whom.
        to = texts("to");
        /// Who else gets it.
        cc = texts("cc");
        /// Subject.
        subject = text("subject");
        /// Text.
        body = text("body");
        /// `PlainText` or `Markdown`; absent is the former.
        body_format = optional_text("bodyFormat");
    }
}
view! {
    /// Requests for whoever uses the template.
    RelationshipTemplateContent {
        /// Title.
        title = optional_text("title");
        /// For somebody new.
        on_new_relationship = child("onNewRelationship");
        /// For somebody with a relationship.
        on_existing_relationship = child("onExistingRelationship");
    }
}
view! {
    /// Answers the request of a template.
    RelationshipCreationContent {
        /// The response.
        response = child("response");
    }
}
view! {
    /// Tells the peer what has happened.
    Notification {
        /// Identifier.
        id = text("id");
        /// What has happened.
        items = children("items");
    }
}

/// An item of a request, of any kind.
#[derive(Debug, Clone, Copy)]
pub struct RequestItem<'c>(ObjectRef<'c>);

impl<'c> RequestItem<'c> {
    /// The content as a request item, if it is one.
    #[must_use]
    pub fn of(content: ContentRef<'c>) -> Option<Self> {
        content.typed().filter(|object| object.category() == Category::RequestItem).map(Self)
    }

    /// The object behind it.
    #[must_use]
    pub const fn object(self) -> ObjectRef<'c> {
        self.0
    }

    /// Whether the request can only be accepted with this item.
    #[must_use]
    pub fn must_be_accepted(self) -> bool {
        self.0.flag("mustBeAccepted")
    }

    /// Description.
    #[must_use]
    pub fn description(self) -> Option<&'c str> {
        self.0.text("description")
    }

    /// The first owner of an attribute that is shared on, under whichever name the peer's release has for it.
    #[must_use]
    pub fn initial_attribute_peer(self) -> Option<&'c str> {
        initial_attribute_peer(self.0)
    }
}

/// The first peer of an attribute that is shared on: `initialAttributePeer`, before 7.0.3 `thirdPartyAddress`
/// (`docs/protocol/04 §13`).
#[must_use]
pub fn initial_attribute_peer(object: ObjectRef<'_>) -> Option<&str> {
    object.text("initialAttributePeer").or_else(|| object.text("thirdPartyAddress"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::registry;
    use crate::version::Profile;

    #[test]
    fn accessors_name_declared_properties_of_fitting_kinds() {
        let views: &[(&str, &[(&str, &str)])] = &[
            (IdentityAttribute::TYPE, IdentityAttribute::PROPERTIES),
            (RelationshipAttribute::TYPE, RelationshipAttribute::PROPERTIES),
            (IdentityAttributeQuery::TYPE, IdentityAttributeQuery::PROPERTIES),
            (RelationshipAttributeQuery::TYPE, RelationshipAttributeQuery::PROPERTIES),
            (RelationshipAttributeCreationHints::TYPE, RelationshipAttributeCreationHints::PROPERTIES),
            (ThirdPartyRelationshipAttributeQuery::TYPE, ThirdPartyRelationshipAttributeQuery::PROPERTIES),
            (IQLQuery::TYPE, IQLQuery::PROPERTIES),
            (IQLQueryCreationHints::TYPE, IQLQueryCreationHints::PROPERTIES),
            (Request::TYPE, Request::PROPERTIES),
            (RequestItemGroup::TYPE, RequestItemGroup::PROPERTIES),
            (Response::TYPE, Response::PROPERTIES),
            (ResponseItemGroup::TYPE, ResponseItemGroup::PROPERTIES),
            (ResponseWrapper::TYPE, ResponseWrapper::PROPERTIES),
            (Mail::TYPE, Mail::PROPERTIES),
            (RelationshipTemplateContent::TYPE, RelationshipTemplateContent::PROPERTIES),
            (RelationshipCreationContent::TYPE, RelationshipCreationContent::PROPERTIES),
            (Notification::TYPE, Notification::PROPERTIES),
        ];
        for (type_name, properties) in views {
            let description = registry::named(type_name, Profile::Compatible).unwrap();
            for (name, accessor) in *properties {
                let property = description.property(name, Profile::Compatible).unwrap();
                let fits = match *accessor {
                    "text" => property.required && matches!(property.kind, Kind::Text(_) | Kind::Id | Kind::Address),
                    "optional_text" => !property.required && matches!(property.kind, Kind::Text(_) | Kind::Id),
                    "flag" => matches!(property.kind, Kind::Boolean),
                    "date" => matches!(property.kind, Kind::Date),
                    "texts" | "children" => matches!(property.kind, Kind::List(_)),
                    _ => matches!(property.kind, Kind::Child(_) | Kind::OneOf(_)),
                };
                assert!(fits, "{type_name}.{name} is no {accessor}");
            }
        }
    }
}
