//! The page of the documentation on attribute value types, made of the declarations.

use std::fmt::Write;

use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Format, Item, Kind, Text, Union};
use crate::version::{Profile, Version};
use crate::{hints, registry};

/// The page `docs/attribute-value-types.md`.
#[must_use]
pub fn attribute_value_types() -> String {
    let mut page = String::from(
        "# Attribute value types\n\n\
         This page is generated from the declarations in `crates/content`; a test compares the two. To write it anew:\n\
         `cargo run -p content --example content_instances -- documentation > docs/attribute-value-types.md`.\n\n\
         Lengths count UTF-16 code units, limits are inclusive. A property with `?` may be absent. *Since* names the first\n\
         release of the TypeScript library that knows a type; older peers refuse it. Render hints are written as edit type /\n\
         technical type / data type. Patterns and code lists are in `docs/protocol/04-content.md` §5.3 and §11.\n",
    );
    section(&mut page, "Values of identity attributes", Category::IdentityValue);
    section(&mut page, "Values of relationship attributes", Category::RelationshipValue);
    section(&mut page, "Parts of composite values", Category::Component);
    page
}

fn section(page: &mut String, title: &str, category: Category) {
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n## {title}\n\n\
         | Type | What it is | Properties | Render hints | Value hints | Editable | Since |\n\
         |---|---|---|---|---|---|---|\n"
    );
    for description in registry::in_category(category, Profile::Newest) {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            description.name,
            description.summary,
            properties(description),
            render_hints(description),
            value_hints(description),
            if description.editable { "yes" } else { "no" },
            since(description.since),
        );
    }
}

fn since(version: Version) -> String {
    version.to_string()
}

fn properties(description: &TypeDescription) -> String {
    let parts: Vec<String> = description.properties.iter().map(property).collect();
    parts.join("<br>")
}

fn property(property: &Property) -> String {
    let optional = if property.required { "" } else { "?" };
    let since = if property.since > Version::OLDEST { format!(" (since {})", property.since) } else { String::new() };
    format!("`{}`{optional}: {}{since}", property.name, kind(&property.kind))
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text(text) => text_kind(text),
        Kind::Number(number) => {
            let noun = if number.integral { "integer" } else { "number" };
            match number.limits.or(number.range) {
                Some((min, max)) => format!("{noun} {min}–{max}"),
                None => noun.to_owned(),
            }
        }
        Kind::Boolean => "boolean".to_owned(),
        Kind::Union(Union::Response) => "text, number, boolean or list of texts".to_owned(),
        Kind::Union(_) => "text, number or boolean".to_owned(),
        Kind::Json { max_length: Some(max), .. } => format!("any JSON but `null`, as text up to {max}"),
        Kind::Json { max_length: None, .. } => "any JSON but `null`".to_owned(),
        Kind::Metadata => "object".to_owned(),
        Kind::Id => "id".to_owned(),
        Kind::Address => "address".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::FileReference => "reference to a file".to_owned(),
        Kind::Key(_) => "key".to_owned(),
        Kind::Salt => "salt".to_owned(),
        Kind::Child(name) | Kind::Component(name) => format!("`{name}`"),
        Kind::OneOf(_) => "object with `@type`".to_owned(),
        Kind::List(list) => match list.item {
            Item::Any | Item::Child(_) => "list of objects".to_owned(),
            Item::Address => "list of addresses".to_owned(),
            Item::Text => "list of texts".to_owned(),
        },
        Kind::PropertyHints(name) => format!("`{name}` by name"),
    }
}

fn text_kind(text: &Text) -> String {
    let what = match text.format {
        Format::EMailAddress => "e-mail address",
        Format::PhoneNumber => "phone number",
        Format::Url => "web address",
        Format::HexColor => "colour `#rgb` or `#rrggbb`",
        Format::SchemaUrl | Format::ConsentLink => "link",
        Format::Country => "country code",
        Format::Language => "language code",
        Format::FileReference => "reference to a file",
        Format::Xml => "XML",
        Format::Iban => "IBAN",
        Format::Bic => "BIC",
        Format::Enumeration(words, _) | Format::FixedEnumeration(words) => {
            return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        }
        _ => "text",
    };
    match text.max {
        Some(max) if max == text.min => format!("{what}, {max}"),
        Some(max) => format!("{what}, {}–{max}", text.min),
        None => what.to_owned(),
    }
}

fn render_hints(description: &TypeDescription) -> String {
    let Some(hints) = hints::render_hints(description, Profile::Newest) else { return String::new() };
    let word = |name| hints.get(name).and_then(|word| word.as_str());
    [word("editType"), word("technicalType"), word("dataType")].into_iter().flatten().collect::<Vec<_>>().join(" / ")
}

fn value_hints(description: &TypeDescription) -> String {
    let Some(hints) = hints::value_hints(description, Profile::Newest) else { return String::new() };
    let mut parts = Vec::new();
    for name in ["min", "max"] {
        if let Some(limit) = hints.get(name) {
            parts.push(format!("{name} {}", core_types::json::stringify(limit)));
        }
    }
    if hints.get("pattern").is_some() {
        parts.push("pattern".to_owned());
    }
    if let Some(values) = hints.get("values").and_then(|values| values.as_array()) {
        parts.push(format!("{} values", values.len()));
    }
    if let Some(help) = hints.get("editHelp").and_then(|help| help.as_str()) {
        parts.push(format!("`{help}`"));
    }
    if hints.get("propertyHints").and_then(|inner| inner.as_object()).is_some_and(|inner| !inner.is_empty()) {
        parts.push("per property".to_owned());
    }
    if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
}
