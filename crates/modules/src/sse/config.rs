use std::time::Duration;

use settings::{Kind, Node, Setting, Wrong};
use url::Url;

/// Three keep-alives of a Backbone may be late: by default it sends one every 240 s (`docs/protocol/03 §14`).
const IDLE_TIMEOUT: u64 = 3 * 240;

/// The settings of the module.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("idleTimeout", Kind::COUNT, "seconds without a sign of life after which the connection is made anew")
        .default("720")
        .addition(),
    Setting::new(
        "baseUrlOverride",
        Kind::text(base_url),
        "where the events come from, if not from `transportLibrary.baseUrl`; in debug mode only",
    )
    .since("4.6"),
];

fn base_url(text: &str) -> Result<(), Wrong> {
    let is_usable = |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none();
    match Url::parse(text).ok().filter(is_usable) {
        Some(_) => Ok(()),
        None => Err(Wrong::new("is not a URL that can be used")
            .fix("write a URL that starts with http:// or https://, or remove it")),
    }
}

/// Configuration of the module (`modules.sse`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseConfig {
    /// The source of the events, if not `transportLibrary.baseUrl`; for debug mode only.
    pub base_url_override: Option<String>,
    /// Seconds without a sign of life after which the connection is renewed; 0 counts as 1.
    pub idle_timeout: u64,
}

impl Default for SseConfig {
    fn default() -> Self {
        Self { base_url_override: None, idle_timeout: IDLE_TIMEOUT }
    }
}

impl SseConfig {
    pub(super) fn read(node: &Node<'_>) -> Self {
        Self {
            base_url_override: node.text("baseUrlOverride").map(str::to_owned),
            idle_timeout: node.number("idleTimeout").unwrap_or(IDLE_TIMEOUT),
        }
    }

    pub(super) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_timeout.max(1))
    }
}
