//! Messages in memory that wait to be sent.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::OutboundEvent;

/// Identifies a message of a target, in the order of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// Sequence of the event.
    pub(crate) sequence: i64,
    /// Number of the copy of the event, from 1.
    pub(crate) copy: u32,
}

/// A message to deliver.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) event: OutboundEvent,
    pub(crate) copy: u32,
    /// The running time at which its age began to count.
    pub(crate) since: Duration,
    pub(crate) origin: Origin,
}

impl Job {
    pub(crate) fn key(&self) -> Key {
        Key { sequence: self.event.sequence, copy: self.copy }
    }
}

/// The source of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Log,
    /// The row with this id.
    Row(i64),
}

/// Keeps the order of the messages about one object: at most one of these can be started or is in flight.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: VecDeque<Job>,
    /// Objects with a message that is ready or in flight, and the messages behind it.
    busy: HashMap<String, VecDeque<Job>>,
}

impl Queue {
    pub(super) fn push(&mut self, job: Job) {
        if let Some(object) = &job.event.object_id {
            if let Some(behind) = self.busy.get_mut(object) {
                behind.push_back(job);
                return;
            }
            self.busy.insert(object.clone(), VecDeque::new());
        }
        self.ready.push_back(job);
    }

    /// The next message to send. Its object is busy until [`Self::finished`].
    pub(super) fn pop(&mut self) -> Option<Job> {
        self.ready.pop_front()
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The attempt of the message about the object has ended: the next one is ready.
    pub(super) fn finished(&mut self, object: &str) {
        match self.busy.get_mut(object).and_then(VecDeque::pop_front) {
            Some(next) => self.ready.push_front(next),
            None => {
                self.busy.remove(object);
            }
        }
    }

    /// Removes the messages behind the one about the object that is in flight. The object stays busy.
    pub(super) fn take_behind(&mut self, object: &str) -> Vec<Job> {
        self.busy.get_mut(object).map(std::mem::take).unwrap_or_default().into()
    }

    /// Removes everything that is not in flight, in the order of the log.
    pub(super) fn take_all(&mut self) -> Vec<Job> {
        let mut jobs: Vec<Job> = self.ready.drain(..).collect();
        let not_in_flight: HashSet<String> = jobs.iter().filter_map(|job| job.event.object_id.clone()).collect();
        for behind in self.busy.values_mut() {
            jobs.extend(behind.drain(..));
        }
        self.busy.retain(|object, _| !not_in_flight.contains(object));
        jobs.sort_by_key(Job::key);
        jobs
    }
}

#[cfg(test)]
mod tests {
    use core_types::Timestamp;

    use super::*;

    fn job(sequence: i64, object: Option<&str>) -> Job {
        let event = OutboundEvent {
            id: sequence.to_string(),
            namespace: "n".to_owned(),
            data: None,
            event_id: sequence.to_string(),
            sequence,
            object_id: object.map(str::to_owned),
            created_at: Timestamp::from_millis(0),
            correlation_id: None,
            attempt: 1,
        };
        Job { event, copy: 1, since: Duration::ZERO, origin: Origin::Log }
    }

    fn popped(queue: &mut Queue) -> Vec<i64> {
        std::iter::from_fn(|| queue.pop()).map(|job| job.event.sequence).collect()
    }

    #[test]
    fn an_object_has_one_message_in_flight() {
        let mut queue = Queue::default();
        for (sequence, object) in [(1, Some("X")), (2, Some("X")), (3, None), (4, Some("Y")), (5, Some("X")), (6, None)]
        {
            queue.push(job(sequence, object));
        }
        assert_eq!(popped(&mut queue), [1, 3, 4, 6]);
        queue.finished("X");
        queue.finished("Y");
        queue.push(job(7, Some("Y")));
        assert_eq!(popped(&mut queue), [2, 7]);
        let behind: Vec<_> = queue.take_behind("X").iter().map(|job| job.event.sequence).collect();
        assert_eq!(behind, [5]);
        queue.push(job(8, Some("X")));
        assert!(popped(&mut queue).is_empty(), "2 is still in flight");
        queue.finished("X");
        assert_eq!(popped(&mut queue), [8]);
    }

    #[test]
    fn an_object_stays_busy_while_a_message_is_in_flight() {
        let mut queue = Queue::default();
        for (sequence, object) in [(1, Some("X")), (2, Some("Y")), (3, Some("X")), (4, Some("Y")), (5, None)] {
            queue.push(job(sequence, object));
        }
        assert_eq!(queue.pop().map(|job| job.event.sequence), Some(1));
        let taken: Vec<_> = queue.take_all().iter().map(|job| job.event.sequence).collect();
        assert_eq!(taken, [2, 3, 4, 5]);
        queue.push(job(6, Some("X")));
        queue.push(job(7, Some("Y")));
        assert_eq!(popped(&mut queue), [7]);
        queue.finished("X");
        assert_eq!(popped(&mut queue), [6]);
    }
}
