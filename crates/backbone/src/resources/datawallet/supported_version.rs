use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use backbone_api::{codes, headers};

use crate::http::ApiError;

/// The datawallet version that a client supports; 0 when it names none (`docs/protocol/03 §10`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct SupportedVersion(u16);

impl<S: Send + Sync> FromRequestParts<S> for SupportedVersion {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(headers::SUPPORTED_DATAWALLET_VERSION) else { return Ok(Self(0)) };
        let version = value.to_str().ok().and_then(|value| value.trim().parse().ok());
        version
            .map(Self)
            .ok_or_else(|| ApiError::cannot_parse("'X-Supported-Datawallet-Version': The value is not valid."))
    }
}

impl SupportedVersion {
    /// The client must have named a version.
    pub(crate) fn require_named(self) -> Result<(), ApiError> {
        if self.0 > 0 {
            Ok(())
        } else {
            Err(ApiError::invalid_property("'SupportedDatawalletVersion' must be greater than 0."))
        }
    }

    /// The client must support the version of the datawallet.
    pub(crate) fn require(self, version: u16) -> Result<(), ApiError> {
        if self.0 >= version {
            return Ok(());
        }
        let message = "The datawallet is of a newer version than the client supports.";
        Err(ApiError::rule(codes::DATAWALLET_INSUFFICIENT_SUPPORTED_VERSION, message))
    }
}
