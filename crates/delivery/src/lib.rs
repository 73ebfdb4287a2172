//! From the event log to whoever wants the events.
