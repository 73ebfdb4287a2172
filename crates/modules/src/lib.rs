//! The modules of the Connector, one folder each
