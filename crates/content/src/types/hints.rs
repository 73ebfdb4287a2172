use super::ValueHintsValue;
use crate::kind::{Numeric, Text, Union};

types! {
    /// Hints for user interfaces (`docs/protocol/04 §6.1`).
    Hints, sent;
    common {}

    "How a value is shown and edited."
    Render = RenderHints {
        technical_type "technicalType": required(text(Text::unlimited()));
        edit_type "editType": required(text(Text::unlimited()));
        data_type "dataType": optional(text(Text::unlimited()));
        property_hints "propertyHints": defaulted(property_hints(RenderHints));
    }.always_typed();

    "Changes to render hints."
    RenderOverride = RenderHintsOverride {
        technical_type "technicalType": optional(text(Text::unlimited()));
        edit_type "editType": optional(text(Text::unlimited()));
        data_type "dataType": optional(text(Text::unlimited()));
        property_hints "propertyHints": defaulted(property_hints(RenderHints));
    }.always_typed();

    "What a value may be."
    Value = ValueHints {
        edit_help "editHelp": optional(text(Text::plain(500)));
        min "min": optional(number(Numeric::ANY));
        max "max": optional(number(Numeric::ANY));
        pattern "pattern": optional(text(Text::plain(1000)));
        values "values": optional(children("ValueHintsValue", of, ValueHintsValue));
        default_value "defaultValue": optional(scalar(Union::Scalar));
        property_hints "propertyHints": defaulted(property_hints(ValueHints));
    }.always_typed();

    "Changes to value hints."
    ValueOverride = ValueHintsOverride {
        edit_help "editHelp": optional(text(Text::plain(500)));
        min "min": optional(number(Numeric::ANY));
        max "max": optional(number(Numeric::ANY));
        pattern "pattern": optional(text(Text::plain(1000)));
        values "values": optional(children("ValueHintsValue", of, ValueHintsValue));
        default_value "defaultValue": optional(scalar(Union::Scalar));
        property_hints "propertyHints": defaulted(property_hints(ValueHints));
    }.always_typed();
}
