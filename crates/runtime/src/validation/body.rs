//! Bodies in the OpenAPI document, described by the schemas against which they are checked.

use serde_json::Value;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ArrayBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Schema as OpenApi, SchemaFormat, Type};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::schema::{Object, Property, Schema};
use crate::dto::LocationIndicatorDto;

/// The body of a request: an object in one of several forms, which share their name and description.
#[derive(Debug, Clone, Copy)]
pub struct Body(pub(crate) &'static [&'static Object]);

impl Body {
    /// Its name in the OpenAPI document. Bodies with the same table share it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.first().map_or("", |form| form.name)
    }

    /// A body with which the operation succeeds, or reports that an object does not exist.
    #[must_use]
    pub fn example(self) -> Value {
        let properties = properties_of(self.0).into_iter();
        properties.filter_map(|property| Some((property.name.to_owned(), property.example?()))).collect()
    }

    pub(crate) fn schema(self) -> RefOr<OpenApi> {
        schema_of(self.0)
    }

    /// The schemas to which [`Self::schema`] refers, with their names.
    pub(crate) fn parts(self) -> Vec<(String, RefOr<OpenApi>)> {
        parts_of(self.0)
    }
}

fn parts_of(forms: &[&'static Object]) -> Vec<(String, RefOr<OpenApi>)> {
    let mut parts = Vec::new();
    for property in properties_of(forms) {
        match property.schema {
            Schema::Object(object) => {
                parts.push((object.name.to_owned(), schema_of(&[object])));
                parts.extend(parts_of(&[object]));
            }
            Schema::LocationIndicator => {
                parts.push((LocationIndicatorDto::name().into_owned(), LocationIndicatorDto::schema()));
            }
            _ => {}
        }
    }
    parts
}

/// The properties of all forms, each once.
fn properties_of(forms: &[&'static Object]) -> Vec<&'static Property> {
    let mut properties: Vec<&Property> = Vec::new();
    for property in forms.iter().flat_map(|form| form.properties) {
        if !properties.iter().any(|known| known.name == property.name) {
            properties.push(property);
        }
    }
    properties
}

/// OpenAPI has one schema for all forms; only what they have in common is required.
fn schema_of(forms: &[&'static Object]) -> RefOr<OpenApi> {
    let mut object = ObjectBuilder::new().description(forms.first().map(|form| form.description));
    for property in properties_of(forms) {
        object = object.property(property.name, described(property));
        if forms.iter().all(|form| form.required.contains(&property.name)) {
            object = object.required(property.name);
        }
    }
    if !forms.iter().any(|form| form.open) {
        object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    }
    object.into()
}

fn described(property: &Property) -> RefOr<OpenApi> {
    let description = match property.absence {
        Some(absence) => format!("{} {absence}", property.description),
        None => property.description.to_owned(),
    };
    let example = property.example.map(|example| example());
    match form_of(property.schema) {
        RefOr::Ref(mut reference) => {
            reference.description = description;
            RefOr::Ref(reference)
        }
        RefOr::T(OpenApi::Object(mut object)) => {
            object.description = Some(description);
            object.example = example;
            object.into()
        }
        RefOr::T(OpenApi::Array(mut array)) => {
            array.description = Some(description);
            array.example = example;
            array.into()
        }
        other => other,
    }
}

fn form_of(schema: Schema) -> RefOr<OpenApi> {
    let of_type = |schema_type| ObjectBuilder::new().schema_type(schema_type);
    match schema {
        Schema::Content => of_type(Type::Object).into(),
        Schema::LocationIndicator => Ref::from_schema_name(LocationIndicatorDto::name()).into(),
        Schema::File => of_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into(),
        Schema::Text | Schema::MatchingEither(..) => of_type(Type::String).into(),
        Schema::NonEmptyText => of_type(Type::String).min_length(Some(1)).into(),
        Schema::Matching(pattern) => of_type(Type::String).pattern(pattern.expression()).into(),
        Schema::Boolean | Schema::True => of_type(Type::Boolean).into(),
        Schema::Integer { minimum } => of_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(minimum))
            .into(),
        Schema::List { items } => ArrayBuilder::new().items(form_of(*items)).into(),
        Schema::Set { items, min_items } => {
            let at_least = (min_items > 0).then_some(min_items);
            ArrayBuilder::new().items(form_of(*items)).min_items(at_least).unique_items(true).into()
        }
        Schema::Object(object) => Ref::from_schema_name(object.name).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::bodies;

    fn assert_statement(text: &str, place: &str) {
        let is_question = ["What", "Whether", "Which", "Who", "Why"].iter().any(|word| text.starts_with(word));
        assert!(text.len() > 5 && text.ends_with('.') && !is_question, "{place}: {text:?}");
    }

    fn assert_described(object: &Object) {
        assert_statement(object.description, object.name);
        for name in object.required {
            assert!(object.properties.iter().any(|property| property.name == *name), "{}.{name}", object.name);
        }
        for property in object.properties {
            let place = format!("{}.{}", object.name, property.name);
            assert_statement(property.description, &place);
            if let Some(absence) = property.absence {
                assert_statement(absence, &place);
                assert!(!object.required.contains(&property.name), "{place} is never absent");
            }
            if let Schema::Object(part) = property.schema {
                assert_described(part);
            }
        }
    }

    #[test]
    fn every_property_is_described() {
        bodies().iter().flat_map(|body| body.0).for_each(|form| assert_described(form));
    }

    #[test]
    fn every_example_has_a_form_of_its_body() {
        for body in bodies() {
            let example = body.example();
            assert!(body.0.iter().any(|form| form.is_valid(&example)), "{}: {example}", body.name());
        }
    }
}
