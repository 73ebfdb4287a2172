//! The OpenAPI document, generated from the routes.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::config::DEFAULT_API_KEY_HEADER;
use crate::middleware::errors::ErrorEnvelope;

const SECURITY_SCHEME: &str = "ApiKeyAuth";

/// The description of the whole HTTP interface.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = crate::routes::authenticated().into_openapi();
    document.merge(crate::routes::public(&axum::Router::new()).into_openapi());
    for path in document.paths.paths.values_mut() {
        for operation in operations(path) {
            // The names of handlers are unique only within their resource.
            let resource = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
            let handler = operation.operation_id.take().unwrap_or_default();
            operation.operation_id = Some(format!("{resource}_{handler}"));
        }
    }
    document.info = InfoBuilder::new()
        .title("enmeshed Connector")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The HTTP interface of the Connector. Every response of the API carries either `result` or `error`.",
        ))
        .license(Some(LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).build()))
        .build();
    let mut components = document.components.take().map_or_else(ComponentsBuilder::new, Into::into).security_scheme(
        SECURITY_SCHEME,
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(DEFAULT_API_KEY_HEADER))),
    );
    let mut schemas = Vec::new();
    ErrorEnvelope::schemas(&mut schemas);
    components = components.schema(ErrorEnvelope::name(), ErrorEnvelope::schema()).schemas_from_iter(schemas);
    document.components = Some(components.build());
    document
}

/// Notes at the operations of a path which scopes open them and which errors they can end in.
pub(crate) fn describe_guard(path: &mut PathItem, scopes: &[&str], negotiates: bool) {
    for operation in operations(path) {
        operation.security = Some(vec![SecurityRequirement::new(SECURITY_SCHEME, scopes.iter().copied())]);
        let mut statuses = vec![
            ("400", "The input is not valid or the state of things does not allow the operation."),
            ("401", "Credentials are missing or not accepted."),
            ("403", "The credentials do not cover this route."),
        ];
        let names_something = operation.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Path,
            RefOr::Ref(_) => false,
        });
        if names_something {
            statuses.push(("404", "What is named does not exist."));
        }
        if negotiates {
            statuses.push(("406", "No representation is acceptable to the client."));
        }
        for (status, description) in statuses {
            let response = ResponseBuilder::new().description(description).content(
                "application/json",
                ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorEnvelope::name()))).build(),
            );
            let responses = &mut operation.responses.responses;
            responses.entry(status.to_owned()).or_insert_with(|| response.build().into());
        }
    }
}

/// Describes the query parameters by which a list can be filtered.
pub(crate) fn describe_filters(path: &mut PathItem, names: &[&str]) {
    let Some(list) = &mut path.get else { return };
    list.parameters.get_or_insert_default().extend(names.iter().map(|name| {
        ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Query)
            .description(Some("A value, optionally after `!`, `<`, `<=`, `>`, `>=`, `^`, `$` or `~`. Empty: the member exists; `!`: it does not. May be repeated."))
            .schema(Some(String::schema()))
            .build()
            .into()
    }));
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}
