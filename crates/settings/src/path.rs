//! Places in a configuration.

use std::fmt;

/// The keys and indexes that lead to a value, as in `modules.webhooks.webhooks[0].target`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    /// From keys with dots between them. A key with a dot inside has to be added by [`Path::key`].
    #[must_use]
    pub fn new(dotted: &str) -> Self {
        Self(dotted.split('.').filter(|key| !key.is_empty()).map(|key| Step::Key(key.to_owned())).collect())
    }

    /// The member `key` of this place.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.and(Step::Key(key.to_owned()))
    }

    /// The item of a list at this place.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.and(Step::Index(index))
    }

    /// The keys up to the first list: sources replace a list as a whole.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        let key = |step: &'_ Step| matches!(step, Step::Key(_));
        self.0.iter().take_while(|step| key(step)).filter_map(Step::as_key).collect()
    }

    /// Returns true if this is no particular place: the problem concerns the configuration as a whole.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns true if this is `above`, or a place in it.
    #[must_use]
    pub fn is_in(&self, above: &Self) -> bool {
        self.0.starts_with(&above.0)
    }

    fn and(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl Step {
    fn as_key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Index(_) => None,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn keys_and_indexes_are_written_as_people_write_them() {
        let path = Path::new("modules.webhooks").key("webhooks").index(0).key("target");
        assert_eq!(path.to_string(), "modules.webhooks.webhooks[0].target");
        assert_eq!(path.keys(), ["modules", "webhooks", "webhooks"]);
        assert_eq!(Path::default().key("a.b").keys(), ["a.b"]);
        assert!(Path::new("").is_empty());
    }
}
