//! Names of the HTTP headers with a meaning in the protocol (`docs/protocol/03 §1.7, §10`).

/// Identifies the work that a request belongs to; echoed by the server.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// Datawallet version that the client understands; required on synchronisation calls.
pub const SUPPORTED_DATAWALLET_VERSION: &str = "x-supported-datawallet-version";
/// Time at which the server received the request.
pub const REQUEST_TIME: &str = "x-request-time";
/// Time at which the server sent the answer.
pub const RESPONSE_TIME: &str = "x-response-time";
/// Milliseconds that the server spent on the request.
pub const RESPONSE_DURATION_MS: &str = "x-response-duration-ms";
/// Identifies the request in the server's log.
pub const TRACE_ID: &str = "x-trace-id";
