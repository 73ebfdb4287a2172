//! The HTTP interface of the Connector: `/api/core/v1`, authentication, OpenAPI, health and monitoring
//! (`docs/protocol/06`, `07 §2`).
//!
//! [`router`] builds it from the services of an Account and the `infrastructure.httpServer` section of the
//! configuration, [`serve`] runs it. Handlers only parse, call one service method and map; the steps common to all
//! requests are done by the layers in `middleware`, put in order in `app`.

mod accounts;
mod app;
mod auth;
mod config;
mod error;
mod error_codes;
mod event_stream;
mod extract;
mod list_response;
mod middleware;
mod openapi;
mod paths;
mod qr_code;
mod redaction;
mod request_head;
mod response;
mod routes;
mod schemas;
mod scopes;
mod server;
mod startup;
mod startup_error;
mod state;
mod waiting;

pub use app::{router, router_with};
pub use auth::Authenticator;
pub use config::{
    ApiKeyAuthenticationConfig, ApiKeyConfig, AuthenticationConfig, ContentSecurityPolicyOptions, CorsConfig,
    CorsOrigin, DEFAULT_API_KEY_HEADER, DnsPrefetchControlOptions, EventStreamConfig, ExternalMethodConfig,
    FrameOptions, HTTP_SERVER, HelmetOptions, HttpServerConfig, MetricsConfig, PermittedPolicies, PolicyOptions,
    StrictTransportSecurityOptions, TextOrList, Toggle,
};
pub use openapi::openapi;
pub use redaction::with_states;
pub use server::{DRAIN_DEADLINE, ServeOptions, address_in_words, listen, serve, serve_with};
pub use startup::{CoreHttpApi, ServerMode};
pub use startup_error::StartupError;
pub use state::{ApiOptions, ImplementationInfo, MetricsRenderer, VersionInfo};
pub use waiting::{Wait, waiting_router};
