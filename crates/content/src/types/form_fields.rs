use crate::kind::{Item, List, ListRule, Numeric, Text};

const LENGTH: Numeric = Numeric::limited(0.0, 4096.0);
const OPTIONS: List = List { item: Item::Text, rule: ListRule::Options, single: false };

types! {
    /// Settings of a form field. That they make sense together is checked by [`crate::form_fields`]
    /// (`docs/protocol/04 §9.3`).
    FormFieldSettings, sent;
    common {}

    "A field for yes or no."
    Boolean = BooleanFormFieldSettings {};

    "A field for a date."
    Date = DateFormFieldSettings {};

    "A field for a number."
    Double = DoubleFormFieldSettings {
        unit "unit": optional(text(Text::unlimited()));
        min "min": optional(number(Numeric::ANY));
        max "max": optional(number(Numeric::ANY));
    };

    "A field for a whole number."
    Integer = IntegerFormFieldSettings {
        unit "unit": optional(text(Text::unlimited()));
        min "min": optional(number(Numeric::INTEGER));
        max "max": optional(number(Numeric::INTEGER));
    };

    "A field for a rating."
    Rating = RatingFormFieldSettings { max_rating "maxRating": required(number(Numeric::limited(5.0, 10.0))); };

    "A field to choose from a list."
    Selection = SelectionFormFieldSettings {
        options "options": required(texts(OPTIONS));
        allow_multiple_selection "allowMultipleSelection": optional(boolean);
    };

    "A field for a text."
    String = StringFormFieldSettings {
        allow_newlines "allowNewlines": optional(boolean);
        min "min": optional(number(LENGTH));
        max "max": optional(number(LENGTH));
    };
}
