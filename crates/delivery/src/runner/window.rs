//! The events of the log that were read and are not done with.

use std::collections::VecDeque;

/// Knows up to where everything is done, although later events may be done before earlier ones.
#[derive(Debug)]
pub(crate) struct Window {
    /// All up to here was read.
    position: i64,
    /// Sequence of an event and how many messages of it are not done; those at the front are not done.
    open: VecDeque<(i64, u32)>,
}

impl Window {
    pub(crate) fn new(position: i64) -> Self {
        Self { position, open: VecDeque::new() }
    }

    /// An event was read of which so many messages are to be delivered.
    pub(crate) fn read(&mut self, sequence: i64, messages: u32) {
        self.position = sequence;
        if messages > 0 {
            self.open.push_back((sequence, messages));
        }
    }

    /// One message of an event is done.
    pub(crate) fn done(&mut self, sequence: i64) {
        if let Ok(index) = self.open.binary_search_by_key(&sequence, |(sequence, _)| *sequence)
            && let Some((_, messages)) = self.open.get_mut(index)
        {
            *messages = messages.saturating_sub(1);
        }
        while self.open.front().is_some_and(|(_, messages)| *messages == 0) {
            self.open.pop_front();
        }
    }

    /// Position of the last event read.
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    /// Everything up to here is done.
    pub(crate) fn done_up_to(&self) -> i64 {
        self.open.front().map_or(self.position, |(sequence, _)| sequence - 1)
    }

    /// How many events lie between.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_open_event_holds_the_place() {
        let mut window = Window::new(10);
        for (sequence, messages) in [(11, 1), (12, 0), (13, 2), (17, 1)] {
            window.read(sequence, messages);
        }
        assert_eq!((window.position(), window.done_up_to(), window.len()), (17, 10, 3));
        window.done(17);
        window.done(13);
        assert_eq!(window.done_up_to(), 10);
        window.done(11);
        assert_eq!((window.done_up_to(), window.len()), (12, 2));
        window.done(13);
        assert_eq!((window.done_up_to(), window.len()), (17, 0));
        window.read(18, 0);
        assert_eq!(window.done_up_to(), 18);
    }
}
