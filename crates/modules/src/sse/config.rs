use std::time::Duration;

use serde::Deserialize;

/// Three keep-alives of a Backbone may be late: it sends one every 240 s unless told otherwise (`docs/protocol/03 §14`).
const IDLE_TIMEOUT: u64 = 3 * 240;

/// Configuration of the module (`modules.sse`). Other members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SseConfig {
    /// Where the events come from, if not from `transportLibrary.baseUrl`; for debug mode only.
    pub base_url_override: Option<String>,
    /// After this time without a sign of life, seconds, the connection is made anew; 0 counts as 1.
    pub idle_timeout: u64,
}

impl Default for SseConfig {
    fn default() -> Self {
        Self { base_url_override: None, idle_timeout: IDLE_TIMEOUT }
    }
}

impl SseConfig {
    pub(super) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_timeout.max(1))
    }
}
