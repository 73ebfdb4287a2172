//! The wire contract with a Backbone: paths, bodies, error codes and external events
