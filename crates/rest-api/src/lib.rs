//! The HTTP interface: /api/core/v1, authentication, OpenAPI and monitoring
