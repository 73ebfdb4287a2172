use super::{COUNTRY, E_MAIL, FILE_REFERENCE, LANGUAGE, PHONE, SCHEMA_URL, SHORT, URL, XML, value};
use crate::description::{Category, Property, TypeDescription};
use crate::hint_types::TechnicalType;
use crate::kind::{Format, Item, Kind, List, Text};
use crate::rules;

const fn identity(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::IdentityValue, summary, properties)
}

const fn part(name: &'static str, component: &'static str) -> Property {
    Property::required(name, Kind::Component(component))
}

const fn optional_part(name: &'static str, component: &'static str) -> Property {
    Property::optional(name, Kind::Component(component))
}

/// A text of an address that is no component of its own; its hints show no limits.
const fn address_text(name: &'static str) -> Property {
    Property::required(name, SHORT).without_limits_in_hints()
}

const TEXT: &[Property] = &[value(SHORT)];

/// The longest JSON text of a credential or presentation.
pub(super) const CREDENTIAL: Kind = Kind::Json { max_length: Some(52_428_800), technical: TechnicalType::Unknown };

/// Values of IdentityAttributes (`docs/protocol/04 §5.1 to §5.5, §5.8`).
pub(super) static TYPES: &[TypeDescription] = &[
    identity(
        "Affiliation",
        "Where someone works or belongs to.",
        &[
            optional_part("role", "AffiliationRole"),
            part("organization", "AffiliationOrganization"),
            optional_part("unit", "AffiliationUnit"),
        ],
    ),
    identity(
        "BankAccount",
        "A bank account.",
        &[
            Property::required("accountHolder", SHORT),
            Property::required("iban", Kind::Text(Text::limited(14, 34, Format::Iban))),
            Property::optional("bic", Kind::Text(Text::limited(8, 11, Format::Bic))),
        ],
    )
    .since(7, 1, 0),
    identity(
        "BirthDate",
        "The day someone was born.",
        &[part("day", "BirthDay"), part("month", "BirthMonth"), part("year", "BirthYear")],
    )
    .rule(rules::existing_past_date),
    identity("BirthName", "The surname someone was born with.", TEXT),
    identity(
        "BirthPlace",
        "Where someone was born.",
        &[part("city", "BirthCity"), part("country", "BirthCountry"), optional_part("state", "BirthState")],
    ),
    identity("Citizenship", "The country someone is a citizen of.", &[value(COUNTRY)]),
    identity("CommunicationLanguage", "A language someone can be talked to in.", &[value(LANGUAGE)]),
    identity(
        "DeliveryBoxAddress",
        "An address at a delivery box.",
        &[
            address_text("userId"),
            address_text("deliveryBoxId"),
            part("zipCode", "ZipCode"),
            part("city", "City"),
            part("country", "Country"),
            optional_part("phoneNumber", "PhoneNumber"),
            optional_part("state", "State"),
            address_text("recipient"),
        ],
    ),
    identity("DisplayName", "The name shown to others.", TEXT),
    identity("EMailAddress", "An e-mail address.", &[value(E_MAIL)]),
    identity("FaxNumber", "A fax number.", &[value(PHONE)]),
    identity("GivenName", "A given name.", TEXT),
    identity("HonorificPrefix", "A title before the name.", TEXT),
    identity("HonorificSuffix", "A title behind the name.", TEXT),
    identity("IdentityFileReference", "A file of the Identity.", &[value(FILE_REFERENCE)]),
    identity("JobTitle", "What someone is called at work.", TEXT),
    identity(
        "MaritalStatus",
        "Whether someone is married.",
        &[value(Kind::Text(Text::formatted(Format::Enumeration(
            &[
                "single",
                "married",
                "separated",
                "divorced",
                "widowed",
                "civilPartnership",
                "civilPartnershipDissolved",
                "civilPartnerDeceased",
            ],
            Some("maritalStatus"),
        ))))],
    )
    .since(7, 2, 0),
    identity("MiddleName", "A middle name.", TEXT),
    identity("Nationality", "The country someone comes from.", &[value(COUNTRY)]),
    identity("PhoneNumber", "A phone number.", &[value(PHONE)]),
    identity(
        "PostOfficeBoxAddress",
        "An address at a post office box.",
        &[
            address_text("boxId"),
            part("zipCode", "ZipCode"),
            part("city", "City"),
            part("country", "Country"),
            optional_part("state", "State"),
            address_text("recipient"),
        ],
    ),
    identity("Pseudonym", "A name someone has chosen.", TEXT),
    identity(
        "SchematizedJSON",
        "A JSON document, perhaps with the address of its schema.",
        &[
            value(Kind::Json { max_length: Some(4096), technical: TechnicalType::Json }),
            Property::optional("schemaURL", SCHEMA_URL),
        ],
    )
    .since(7, 4, 0),
    identity(
        "SchematizedXML",
        "An XML document, perhaps with the address of its schema.",
        &[Property::optional("schemaURL", SCHEMA_URL), value(XML)],
    )
    .uneditable(),
    identity(
        "Sex",
        "The sex of a person.",
        &[value(Kind::Text(Text::formatted(Format::Enumeration(&["intersex", "female", "male"], Some("sex")))))],
    ),
    identity(
        "StreetAddress",
        "An address in a street.",
        &[
            part("street", "Street"),
            part("houseNo", "HouseNumber"),
            part("zipCode", "ZipCode"),
            part("city", "City"),
            part("country", "Country"),
            optional_part("state", "State"),
            address_text("recipient"),
        ],
    ),
    identity("Surname", "A surname.", TEXT),
    identity(
        "VerifiableCredential",
        "A credential someone else has issued.",
        &[
            value(CREDENTIAL),
            Property::optional("type", Kind::Text(Text::unlimited())),
            Property::optional("displayInformation", Kind::List(List::of(Item::Any))),
            Property::optional("displayInformationCachedImages", Kind::List(List::of(Item::Any))).since(7, 5, 5),
        ],
    )
    .since(7, 5, 0),
    identity("Website", "A website.", &[value(URL)]),
];
