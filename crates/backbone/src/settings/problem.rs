use std::fmt::{self, Display};

/// An invalid member of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    member: String,
    reason: String,
}

impl Problem {
    pub(crate) fn new(member: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { member: member.into(), reason: reason.into() }
    }

    /// A problem of the file as a whole.
    pub(crate) fn of_file(reason: impl Into<String>) -> Self {
        Self::new("", reason)
    }

    /// The mistake, without the member.
    pub(crate) fn into_reason(self) -> String {
        self.reason
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member.as_str() {
            "" | "." => f.write_str(&self.reason),
            member => write!(f, "'{member}': {}", self.reason),
        }
    }
}
