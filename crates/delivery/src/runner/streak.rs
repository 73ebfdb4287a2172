//! When a target counts as failing.

use std::collections::BTreeSet;

use crate::DeliveryError;

/// Failures in a row after which a target is failing.
const LIMIT: usize = 5;

/// The failures since the last success.
#[derive(Debug, Default)]
pub(crate) struct Streak {
    failures: usize,
    unreachable: usize,
    /// Refused messages. One that is refused again and again says nothing about the others.
    refused: BTreeSet<(i64, u32)>,
}

impl Streak {
    pub(crate) fn failed(&mut self, message: (i64, u32), error: &DeliveryError) {
        self.failures = self.failures.saturating_add(1);
        match error {
            DeliveryError::Unreachable(_) => self.unreachable = self.unreachable.saturating_add(1),
            DeliveryError::Refused(_) if self.refused.len() < LIMIT => {
                self.refused.insert(message);
            }
            DeliveryError::Refused(_) | DeliveryError::Hopeless(_) => {}
        }
    }

    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Nothing was taken for so long that sending more is of no use.
    pub(crate) fn is_failing(&self) -> bool {
        self.unreachable + self.refused.len() >= LIMIT
    }

    /// Nothing was taken for so long that somebody should look at it.
    pub(crate) fn is_noticeable(&self) -> bool {
        self.failures >= LIMIT || self.is_failing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_that_nobody_takes_does_not_make_a_target_failing() {
        let refused = DeliveryError::Refused(String::new());
        let mut streak = Streak::default();
        for _ in 0..LIMIT {
            streak.failed((1, 1), &refused);
        }
        assert!(streak.is_noticeable() && !streak.is_failing());
        for number in 2..=5 {
            assert!(!streak.is_failing());
            streak.failed((number, 1), &refused);
        }
        assert!(streak.is_failing());
        streak.succeeded();
        assert!(!streak.is_noticeable());
        for number in 0..LIMIT {
            assert!(!streak.is_failing(), "{number}");
            streak.failed((1, 1), &DeliveryError::Unreachable(String::new()));
        }
        assert!(streak.is_failing());
    }
}
