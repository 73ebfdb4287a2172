//! The enmeshed Connector.

fn main() {}
