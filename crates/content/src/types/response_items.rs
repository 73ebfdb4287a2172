use super::{Attribute, IdentityAttribute};
use crate::kind::{Text, Union};

const CODE: Text = Text::plain(200);
const MESSAGE: Text = Text::plain(1000);

types! {
    /// An item of a response, of any kind (`docs/protocol/04 §9.4`).
    ResponseItem, sent;
    common {}

    "Accepts an item."
    Accept = AcceptResponseItem {} results "Accepted";

    "Accepts with an attribute the peer already has."
    AttributeAlreadyShared = AttributeAlreadySharedAcceptResponseItem {
        attribute_id "attributeId": required(id);
    } results "Accepted".extends("AcceptResponseItem");

    "Accepts with a newer version of an attribute the peer has."
    AttributeSuccession = AttributeSuccessionAcceptResponseItem {
        predecessor_id "predecessorId": required(id);
        successor_id "successorId": required(id);
        successor_content "successorContent": required(one_of(Attribute));
    } results "Accepted".extends("AcceptResponseItem");

    "The attribute was created."
    CreateAttribute = CreateAttributeAcceptResponseItem {
        attribute_id "attributeId": required(id);
    } results "Accepted".extends("AcceptResponseItem");

    "The attribute will be deleted."
    DeleteAttribute = DeleteAttributeAcceptResponseItem {
        deletion_date "deletionDate": required(date);
    } results "Accepted".extends("AcceptResponseItem");

    "The item could not be answered."
    Error = ErrorResponseItem {
        code "code": required(text(CODE));
        message "message": required(text(MESSAGE));
    } results "Error";

    "What was filled in."
    FormField = FormFieldAcceptResponseItem {
        /// A text, a number, `true`, `false` or a list of texts.
        response "response": required(scalar(Union::Response));
    } results "Accepted".extends("AcceptResponseItem");

    "The attribute that answers a proposal."
    ProposeAttribute = ProposeAttributeAcceptResponseItem {
        attribute_id "attributeId": required(id);
        attribute "attribute": required(one_of(Attribute));
    } results "Accepted".extends("AcceptResponseItem");

    "The attribute that was asked for."
    ReadAttribute = ReadAttributeAcceptResponseItem {
        attribute_id "attributeId": required(id);
        attribute "attribute": required(one_of(Attribute));
        /// The first peer of an attribute that is shared on, under whichever name the release has for it (`docs/protocol/04 §13`).
        initial_attribute_peer "initialAttributePeer": optional(address).since(7, 0, 3),
            before "thirdPartyAddress".until(7, 0, 3);
    } results "Accepted".extends("AcceptResponseItem");

    "Rejects an item."
    Reject = RejectResponseItem {
        code "code": optional(text(CODE));
        message "message": optional(text(MESSAGE));
    } results "Rejected";

    "The file now belongs to the recipient."
    TransferFileOwnership = TransferFileOwnershipAcceptResponseItem {
        attribute_id "attributeId": required(id);
        attribute "attribute": required(child(IdentityAttribute));
    } results "Accepted".extends("AcceptResponseItem");
}
