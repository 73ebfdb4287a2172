//! Reloading of the configuration while the service is running (SIGHUP).

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use network::Trust;
use rest_api::{Authenticator, HttpServerConfig, ServerMode, StartupError};

use crate::config::{self, Configuration, Fingerprints, Sources, lacks_pin};
use crate::logging::Levels;
use crate::signals::HangUps;

/// The settings that take effect without a restart.
const RELOADABLE: [&str; 5] = [
    "infrastructure.httpServer.authentication.apiKey",
    "logging",
    "pinnedTLSCertificateSHA256Fingerprints",
    "enforceCertificatePinning",
    "trustedCertificateAuthorities",
];

/// The parts that can be replaced, and the configuration as it was read.
pub(crate) struct Reloading {
    file: Option<PathBuf>,
    in_force: Fingerprints,
    levels: Levels,
    keys: Authenticator,
    trust: Trust,
    /// The mode of the running server, if there is one: a different mode needs a restart.
    mode: Option<ServerMode>,
    /// A different address of the Backbone needs one, too.
    base_url: String,
}

impl Reloading {
    pub(crate) fn new(
        file: Option<PathBuf>,
        configuration: &Configuration,
        levels: Levels,
        keys: Authenticator,
    ) -> Self {
        let trust = configuration.transport.trust.clone();
        let server = &configuration.http_server;
        let mode = server.settings.enabled.then_some(server.mode);
        let base_url = configuration.transport.base_url.clone();
        Self { file, in_force: Fingerprints::of(&configuration.merged), levels, keys, trust, mode, base_url }
    }

    /// Reloads at each hang-up. Never ends by itself.
    pub(crate) async fn run(mut self, mut hang_ups: HangUps) {
        loop {
            hang_ups.next().await;
            tracing::info!("Received SIGHUP: the configuration is read anew.");
            if let Err(error) = self.reload() {
                tracing::error!("The configuration is not reloaded, the one before stays in force: {error}");
            }
        }
    }

    fn reload(&mut self) -> anyhow::Result<()> {
        let configuration = config::load(&Sources::of_process(self.file.clone()))?;
        let settings = &configuration.http_server.settings;
        if let Some(mode) = self.mode {
            check_under(mode, settings)?;
        }
        check_pins(&configuration.transport.trust, &self.base_url)?;
        // First everything that can fail, so that a failure changes nothing.
        let replace_trust = self.trust.prepare(&configuration.transport.trust)?;
        let replace_keys = self.keys.prepare(&settings.authentication.api_key).map_err(refused)?;
        let format_differs = self.levels.apply(&configuration.logging)?;
        replace_trust();
        replace_keys();
        for notice in &configuration.notices {
            tracing::warn!("{notice}");
        }
        let changed = self.in_force.update(&configuration.merged, is_reloadable);
        let (reloaded, waiting): (Vec<_>, Vec<_>) = changed.into_iter().partition(|path| is_reloadable(path));
        let reloaded = if reloaded.is_empty() { "no setting has changed".to_owned() } else { reloaded.join(", ") };
        tracing::info!("Reloaded API keys, log levels, certificates and pins: {reloaded}.");
        if !waiting.is_empty() {
            tracing::warn!("These settings have changed as well and need a restart: {}.", waiting.join(", "));
        }
        if format_differs {
            tracing::warn!("The layout of log lines has changed, which needs a restart.");
        }
        Ok(())
    }
}

/// The new configuration has been checked under its own mode, or not at all if it has no server. But the running server
/// stays as it is until a restart, and must not get keys that it would not start with.
fn check_under(mode: ServerMode, settings: &HttpServerConfig) -> anyhow::Result<()> {
    settings.validate(mode, jiff::Timestamp::now()).map_err(refused)
}

/// Nor may pins for the future address of the Backbone exclude the current one.
fn check_pins(trust: &Trust, base_url: &str) -> anyhow::Result<()> {
    if lacks_pin(&trust.pinning(), base_url) {
        bail!(
            "enforceCertificatePinning would refuse the Backbone in use, {base_url}: name its certificate in \
             pinnedTLSCertificateSHA256Fingerprints as well, or restart for another transportLibrary.baseUrl to take effect."
        );
    }
    Ok(())
}

fn refused(error: StartupError) -> anyhow::Error {
    anyhow!(
        "infrastructure.httpServer.authentication is refused for the server that runs: {error}. Correct \
         infrastructure.httpServer.authentication.apiKey; if debug or infrastructure.httpServer.enabled is meant to change as \
         well, restart instead, because only a restart does that."
    )
}

fn is_reloadable(path: &str) -> bool {
    RELOADABLE
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use network::CertificatePinning;
    use serde_json::{Value, json};

    use super::*;

    fn settings(authentication: Value) -> HttpServerConfig {
        serde_json::from_value(json!({ "enabled": false, "authentication": authentication })).unwrap()
    }

    #[test]
    fn new_keys_are_checked_under_the_mode_in_force() {
        let debug = ServerMode { debug: true, ..ServerMode::default() };
        let error = check_under(ServerMode::default(), &settings(json!({}))).unwrap_err().to_string();
        assert!(
            error.contains("infrastructure.httpServer.authentication.apiKey") && error.contains("restart"),
            "{error}"
        );
        check_under(debug, &settings(json!({}))).unwrap();
        let weak = settings(json!({ "apiKey": { "keys": { "a": { "key": "weak" } } } }));
        check_under(ServerMode::default(), &weak).unwrap_err();
    }

    #[test]
    fn new_pins_are_checked_for_the_backbone_in_use() {
        let pins = BTreeMap::from([("new.example".to_owned(), BTreeSet::from(["00".repeat(32)]))]);
        let trust = |enforce| Trust::new(&CertificatePinning { fingerprints: pins.clone(), enforce }, Vec::new());
        check_pins(&trust(true), "https://new.example").unwrap();
        check_pins(&trust(false), "https://old.example").unwrap();
        let error = check_pins(&trust(true), "https://old.example").unwrap_err().to_string();
        assert!(error.contains("https://old.example"), "{error}");
    }

    #[test]
    fn only_whole_names_are_reloadable() {
        assert!(is_reloadable("logging.categories.default.level"));
        assert!(is_reloadable("enforceCertificatePinning"));
        assert!(!is_reloadable("loggingX"));
        assert!(!is_reloadable("infrastructure.httpServer.port"));
    }
}
