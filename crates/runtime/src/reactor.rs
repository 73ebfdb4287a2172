//! Reactions to events, with effects in the store exactly once.
//!
//! A [`Reaction`] is a target of the delivery engine: it has a position in the event log that outlives the process, and
//! gets the events about one object one by one. Events it fails at are retried and finally become dead letters, which
//! operators see and can send again. Its effects are written in one transaction with the mark that the event has been
//! applied.

mod failure;
mod mark;
mod options;
mod pause;
mod reaction;
mod target;
mod trouble;

use std::sync::{Arc, OnceLock};

use delivery::{Engine, TargetSpec};
use tokio_util::task::TaskTracker;

use self::options::OPTIONS;
pub use self::reaction::{Occasion, Reaction};
use self::target::ReactionTarget;
use self::trouble::Trouble;
use crate::module::{ModuleContext, ModuleError};

/// Applies a [`Reaction`] to the backlog at the start, and to every event from then on.
pub struct Reactor<R> {
    reaction: Arc<R>,
    engine: OnceLock<Engine>,
    tasks: TaskTracker,
}

impl<R> std::fmt::Debug for Reactor<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reactor").finish_non_exhaustive()
    }
}

impl<R: Reaction> Reactor<R> {
    /// Not started yet.
    #[must_use]
    pub fn new(reaction: R) -> Self {
        Self { reaction: Arc::new(reaction), engine: OnceLock::new(), tasks: TaskTracker::new() }
    }

    /// Starts reacting, until the shutdown of the module. Running reactions then continue in the background, and the
    /// Account waits for them.
    ///
    /// # Errors
    /// If it has been started before.
    pub async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        let trouble = Arc::new(Trouble::new(context.status.clone()));
        let reaction = Arc::clone(&self.reaction);
        let target = Arc::new(ReactionTarget::new(reaction, context.services.clone(), Arc::clone(&trouble)));
        let spec = TargetSpec {
            subscriber: R::NAME.to_owned(),
            name: R::NAME.to_owned(),
            kind: "module",
            module: R::NAME,
            endpoint: R::PURPOSE.to_owned(),
            triggers: R::EVENTS.iter().map(|event| event.name().to_owned()).collect(),
            options: OPTIONS,
            target: Arc::clone(&target) as Arc<dyn delivery::Target>,
        };
        let report = move |failing: &[(String, String)]| {
            trouble.everything(failing.first().map(|(_, reason)| reason.clone()));
        };
        let ModuleContext { deliveries, shutdown, .. } = context;
        let engine = Engine::start(&deliveries, vec![spec], shutdown.clone(), report);
        self.engine.set(engine).map_err(|_| ModuleError("the module was started before".to_owned()))?;
        self.tasks.spawn(shutdown.run_until_cancelled_owned(async move { target.catch_up().await }));
        Ok(())
    }

    /// Waits until it has ended.
    pub async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(engine) = self.engine.get() {
            engine.stopped().await;
        }
    }
}
