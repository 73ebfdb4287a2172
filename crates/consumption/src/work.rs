use crate::{Changes, Facts};

/// Several rules in one unit of work: each sees what those before it have changed, and all changes are written together.
#[derive(Debug, Clone)]
pub struct Work {
    facts: Facts,
    changes: Changes,
}

impl Work {
    /// Begins with what is known.
    #[must_use]
    pub fn new(facts: &Facts) -> Self {
        Self { facts: facts.clone(), changes: Changes::none() }
    }

    /// The current facts.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Goes on with these changes.
    pub fn add(&mut self, changes: Changes) {
        self.facts.apply(&changes);
        self.changes.append(changes);
    }

    /// All changes.
    #[must_use]
    pub fn finish(self) -> Changes {
        self.changes
    }
}
