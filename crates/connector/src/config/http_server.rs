//! The `infrastructure.httpServer` block (`docs/protocol/07 §1.4.5`).

use rest_api::{HttpServerConfig, ServerMode};
use settings::{Node, Wrong};

/// How the REST interface is served.
pub(crate) struct HttpServer {
    pub(crate) settings: HttpServerConfig,
    /// Debug mode, and what of the core API is served.
    pub(crate) mode: ServerMode,
}

/// Reads what was checked against the table; `None` if there are mistakes.
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
    // Without a server nobody can be let in, so the rules about who may are moot.
    if settings.enabled {
        settings.report(mode, jiff::Timestamp::now(), node);
    }
    Some(HttpServer { settings, mode })
}
