//! The state of reading the event log.

use std::collections::{HashMap, HashSet};

use super::queue::Key;
use super::window::Window;
use crate::registry::copies;

/// The maximum number of event names whose number of copies is cached.
const MOST_NAMES: usize = 1000;

#[derive(Debug)]
pub(super) struct Log {
    pub(super) window: Window,
    pub(super) reading: Reading,
    /// Messages after the cursor that had rows when the runner began.
    known: HashSet<Key>,
    /// Up to here the log is read before any row is tried: events in between may come before rows that were added while
    /// these events were in flight.
    known_until: i64,
    triggers: Vec<String>,
    /// The number of messages for an event, by its name.
    copies: HashMap<String, u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Idle,
    Running,
}

impl Log {
    pub(super) fn new(cursor: i64, known: HashSet<Key>, triggers: Vec<String>) -> Self {
        let known_until = known.iter().map(|key| key.sequence).max().unwrap_or(cursor);
        let (window, reading, copies) = (Window::new(cursor), Reading::Idle, HashMap::new());
        Self { window, reading, known, known_until, triggers, copies }
    }

    /// True while events are being read that an earlier process had already read.
    pub(super) fn is_catching_up(&self) -> bool {
        self.window.position() < self.known_until
    }

    pub(super) fn is_known(&self, key: Key) -> bool {
        self.known.contains(&key)
    }

    /// The number of messages that the target gets for an event of this name.
    pub(super) fn copies(&mut self, namespace: &str) -> u32 {
        if let Some(copies) = self.copies.get(namespace) {
            return *copies;
        }
        let copies = copies(&self.triggers, namespace);
        if self.copies.len() < MOST_NAMES {
            self.copies.insert(namespace.to_owned(), copies);
        }
        copies
    }
}
