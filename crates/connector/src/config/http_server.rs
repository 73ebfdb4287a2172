//! The `infrastructure.httpServer` block (`docs/protocol/07 §1.4.5`).

use rest_api::{HttpServerConfig, ServerMode};
use settings::{Node, Wrong};

/// The configuration of the REST interface.
pub(crate) struct HttpServer {
    pub(crate) settings: HttpServerConfig,
    /// Debug mode, and the served parts of the core API.
    pub(crate) mode: ServerMode,
}

/// Reads a block that has been checked against the table; `None` if there are mistakes.
pub(super) fn read(node: &Node<'_>, mode: ServerMode) -> Option<HttpServer> {
    if node.report().has_errors_in(node.path()) {
        return None;
    }
    let settings: HttpServerConfig = match serde_path_to_error::deserialize(node.value()) {
        Ok(settings) => settings,
        Err(error) => {
            node.mistake(Wrong::new(format!("cannot be read: {}", error.path())));
            return None;
        }
    };
    // Without a server there is no access, so the rules for access are moot.
    if settings.enabled {
        settings.report(mode, jiff::Timestamp::now(), node);
    }
    Some(HttpServer { settings, mode })
}
