use super::{
    AffiliationOrganization, AffiliationRole, AffiliationUnit, BirthCity, BirthCountry, BirthDay, BirthMonth,
    BirthState, BirthYear, CREDENTIAL, City, Country, HouseNumber, State, Street, ZipCode,
};
use super::{COUNTRY, E_MAIL, FILE_REFERENCE, JSON, LANGUAGE, PHONE, SCHEMA_URL, SHORT, URL, XML};
use crate::kind::{Format, Text};
use crate::rules;

const MARITAL_STATUS: Text = Text::formatted(Format::Enumeration(
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
));
const SEX: Text = Text::formatted(Format::Enumeration(&["intersex", "female", "male"], Some("sex")));

types! {
    /// The value of an IdentityAttribute (`docs/protocol/04 §5.1 to §5.5, §5.8`). The parts of an address that are no component of
    /// their own show no limits in hints.
    IdentityValue, sent;
    common {}

    "Where someone works or belongs to."
    Affiliation = Affiliation {
        role "role": optional(part(AffiliationRole));
        organization "organization": required(part(AffiliationOrganization));
        unit "unit": optional(part(AffiliationUnit));
    };

    "A bank account."
    BankAccount = BankAccount {
        account_holder "accountHolder": required(text(SHORT));
        iban "iban": required(text(Text::limited(14, 34, Format::Iban)));
        bic "bic": optional(text(Text::limited(8, 11, Format::Bic)));
    }.since(7, 1, 0);

    "The day someone was born."
    BirthDate = BirthDate {
        day "day": required(calendar_part(BirthDay));
        month "month": required(calendar_part(BirthMonth));
        year "year": required(calendar_part(BirthYear));
    }.rule(rules::existing_past_date);

    "The surname someone was born with."
    BirthName = BirthName { value "value": required(text(SHORT)); };

    "Where someone was born."
    BirthPlace = BirthPlace {
        city "city": required(part(BirthCity));
        country "country": required(part(BirthCountry));
        state "state": optional(part(BirthState));
    };

    "The country someone is a citizen of."
    Citizenship = Citizenship { value "value": required(text(COUNTRY)); };

    "A language someone can be talked to in."
    CommunicationLanguage = CommunicationLanguage { value "value": required(text(LANGUAGE)); };

    "An address at a delivery box."
    DeliveryBoxAddress = DeliveryBoxAddress {
        user_id "userId": required(text(SHORT)).without_limits_in_hints();
        delivery_box_id "deliveryBoxId": required(text(SHORT)).without_limits_in_hints();
        zip_code "zipCode": required(part(ZipCode));
        city "city": required(part(City));
        country "country": required(part(Country));
        phone_number "phoneNumber": optional(part(PhoneNumber));
        state "state": optional(part(State));
        recipient "recipient": required(text(SHORT)).without_limits_in_hints();
    };

    "The name shown to others."
    DisplayName = DisplayName { value "value": required(text(SHORT)); };

    "An e-mail address."
    EMailAddress = EMailAddress { value "value": required(text(E_MAIL)); };

    "A fax number."
    FaxNumber = FaxNumber { value "value": required(text(PHONE)); };

    "A given name."
    GivenName = GivenName { value "value": required(text(SHORT)); };

    "A title before the name."
    HonorificPrefix = HonorificPrefix { value "value": required(text(SHORT)); };

    "A title behind the name."
    HonorificSuffix = HonorificSuffix { value "value": required(text(SHORT)); };

    "A file of the Identity."
    IdentityFileReference = IdentityFileReference { value "value": required(text(FILE_REFERENCE)); };

    "What someone is called at work."
    JobTitle = JobTitle { value "value": required(text(SHORT)); };

    "Whether someone is married."
    MaritalStatus = MaritalStatus { value "value": required(text(MARITAL_STATUS)); }.since(7, 2, 0);

    "A middle name."
    MiddleName = MiddleName { value "value": required(text(SHORT)); };

    "The country someone comes from."
    Nationality = Nationality { value "value": required(text(COUNTRY)); };

    "A phone number."
    PhoneNumber = PhoneNumber { value "value": required(text(PHONE)); };

    "An address at a post office box."
    PostOfficeBoxAddress = PostOfficeBoxAddress {
        box_id "boxId": required(text(SHORT)).without_limits_in_hints();
        zip_code "zipCode": required(part(ZipCode));
        city "city": required(part(City));
        country "country": required(part(Country));
        state "state": optional(part(State));
        recipient "recipient": required(text(SHORT)).without_limits_in_hints();
    };

    "A name someone has chosen."
    Pseudonym = Pseudonym { value "value": required(text(SHORT)); };

    "A JSON document, perhaps with the address of its schema."
    SchematizedJson = SchematizedJSON {
        value "value": required(json(JSON));
        schema_url "schemaURL": optional(text(SCHEMA_URL));
    }.since(7, 4, 0);

    "An XML document, perhaps with the address of its schema."
    SchematizedXml = SchematizedXML {
        schema_url "schemaURL": optional(text(SCHEMA_URL));
        value "value": required(text(XML));
    }.uneditable();

    "The sex of a person."
    Sex = Sex { value "value": required(text(SEX)); };

    "An address in a street."
    StreetAddress = StreetAddress {
        street "street": required(part(Street));
        house_no "houseNo": required(part(HouseNumber));
        zip_code "zipCode": required(part(ZipCode));
        city "city": required(part(City));
        country "country": required(part(Country));
        state "state": optional(part(State));
        recipient "recipient": required(text(SHORT)).without_limits_in_hints();
    };

    "A surname."
    Surname = Surname { value "value": required(text(SHORT)); };

    "A credential someone else has issued."
    VerifiableCredential = VerifiableCredential {
        value "value": required(json(CREDENTIAL));
        /// The claim format.
        credential_type "type": optional(text(Text::unlimited()));
        display_information "displayInformation": optional(objects);
        display_information_cached_images "displayInformationCachedImages": optional(objects).since(7, 5, 5);
    }.since(7, 5, 0);

    "A website."
    Website = Website { value "value": required(text(URL)); };
}
