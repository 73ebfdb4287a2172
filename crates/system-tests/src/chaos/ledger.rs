use std::collections::{BTreeMap, BTreeSet};

/// A client's knowledge of the messages it sent. Messages are identified by their subject.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Subject and id of those that the Connector has: it said so at once, or lists them.
    pub(super) sent: BTreeMap<String, String>,
    /// Subjects of those that were neither acknowledged nor listed. They were not sent, as far as the client can know.
    pub(super) given_up: BTreeSet<String>,
    pub(super) outcomes: Outcomes,
}

/// The outcomes of calls to send a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Status 201.
    pub acknowledged: usize,
    /// No answer, or an inconclusive one; found in the list of messages.
    pub found_later: usize,
    /// No answer, or an inconclusive one; not in the list.
    pub given_up: usize,
    /// The Backbone requires the recipient to fetch first.
    pub refused: usize,
}

impl std::ops::Add for Outcomes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            acknowledged: self.acknowledged + other.acknowledged,
            found_later: self.found_later + other.found_later,
            given_up: self.given_up + other.given_up,
            refused: self.refused + other.refused,
        }
    }
}
