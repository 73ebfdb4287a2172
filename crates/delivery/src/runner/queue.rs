//! Messages in memory that wait for their turn.

use std::collections::{HashMap, HashSet, VecDeque};

use core_types::Timestamp;

use crate::Message;

/// A message to deliver.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) message: Message,
    pub(crate) copy: u32,
    /// When its age limit began to count.
    pub(crate) since: Timestamp,
    pub(crate) origin: Origin,
}

/// Where a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The log.
    Log,
    /// A delivery with this id.
    Delivery(i64),
}

/// Keeps the order of the messages about one object: no two of them are out at the same time.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    startable: VecDeque<Job>,
    /// Objects with a message that is startable or was started, and what comes after it.
    busy: HashMap<String, VecDeque<Job>>,
}

impl Queue {
    pub(crate) fn push(&mut self, job: Job) {
        if let Some(object) = &job.message.object_id {
            if let Some(behind) = self.busy.get_mut(object) {
                behind.push_back(job);
                return;
            }
            self.busy.insert(object.clone(), VecDeque::new());
        }
        self.startable.push_back(job);
    }

    /// The next message to start. Its object is busy until [`Self::finished`] or [`Self::clear_object`].
    pub(crate) fn pop(&mut self) -> Option<Job> {
        self.startable.pop_front()
    }

    pub(crate) fn has_startable(&self) -> bool {
        !self.startable.is_empty()
    }

    /// The message about the object that was started is done: the next one gets its turn.
    pub(crate) fn finished(&mut self, object: &str) {
        match self.busy.get_mut(object).and_then(VecDeque::pop_front) {
            Some(next) => self.startable.push_front(next),
            None => {
                self.busy.remove(object);
            }
        }
    }

    /// Takes out what comes after the message about the object that was started. The object stays busy.
    pub(crate) fn take_behind(&mut self, object: &str) -> Vec<Job> {
        self.busy.get_mut(object).map(std::mem::take).unwrap_or_default().into()
    }

    /// Takes out everything that was not started, in the order of the log.
    pub(crate) fn take_all(&mut self) -> Vec<Job> {
        let mut jobs: Vec<Job> = self.startable.drain(..).collect();
        let not_started: HashSet<String> = jobs.iter().filter_map(|job| job.message.object_id.clone()).collect();
        for behind in self.busy.values_mut() {
            jobs.extend(behind.drain(..));
        }
        self.busy.retain(|object, _| !not_started.contains(object));
        jobs.sort_by_key(|job| (job.message.sequence, job.copy));
        jobs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(sequence: i64, object: Option<&str>) -> Job {
        let message = Message {
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
        Job { message, copy: 1, since: Timestamp::from_millis(0), origin: Origin::Log }
    }

    fn popped(queue: &mut Queue) -> Vec<i64> {
        std::iter::from_fn(|| queue.pop()).map(|job| job.message.sequence).collect()
    }

    #[test]
    fn an_object_has_one_message_out() {
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
        let behind: Vec<_> = queue.take_behind("X").iter().map(|job| job.message.sequence).collect();
        assert_eq!(behind, [5]);
        queue.push(job(8, Some("X")));
        assert!(popped(&mut queue).is_empty(), "2 is still out");
        queue.finished("X");
        assert_eq!(popped(&mut queue), [8]);
    }

    #[test]
    fn what_was_started_stays_busy_when_all_others_are_taken_out() {
        let mut queue = Queue::default();
        for (sequence, object) in [(1, Some("X")), (2, Some("Y")), (3, Some("X")), (4, Some("Y")), (5, None)] {
            queue.push(job(sequence, object));
        }
        assert_eq!(queue.pop().map(|job| job.message.sequence), Some(1));
        let taken: Vec<_> = queue.take_all().iter().map(|job| job.message.sequence).collect();
        assert_eq!(taken, [2, 3, 4, 5]);
        queue.push(job(6, Some("X")));
        queue.push(job(7, Some("Y")));
        assert_eq!(popped(&mut queue), [7]);
        queue.finished("X");
        assert_eq!(popped(&mut queue), [6]);
    }
}
