//! Versions of the peers' content library, and which of them is read and written.

use std::fmt;

/// A release of the peers' content library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub patch: u16,
}

impl Version {
    /// The oldest release that is spoken.
    pub const OLDEST: Self = Self::new(7, 0, 0);

    /// The release with these numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Whose rules apply where releases differ (`docs/protocol/04 §13`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// Exactly what the library did at 7.0.0.
    V7_0,
    /// Exactly what its newest known release does.
    Newest,
    /// Reads what either reads, writes what both understand: all types are known, and a property that changed its name is
    /// read under either and written under both.
    #[default]
    Compatible,
}

impl Profile {
    /// Returns whether something that came with `since` and went with `until` belongs to this profile.
    #[must_use]
    pub fn has(self, since: Version, until: Option<Version>) -> bool {
        match self {
            Self::V7_0 => since <= Version::OLDEST,
            Self::Newest => until.is_none(),
            Self::Compatible => true,
        }
    }
}
