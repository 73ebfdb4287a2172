//! Events of the program itself (`docs/protocol/07-connector-modules-and-operations.md` §4.1).

use store::{NewEvent, Store, StoreError};

/// A step of the start of an Account. None carries data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleEvent {
    /// The start has begun.
    Initializing,
    /// The modules are known.
    ModulesLoaded,
    /// The modules are ready to be started.
    ModulesInitialized,
    /// The Account can be used.
    Initialized,
    /// The modules run.
    ModulesStarted,
}

impl LifecycleEvent {
    /// The name of the event.
    #[must_use]
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Initializing => "runtime.initializing",
            Self::ModulesLoaded => "runtime.modulesLoaded",
            Self::ModulesInitialized => "runtime.modulesInitialized",
            Self::Initialized => "runtime.initialized",
            Self::ModulesStarted => "runtime.modulesStarted",
        }
    }

    pub(crate) async fn publish(self, store: &Store) -> Result<(), StoreError> {
        let mut transaction = store.begin().await?;
        transaction
            .append_event(NewEvent {
                namespace: self.namespace().to_owned(),
                object_id: None,
                data: None,
                correlation_id: None,
            })
            .await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The delivery engine knows them by name.
    #[test]
    fn only_the_last_step_is_delivered() {
        use LifecycleEvent::{Initialized, Initializing, ModulesInitialized, ModulesLoaded, ModulesStarted};
        let steps = [Initializing, ModulesLoaded, ModulesInitialized, Initialized, ModulesStarted];
        let delivered = steps.map(|step| delivery::is_delivered(step.namespace()));
        assert_eq!(delivered, [false, false, false, false, true]);
    }
}
