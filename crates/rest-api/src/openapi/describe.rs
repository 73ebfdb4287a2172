//! Descriptions of the routes.

use runtime::Resource;
use runtime::query::{AFTER, LARGEST_LIMIT, LIMIT, OFFSET, SORT};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Type};

use super::components;

/// Operations whose body names an object that may not exist.
const NAMING_SOMETHING: [&str; 8] = [
    "createChallenge",
    "createRelationship",
    "loadPeerFile",
    "loadPeerRelationshipTemplate",
    "loadPeerToken",
    "replayDeliveries",
    "sendMessage",
    "validateChallenge",
];

pub(super) const SECURITY_SCHEME: &str = "ApiKeyAuth";

/// Adds to the operations of a path the scopes that open them and the errors they can return.
pub(crate) fn describe_guard(path: &mut PathItem, scopes: &[&str], negotiates: bool) {
    for operation in operations(path) {
        operation.security = Some(vec![SecurityRequirement::new(SECURITY_SCHEME, scopes.iter().copied())]);
        let in_body = operation.operation_id.as_deref().is_some_and(|id| NAMING_SOMETHING.contains(&id));
        let in_path = operation.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Path,
            RefOr::Ref(_) => false,
        });
        for (status, response, _) in components::ERRORS {
            let is_possible = match status {
                "404" => in_path || in_body,
                "406" => negotiates,
                _ => true,
            };
            if is_possible {
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| Ref::from_response_name(response).into());
            }
        }
    }
}

/// Describes the query parameters by which a list can be filtered.
pub(crate) fn describe_filters(path: &mut PathItem, resource: Resource) {
    let Some(list) = &mut path.get else { return };
    list.parameters.get_or_insert_default().extend(resource.filters().map(|(name, kind)| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .schema(Some(Ref::from_schema_name(components::filter(kind))))
            .build()
            .into()
    }));
}

/// Describes the query parameters for a part of a list and for its order.
pub(crate) fn describe_pages(path: &mut PathItem, resource: Resource) {
    let Some(list) = &mut path.get else { return };
    let orders: Vec<String> = resource.orders().iter().map(|name| format!("`{name}`")).collect();
    let sort = format!(
        "The member to sort by, `-` before it for the largest first: {}. Objects without it come first, equal ones in the order in which they were stored, which is also the order if this is absent.",
        orders.join(", ")
    );
    let integer = |minimum: u64, maximum: Option<u64>| {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum)).maximum(maximum)
    };
    let parameters = [
        (LIMIT, "How many objects at most; all of them if absent.".to_owned(), integer(1, Some(LARGEST_LIMIT))),
        (OFFSET, "How many objects to leave out. Not together with `after`.".to_owned(), integer(0, None)),
        (
            AFTER,
            "Id of the object after which to begin: the last one of the page before. What is added or removed meanwhile does not shift the pages. Not together with `offset`."
                .to_owned(),
            ObjectBuilder::new().schema_type(Type::String),
        ),
        (SORT, sort, ObjectBuilder::new().schema_type(Type::String)),
    ];
    list.parameters.get_or_insert_default().extend(parameters.into_iter().map(|(name, description, schema)| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .description(Some(description))
            .schema(Some(schema))
            .build()
            .into()
    }));
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}
