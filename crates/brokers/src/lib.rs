//! Publishers for message brokers.
