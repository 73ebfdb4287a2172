//! The rules by which a target counts as failing.

use std::collections::BTreeSet;

use super::queue::Key;
use crate::DeliveryError;

/// Failures in a row after which a target is failing.
const LIMIT: usize = 5;

/// The failures since the target accepted something.
#[derive(Debug, Default)]
pub(super) struct Failures {
    count: usize,
    unreachable: usize,
    /// Refused messages. One that is refused repeatedly says nothing about the others.
    refused: BTreeSet<Key>,
}

impl Failures {
    pub(super) fn failed(&mut self, message: Key, error: &DeliveryError) {
        self.count = self.count.saturating_add(1);
        match error {
            DeliveryError::Unreachable(_) => self.unreachable = self.unreachable.saturating_add(1),
            DeliveryError::Refused(_) | DeliveryError::Unroutable(_) if self.refused.len() < LIMIT => {
                self.refused.insert(message);
            }
            DeliveryError::Refused(_) | DeliveryError::Unroutable(_) | DeliveryError::Permanent(_) => {}
        }
    }

    /// The target has accepted something.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// True if the circuit has to open: sending more is useless.
    pub(super) fn is_outage(&self) -> bool {
        self.unreachable + self.refused.len() >= LIMIT
    }

    /// True if operators should look at the target.
    pub(super) fn is_unhealthy(&self) -> bool {
        self.count >= LIMIT || self.is_outage()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(sequence: i64) -> Key {
        Key { sequence, copy: 1 }
    }

    #[test]
    fn one_message_that_is_never_accepted_does_not_make_a_target_failing() {
        let refused = DeliveryError::Refused(String::new());
        let mut failures = Failures::default();
        for _ in 0..LIMIT {
            failures.failed(key(1), &refused);
        }
        assert!(failures.is_unhealthy() && !failures.is_outage());
        for number in 2..=5 {
            assert!(!failures.is_outage());
            failures.failed(key(number), &refused);
        }
        assert!(failures.is_outage());
        failures.reset();
        assert!(!failures.is_unhealthy());
        for number in 0..LIMIT {
            assert!(!failures.is_outage(), "{number}");
            failures.failed(key(1), &DeliveryError::Unreachable(String::new()));
        }
        assert!(failures.is_outage());
    }
}
