use super::{COUNTRY, SHORT};
use crate::hint_types::DataType;
use crate::kind::Numeric;

types! {
    /// Part of a composite value, which is written as the scalar it holds (`docs/protocol/04 §5.1 to §5.4`).
    Component, received;
    common {}

    "The organization someone belongs to."
    AffiliationOrganization = AffiliationOrganization { value "value": required(text(SHORT)); };

    "What someone does in an organization."
    AffiliationRole = AffiliationRole { value "value": required(text(SHORT)); };

    "The part of an organization someone belongs to."
    AffiliationUnit = AffiliationUnit { value "value": required(text(SHORT)); };

    "The city someone was born in."
    BirthCity = BirthCity { value "value": required(text(SHORT)); }.extends("City");

    "The country someone was born in."
    BirthCountry = BirthCountry { value "value": required(text(COUNTRY)); }.extends("Country");

    "The day of the month someone was born on."
    BirthDay = BirthDay { value "value": required(number(Numeric::calendar(31.0, DataType::Day, None))); };

    "The month someone was born in."
    BirthMonth = BirthMonth {
        value "value": required(number(Numeric::calendar(12.0, DataType::Month, Some("i18n://yourBirthMonth"))));
    };

    "The state someone was born in."
    BirthState = BirthState { value "value": required(text(SHORT)); }.extends("State");

    "The year someone was born in."
    BirthYear = BirthYear { value "value": required(number(Numeric::calendar(9999.0, DataType::Year, None))); };

    "A city."
    City = City { value "value": required(text(SHORT)); };

    "A country."
    Country = Country { value "value": required(text(COUNTRY)); };

    "The number of a house in its street."
    HouseNumber = HouseNumber { value "value": required(text(SHORT)); };

    "A state of a country."
    State = State { value "value": required(text(SHORT)); };

    "A street."
    Street = Street { value "value": required(text(SHORT)); };

    "A postal code."
    ZipCode = ZipCode { value "value": required(text(SHORT)); };
}
