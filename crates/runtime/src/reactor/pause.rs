use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Longer pauses are cut to this.
const LONGEST: Duration = Duration::from_mins(4);

/// The end of the pause that the Backbone asked for.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<Option<Instant>>);

impl Pause {
    pub(super) fn ask(&self, pause: Option<Duration>) {
        if let Some(pause) = pause {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + pause.min(LONGEST));
        }
    }

    pub(super) async fn over(&self) {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }
}
