use super::{ANYTHING, DESCRIPTION, NotificationItem, RequestEntry, Response, TITLE};
use crate::description::DefaultValue;
use crate::kind::{Item, List, Text};
use crate::words::{BodyFormat, RequestSourceType};

types! {
    /// The content of a message (`docs/protocol/04 §10`).
    MessageContent, sent;
    common {}

    "A message of the application's own making."
    Arbitrary = ArbitraryMessageContent { value "value": required(json(ANYTHING)); };

    "A letter."
    Mail = Mail {
        /// The recipients it is addressed to.
        to "to": required(addresses(List::some(Item::Address)));
        /// Further recipients.
        cc "cc": defaulted(addresses(List::of(Item::Address))).default(DefaultValue::EmptyList).null_is_absent();
        subject "subject": required(text(Text::plain(300)));
        body "body": required(text(Text::plain(50_000))).formerly("content", 7, 1, 0);
        /// Plain text if it is absent.
        body_format "bodyFormat": optional(word(BodyFormat)).since(7, 1, 0).default(DefaultValue::Text("PlainText")).null_is_absent();
    };

    "Tells the peer what has happened."
    Notification = Notification {
        id "id": required(id);
        /// The events it tells of.
        items "items": required(children("NotificationItem", some, NotificationItem));
    };

    "Asks the peer for something, in items."
    Request = Request {
        /// Given to it when it is created; absent in templates.
        id "id": optional(id);
        /// When it can no longer be answered.
        expires_at "expiresAt": optional(date);
        items "items": required(entries(RequestEntry));
        title "title": optional(text(TITLE));
        description "description": optional(text(DESCRIPTION));
        /// Kept by the sender, and of no meaning to the peer.
        metadata "metadata": optional(metadata);
    };

    "A response on its way, with where its request came from."
    ResponseWrapper = ResponseWrapper {
        request_id "requestId": required(id);
        /// The message or template the request came with.
        request_source_reference "requestSourceReference": required(id);
        request_source_type "requestSourceType": required(fixed_word(RequestSourceType));
        response "response": required(child(Response));
    };
}
