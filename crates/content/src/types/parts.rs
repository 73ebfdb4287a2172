use super::{DESCRIPTION, RequestEntry, ResponseEntry, TITLE};
use crate::kind::{Text, Union};

types! {
    /// A part of other content, which never stands alone.
    Part, sent;
    common {}

    "Items of a request that belong together."
    RequestItemGroup = RequestItemGroup {
        title "title": optional(text(TITLE));
        description "description": optional(text(DESCRIPTION));
        items "items": required(entries(RequestEntry));
        /// Kept by the sender, and of no meaning to the peer.
        metadata "metadata": optional(metadata);
    };

    "Answers a request item by item."
    Response = Response {
        /// `Accepted` or `Rejected`.
        result "result": required(outcome);
        request_id "requestId": required(id);
        /// In the order and grouping of the request.
        items "items": required(entries(ResponseEntry));
    };

    "Answers a group of items."
    ResponseItemGroup = ResponseItemGroup { items "items": required(entries(ResponseEntry)); };

    "A value to choose."
    ValueHintsValue = ValueHintsValue {
        /// The text that is shown.
        display_name "displayName": required(text(Text::plain(100)));
        /// A text, a number, `true` or `false`.
        key "key": required(scalar(Union::Key));
    };

    "Images that belong to display information."
    DisplayInformationCachedImages = DisplayInformationCachedImages {
        locale "locale": optional(text(Text::unlimited()));
        logo "logo": optional(text(Text::unlimited()));
        background_image "backgroundImage": optional(text(Text::unlimited()));
    }.since(7, 5, 5);
}
