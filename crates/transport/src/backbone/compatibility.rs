//! The versions of a Backbone that this program supports (`docs/protocol/02 §2`).

use backbone_api::paths;
use core_types::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::call::Call;
use super::client::HttpClient;
use crate::{
    config::{SUPPORTED_MAX_BACKBONE_VERSION, SUPPORTED_MIN_BACKBONE_VERSION, TransportConfig},
    error::{Result, TransportError},
};

/// The version of a Backbone, compared with the supported versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackboneCompatibility {
    /// True if the version is supported.
    pub is_compatible: bool,
    /// Major version of the Backbone.
    pub backbone_version: u64,
    /// Lowest supported major version.
    pub supported_min_backbone_version: u64,
    /// Highest supported major version.
    pub supported_max_backbone_version: u64,
}

/// The public facts about a Backbone, which it gives to unknown callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackboneAnswer {
    /// Its version.
    pub compatibility: BackboneCompatibility,
    /// Its time, with a resolution of one second; proxies may leave it out.
    pub time: Option<Timestamp>,
}

/// Asks the configured Backbone for its version. Needs no Identity.
///
/// # Errors
/// A configuration error or a failed call.
pub async fn backbone_compatibility(config: &TransportConfig) -> Result<BackboneCompatibility> {
    Ok(ask_backbone(config).await?.compatibility)
}

/// Asks the configured Backbone for its version and its time. Needs no Identity.
///
/// # Errors
/// A configuration error or a failed call.
pub async fn ask_backbone(config: &TransportConfig) -> Result<BackboneAnswer> {
    config.validate()?;
    let http = HttpClient::new(config)?;
    let compatibility = compatibility(&http).await?;
    Ok(BackboneAnswer { compatibility, time: http.latest_time() })
}

pub(crate) async fn compatibility(http: &HttpClient) -> Result<BackboneCompatibility> {
    /// The version is a string in today's Backbones; a number is accepted as well.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        major_version: Value,
    }

    let version: Version = http.result(Call::get(paths::VERSION)).await?;
    let backbone_version = match &version.major_version {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .ok_or_else(|| TransportError::invariant("the Backbone tells no usable version"))?;
    Ok(BackboneCompatibility {
        is_compatible: (SUPPORTED_MIN_BACKBONE_VERSION..=SUPPORTED_MAX_BACKBONE_VERSION).contains(&backbone_version),
        backbone_version,
        supported_min_backbone_version: SUPPORTED_MIN_BACKBONE_VERSION,
        supported_max_backbone_version: SUPPORTED_MAX_BACKBONE_VERSION,
    })
}
