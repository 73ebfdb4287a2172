//! The OpenAPI document, generated from the routes.
//!
//! Operations and schemas have the names of the existing Connector's document if they have the same meaning, so that
//! clients generated from either are alike. Common parts of several schemas are components of their own.

mod components;
pub(crate) mod describe;
mod examples;
mod shape;

use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi};
use utoipa::{PartialSchema as _, ToSchema as _};

use self::describe::SECURITY_SCHEME;
use crate::config::DEFAULT_API_KEY_HEADER;
use crate::middleware::errors::ErrorEnvelope;

/// The description of the whole HTTP interface.
#[must_use]
pub fn openapi() -> Value {
    // A document consists of texts and numbers, which can always be serialised as JSON.
    let mut document = serde_json::to_value(described()).unwrap_or_default();
    components::add(&mut document);
    shape::rename(&mut document);
    shape::refer(&mut document);
    examples::add(&mut document);
    document
}

fn described() -> OpenApi {
    let mut document = crate::routes::authenticated().into_openapi();
    document.merge(crate::routes::public(&axum::Router::new()).into_openapi());
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
