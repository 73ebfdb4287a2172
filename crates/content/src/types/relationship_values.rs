use super::{
    CONSENT, CONSENT_LINK, CONSENT_LINK_TEXT, COUNTRY, E_MAIL, FILE_REFERENCE, JSON, LANGUAGE, PHONE, SCHEMA_URL,
    SHORT, URL, ValueHintsOverride, XML,
};
use crate::hint_types::EditType;
use crate::kind::{Format, Numeric, Text};
use crate::rules;

const LONG: Text = Text::plain(1000);
const COLOR: Text = Text::limited(4, 9, Format::HexColor);

types! {
    /// The value of a RelationshipAttribute (`docs/protocol/04 §5.6, §5.7`).
    RelationshipValue, sent;
    common {}

    "A consent, perhaps with a link to its text."
    Consent = Consent {
        consent "consent": required(text(CONSENT)).edited_as(EditType::TextArea);
        link "link": optional(text(CONSENT_LINK));
        link_display_text "linkDisplayText": optional(text(CONSENT_LINK_TEXT)).without_render_hints();
    }.rule(rules::link_text_needs_link);

    "A yes or no the two have agreed on."
    Boolean = ProprietaryBoolean {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(boolean);
    };

    "A country the two have agreed on."
    Country = ProprietaryCountry {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(COUNTRY));
    };

    "An e-mail address the two have agreed on."
    EMailAddress = ProprietaryEMailAddress {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(E_MAIL));
    };

    "A file the two have agreed on."
    FileReference = ProprietaryFileReference {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(FILE_REFERENCE));
    };

    "A number the two have agreed on."
    Float = ProprietaryFloat {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(number(Numeric::ANY));
    };

    "A colour the two have agreed on."
    HexColor = ProprietaryHEXColor {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(COLOR));
    };

    "A whole number the two have agreed on."
    Integer = ProprietaryInteger {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(number(Numeric::INTEGER));
    };

    "A JSON document the two have agreed on."
    Json = ProprietaryJSON {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value "value": required(json(JSON));
    };

    "A language the two have agreed on."
    Language = ProprietaryLanguage {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(LANGUAGE));
    };

    "A phone number the two have agreed on."
    PhoneNumber = ProprietaryPhoneNumber {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(PHONE));
    };

    "A text the two have agreed on."
    String = ProprietaryString {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(SHORT));
    };

    "A web address the two have agreed on."
    Url = ProprietaryURL {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(URL));
    };

    "An XML document the two have agreed on."
    Xml = ProprietaryXML {
        title "title": required(text(SHORT));
        description "description": optional(text(LONG));
        schema_url "schemaURL": optional(text(SCHEMA_URL));
        value_hints_override "valueHintsOverride": optional(child(ValueHintsOverride));
        value "value": required(text(XML));
    };
}
