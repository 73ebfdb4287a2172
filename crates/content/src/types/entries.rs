use serde_json::Value;

use super::{RequestItem, RequestItemGroup, ResponseItem, ResponseItemGroup};
use crate::checked::ContentRef;
use crate::draft::{Draft, Fits};
use crate::held::Held;

/// An entry among the items of a request or a response. Reading keeps no other content out (`docs/protocol/04 §9.1`).
macro_rules! entry {
    ($(#[$meta:meta])* $name:ident: $item:ident, $group:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub enum $name<'c> {
            /// An item.
            Item($item<'c>),
            /// Items that belong together.
            Group($group<'c>),
            /// Something that does not belong here, which the peers refuse to process.
            Other(ContentRef<'c>),
        }

        impl $name<'_> {
            /// A draft of the same, to stand in other content.
            #[must_use]
            pub fn draft(&self) -> Draft<$name<'static>> {
                match self {
                    Self::Item(item) => item.draft().widen(),
                    Self::Group(group) => group.draft().widen(),
                    Self::Other(content) => Draft::from_json(content.value().clone()),
                }
            }
        }

        impl<'c> Held<'c> for $name<'c> {
            const CAN_BE_NULL: bool = true;

            fn read(json: &'c Value) -> Option<Self> {
                let content = ContentRef::checked(json);
                let item = $item::of(content).map(Self::Item);
                Some(item.or_else(|| $group::of(content).map(Self::Group)).unwrap_or(Self::Other(content)))
            }
        }

        impl Fits<$name<'static>> for $name<'static> {}
        impl Fits<$name<'static>> for $group<'static> {}
        impl<T: Fits<$item<'static>>> Fits<$name<'static>> for T {}
    };
}

entry! {
    /// An entry of the items of a request.
    RequestEntry: RequestItem, RequestItemGroup
}
entry! {
    /// An entry of the items of a response.
    ResponseEntry: ResponseItem, ResponseItemGroup
}
