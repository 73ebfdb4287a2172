//! The path prefixes of the interfaces.

/// The path prefix of the API.
pub(crate) const API_PREFIX: &str = "/api/core/v1";
/// The path prefix of the administration of deliveries, and of the event stream.
pub(crate) const DELIVERY_PREFIX: &str = "/api/delivery/v1";
