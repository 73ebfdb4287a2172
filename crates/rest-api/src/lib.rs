//! The HTTP interface of the Connector: `/api/core/v1`, authentication, OpenAPI, health and monitoring
//! (`docs/protocol/06`, `07 §2`).
//!
//! [`router`] builds it from the services of an Account and the `infrastructure.httpServer` section of
//! the configuration, [`serve`] runs it. Handlers only parse, call one service method and map; what is
//! common to all requests is done by the stations in `middleware`, put in order in `app`.

mod app;
mod config;
mod error;
mod event_stream;
mod extract;
mod middleware;
mod openapi;
mod qr_code;
mod redaction;
mod response;
mod routes;
mod schemas;
mod scopes;
mod server;
mod startup;
mod state;

pub use app::router;
pub use config::{
    ApiKeyAuthenticationConfig, ApiKeyConfig, AuthenticationConfig, ContentSecurityPolicyOptions, CorsConfig,
    CorsOrigin, DEFAULT_API_KEY_HEADER, DnsPrefetchControlOptions, EventStreamConfig, ExternalMethodConfig,
    FrameOptions, HelmetOptions, HttpServerConfig, MetricsConfig, PermittedPolicies, PolicyOptions,
    StrictTransportSecurityOptions, TextOrList, Toggle,
};
pub use openapi::openapi;
pub use redaction::redacted;
pub use server::{DRAIN_DEADLINE, serve};
pub use startup::{CoreHttpApi, ServerMode, StartupError};
pub use state::{ApiState, ImplementationInfo, MetricsRenderer, VersionInfo};
