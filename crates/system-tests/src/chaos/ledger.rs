use std::collections::{BTreeMap, BTreeSet};

/// What a client knows about the messages it sent. Messages are told apart by their subject.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Subject and id of those the Connector has: it said so at once, or has them in its list.
    pub(super) sent: BTreeMap<String, String>,
    /// Subjects of those that were not acknowledged and not in the list. They were not sent, as far as the client can know.
    pub(super) given_up: BTreeSet<String>,
    pub(super) outcomes: Outcomes,
}

/// How calls to send a message ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Status 201.
    pub acknowledged: usize,
    /// No answer, or none that told; found in the list of messages.
    pub found_later: usize,
    /// No answer, or none that told; not in the list.
    pub given_up: usize,
    /// The Backbone wants the recipient to fetch first.
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
