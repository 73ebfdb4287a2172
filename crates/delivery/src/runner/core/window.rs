//! The events of the log that were read and are not settled: neither accepted nor written as a row.

use std::collections::VecDeque;

/// Tracks the point up to which everything is settled, although later events may be settled before earlier ones.
#[derive(Debug)]
pub(super) struct Window {
    /// Everything up to here was read.
    position: i64,
    /// Events, of which the first is open.
    events: VecDeque<Event>,
}

#[derive(Debug)]
struct Event {
    sequence: i64,
    messages: u32,
    /// Messages that are not settled.
    open: u32,
}

impl Window {
    pub(super) fn new(position: i64) -> Self {
        Self { position, events: VecDeque::new() }
    }

    /// An event was read; this many messages of it are to be delivered.
    pub(super) fn read(&mut self, sequence: i64, messages: u32) {
        self.position = sequence;
        if messages > 0 {
            self.events.push_back(Event { sequence, messages, open: messages });
        }
    }

    /// One message of an event is settled.
    pub(super) fn settle(&mut self, sequence: i64) {
        if let Ok(index) = self.events.binary_search_by_key(&sequence, |event| event.sequence)
            && let Some(event) = self.events.get_mut(index)
        {
            event.open = event.open.saturating_sub(1);
        }
        while self.events.front().is_some_and(|event| event.open == 0) {
            self.events.pop_front();
        }
    }

    /// Position of the last event read.
    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// Everything up to here is settled: the cursor of the target.
    pub(super) fn settled_up_to(&self) -> i64 {
        self.events.front().map_or(self.position, |event| event.sequence - 1)
    }

    /// True if something after the cursor is settled: it would be redelivered if the process ended now.
    pub(super) fn has_settled_after_cursor(&self) -> bool {
        self.events.iter().any(|event| event.open < event.messages)
    }

    /// The number of events between these two.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_open_event_holds_the_cursor() {
        let mut window = Window::new(10);
        for (sequence, messages) in [(11, 1), (12, 0), (13, 2), (17, 1)] {
            window.read(sequence, messages);
        }
        assert_eq!((window.position(), window.settled_up_to(), window.len()), (17, 10, 3));
        assert!(!window.has_settled_after_cursor());
        window.settle(17);
        window.settle(13);
        assert!(window.has_settled_after_cursor());
        assert_eq!(window.settled_up_to(), 10);
        window.settle(11);
        assert_eq!((window.settled_up_to(), window.len()), (12, 2));
        window.settle(13);
        assert_eq!((window.settled_up_to(), window.len()), (17, 0));
        window.read(18, 0);
        assert_eq!(window.settled_up_to(), 18);
    }
}
