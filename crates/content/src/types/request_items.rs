use super::{
    Attribute, CONSENT, CONSENT_LINK, CONSENT_LINK_TEXT, DESCRIPTION, FormFieldSettings, ProposalQuery, Query, TITLE,
};
use crate::kind::Text;
use crate::rules;

types! {
    /// An item of a request, of any kind (`docs/protocol/04 §9.2`).
    RequestItem, sent;
    common {
        description "description": optional(text(DESCRIPTION));
        /// The request can only be accepted with this item.
        must_be_accepted "mustBeAccepted": required(boolean);
        /// Kept by the sender, and of no meaning to the peer.
        metadata "metadata": optional(metadata);
    }

    "Asks to confirm an authentication."
    Authentication = AuthenticationRequestItem { title "title": required(text(TITLE)); };

    "Asks for a consent."
    Consent = ConsentRequestItem {
        consent "consent": required(text(CONSENT));
        link "link": optional(text(CONSENT_LINK));
        link_display_text "linkDisplayText": optional(text(CONSENT_LINK_TEXT));
        requires_interaction "requiresInteraction": optional(boolean);
    }.rule(rules::link_text_needs_link);

    "Asks to create an attribute."
    CreateAttribute = CreateAttributeRequestItem { attribute "attribute": required(one_of(Attribute)); };

    "Asks to delete a shared attribute."
    DeleteAttribute = DeleteAttributeRequestItem { attribute_id "attributeId": required(id); };

    "Asks to fill in a field."
    FormField = FormFieldRequestItem {
        title "title": required(text(TITLE));
        settings "settings": required(one_of(FormFieldSettings));
    };

    "Asks for an attribute and proposes one."
    ProposeAttribute = ProposeAttributeRequestItem {
        query "query": required(one_of(ProposalQuery));
        attribute "attribute": required(one_of(Attribute));
    }.rule(rules::proposal_fits_query);

    "Asks for an attribute."
    ReadAttribute = ReadAttributeRequestItem { query "query": required(one_of(Query)); };

    "Offers an attribute."
    ShareAttribute = ShareAttributeRequestItem {
        attribute "attribute": required(one_of(Attribute));
        attribute_id "attributeId": required(id);
        /// The first peer of an attribute that is shared on, under whichever name the release has for it (`docs/protocol/04 §13`).
        initial_attribute_peer "initialAttributePeer": optional(address).since(7, 0, 3),
            before "thirdPartyAddress".until(7, 0, 3);
    };

    "Offers an authorization request of another protocol."
    ShareAuthorizationRequest = ShareAuthorizationRequestRequestItem {
        authorization_request_url "authorizationRequestUrl": required(text(Text::unlimited()));
    }.since(7, 5, 0);

    "Offers a credential of another protocol."
    ShareCredentialOffer = ShareCredentialOfferRequestItem {
        credential_offer_url "credentialOfferUrl": required(text(Text::unlimited()));
    }.since(7, 5, 0);

    "Offers the ownership of a file."
    TransferFileOwnership = TransferFileOwnershipRequestItem {
        file_reference "fileReference": required(file_reference);
        /// The new owner shows it to the Backbone.
        ownership_token "ownershipToken": required(text(Text::unlimited()));
    };
}
