//! Members that say one of a few words.

use serde_json::Value;

use crate::held::Held;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Held<'_> for $name {
            fn read(json: &Value) -> Option<Self> {
                match json.as_str()? {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<$name> for Value {
            fn from(word: $name) -> Self {
                Self::from(word.as_str())
            }
        }
    };
}

words! {
    /// The readers of a relationship attribute (`docs/protocol/04 §2.2`).
    Confidentiality {
        /// Anybody.
        Public = "public",
        /// Nobody but the two, not even by a query.
        Private = "private",
        /// Third parties, with an explicit consent.
        Protected = "protected",
    }
}

words! {
    /// The owners a third-party query asks for.
    ThirdPartyOwner {
        /// Those of the third party.
        ThirdParty = "thirdParty",
        /// Those of the recipient.
        Recipient = "recipient",
        /// Either.
        Any = "",
    }
}

words! {
    /// How a request reached who answers it.
    RequestSourceType {
        /// In the content of a template.
        RelationshipTemplate = "RelationshipTemplate",
        /// As the content of a message.
        Message = "Message",
    }
}

words! {
    /// How the body of a mail is to be shown.
    BodyFormat {
        /// As it is.
        PlainText = "PlainText",
        /// As Markdown.
        Markdown = "Markdown",
    }
}

/// How a request or an item was answered. Peers can write any word here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome<'c> {
    /// `Accepted`.
    Accepted,
    /// `Rejected`.
    Rejected,
    /// `Error`.
    Error,
    /// Another word.
    Other(&'c str),
}

impl<'c> Outcome<'c> {
    /// The word as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'c str {
        match self {
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::Error => "Error",
            Self::Other(word) => word,
        }
    }
}

impl<'c> From<&'c str> for Outcome<'c> {
    fn from(word: &'c str) -> Self {
        match word {
            "Accepted" => Self::Accepted,
            "Rejected" => Self::Rejected,
            "Error" => Self::Error,
            other => Self::Other(other),
        }
    }
}

impl<'c> Held<'c> for Outcome<'c> {
    fn read(json: &'c Value) -> Option<Self> {
        json.as_str().map(Self::from)
    }
}

impl From<Outcome<'_>> for Value {
    fn from(outcome: Outcome<'_>) -> Self {
        Self::from(outcome.as_str())
    }
}

/// The Identity an attribute is about, or a query asks about. An empty address is no Identity, but leaves open who it is
/// (`docs/protocol/04 §2.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner<'c> {
    /// Nobody is named: in a request it is the recipient.
    Recipient,
    /// The Identity with this address.
    Identity(&'c str),
}

impl<'c> Owner<'c> {
    /// The address, if there is one.
    #[must_use]
    pub const fn address(self) -> Option<&'c str> {
        match self {
            Self::Recipient => None,
            Self::Identity(address) => Some(address),
        }
    }

    /// The address in a request to that recipient.
    #[must_use]
    pub const fn or(self, recipient: &'c str) -> &'c str {
        match self {
            Self::Recipient => recipient,
            Self::Identity(address) => address,
        }
    }
}

impl<'c> From<&'c str> for Owner<'c> {
    fn from(address: &'c str) -> Self {
        if address.is_empty() { Self::Recipient } else { Self::Identity(address) }
    }
}

impl<'c> Held<'c> for Owner<'c> {
    fn read(json: &'c Value) -> Option<Self> {
        json.as_str().map(Self::from)
    }
}

impl From<Owner<'_>> for Value {
    fn from(owner: Owner<'_>) -> Self {
        Self::from(owner.address().unwrap_or_default())
    }
}
