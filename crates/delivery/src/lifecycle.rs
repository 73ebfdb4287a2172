//! Events that are only for readers of the log.

/// Steps of the start before the modules run (`docs/protocol/07-connector-modules-and-operations.md` §4.1). Modules
/// subscribe when they are started, so these were never delivered.
const NOT_DELIVERED: [&str; 4] =
    ["runtime.initializing", "runtime.modulesLoaded", "runtime.modulesInitialized", "runtime.initialized"];

/// True if events called `namespace` are for subscribers and targets.
#[must_use]
pub fn is_delivered(namespace: &str) -> bool {
    !NOT_DELIVERED.contains(&namespace)
}
