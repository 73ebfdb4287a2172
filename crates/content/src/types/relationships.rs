//! Contents of relationship templates, and of the creation of relationships.

/// Contents of relationship templates.
pub(crate) mod template {
    use crate::types::messages::Request;
    use crate::types::{ANYTHING, TITLE};

    types! {
        /// The content of a relationship template (`docs/protocol/04 §10`).
        TemplateContent, sent;
        common {}

        "Template content of the application's own making."
        Arbitrary = ArbitraryRelationshipTemplateContent { value "value": required(json(ANYTHING)); };

        "Requests for whoever uses the template."
        Requests = RelationshipTemplateContent {
            title "title": optional(text(TITLE));
            /// Kept by the sender, and of no meaning to the peer.
            metadata "metadata": optional(metadata);
            /// For somebody new.
            on_new_relationship "onNewRelationship": required(child(Request));
            /// For somebody with a relationship.
            on_existing_relationship "onExistingRelationship": optional(child(Request));
        };
    }
}

/// Contents of relationship creations.
pub(crate) mod creation {
    use crate::types::{ANYTHING, Response};

    types! {
        /// The content with which a relationship is created (`docs/protocol/04 §10`).
        CreationContent, sent;
        common {}

        "Creation content of the application's own making."
        Arbitrary = ArbitraryRelationshipCreationContent { value "value": required(json(ANYTHING)); };

        "Answers the request of a template."
        Response = RelationshipCreationContent { response "response": required(child(Response)); };
    }
}
