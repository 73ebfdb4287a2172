use super::identity_values::CREDENTIAL;
use crate::description::{Category, DefaultValue, Property, TypeDescription};
use crate::kind::{Format, Item, Key, Kind, List, Numeric, Text};

const fn content(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::TokenContent, summary, properties)
}

const fn text(name: &'static str) -> Property {
    Property::required(name, Kind::Text(Text::unlimited()))
}

const fn optional_text(name: &'static str) -> Property {
    Property::optional(name, Kind::Text(Text::unlimited()))
}

const SECRET_KEY: Property = Property::required("secretKey", Kind::Key(Key::Secret));

/// Contents of tokens (`docs/protocol/04 §10`, `docs/protocol/02 §7.14`).
pub(super) static TYPES: &[TypeDescription] = &[
    TypeDescription::new(
        "DeviceSharedSecret",
        Category::Part,
        "What a new device needs to join its Identity.",
        &[
            Property::required("id", Kind::Id),
            Property::required("createdAt", Kind::Date),
            Property::required("createdByDevice", Kind::Id),
            optional_text("name"),
            optional_text("description"),
            optional_text("profileName"),
            Property::required("secretBaseKey", Kind::Key(Key::Secret)),
            Property::required("synchronizationKey", Kind::Key(Key::Secret)),
            Property::required("deviceIndex", Kind::Number(Numeric::ANY)),
            Property::optional("identityPrivateKey", Kind::Key(Key::SignaturePrivate)),
            Property::required("identity", Kind::Child("Identity")),
            text("username"),
            text("password"),
            Property::required("isBackupDevice", Kind::Boolean).default(DefaultValue::False),
        ],
    ),
    TypeDescription::new(
        "DisplayInformationCachedImages",
        Category::Part,
        "Images that belong to display information.",
        &[optional_text("locale"), optional_text("logo"), optional_text("backgroundImage")],
    )
    .since(7, 5, 5),
    TypeDescription::new(
        "Identity",
        Category::Part,
        "An Identity with its public key.",
        &[
            Property::required("address", Kind::Address),
            Property::required("publicKey", Kind::Key(Key::SignaturePublic)),
        ],
    ),
    TypeDescription::new(
        "SharedPasswordProtection",
        Category::Part,
        "How an object is protected by a password.",
        &[
            Property::required("passwordType", Kind::Text(Text::formatted(Format::PasswordType))),
            Property::required("salt", Kind::Salt),
            Property::optional("passwordLocationIndicator", Kind::Number(Numeric::ranged(0.0, 99.0))),
            optional_text("password").until(7, 1, 0),
        ],
    )
    .nameless(),
    content(
        "TokenContentDeviceSharedSecret",
        "Onboards a device.",
        &[Property::required("sharedSecret", Kind::Child("DeviceSharedSecret"))],
    ),
    content("TokenContentFile", "Gives a file.", &[Property::required("fileId", Kind::Id), SECRET_KEY]),
    content(
        "TokenContentRelationshipTemplate",
        "Gives a relationship template.",
        &[
            Property::required("templateId", Kind::Id),
            SECRET_KEY,
            Property::optional("forIdentity", Kind::Address),
            Property::optional("passwordProtection", Kind::Child("SharedPasswordProtection")),
        ],
    ),
    content(
        "TokenContentVerifiablePresentation",
        "Presents credentials.",
        &[
            Property::required("value", CREDENTIAL),
            optional_text("type"),
            Property::optional("displayInformation", Kind::List(List::of(Item::Any))),
        ],
    )
    .since(7, 5, 0),
];
