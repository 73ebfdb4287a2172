//! Names of the HTTP headers with a meaning in the protocol (`docs/protocol/03 §1.7, §10`).

/// Names the work a request belongs to; echoed by the server.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// Datawallet version the client understands; needed on synchronization calls.
pub const SUPPORTED_DATAWALLET_VERSION: &str = "x-supported-datawallet-version";
/// When the server received the request.
pub const REQUEST_TIME: &str = "x-request-time";
/// When the server sent the answer.
pub const RESPONSE_TIME: &str = "x-response-time";
/// Milliseconds the server worked on the request.
pub const RESPONSE_DURATION_MS: &str = "x-response-duration-ms";
/// Names the request in the server's log.
pub const TRACE_ID: &str = "x-trace-id";
