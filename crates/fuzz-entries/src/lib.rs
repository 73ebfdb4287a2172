//! Functions that accept any bytes and must neither panic nor hang. The targets in `fuzz/` call one each; the tests
//! here run them without a fuzzer.
//!
//! If there are further properties to check – such as a round trip – the function asserts them.

mod backbone;
mod configuration;
mod crypto_objects;
mod event_stream;
mod http;
mod objects;
mod values;

pub use backbone::{backbone_answer, backbone_request};
pub use configuration::configuration;
pub use crypto_objects::crypto_object;
pub use event_stream::event_stream;
pub use http::{list_filter, request_body, webhook_configuration};
pub use objects::{envelope, sealed_object};
pub use values::{encoding, odd_json, reference, timestamp};

/// A function that accepts any bytes.
pub type Entry = fn(&[u8]);

/// The entries: a name, equal to that of the fuzz target, and a function.
pub const ENTRIES: [(&str, Entry); 14] = [
    ("backbone_answer", backbone_answer),
    ("backbone_request", backbone_request),
    ("configuration", configuration),
    ("crypto_object", crypto_object),
    ("encoding", encoding),
    ("envelope", envelope),
    ("event_stream", event_stream),
    ("list_filter", list_filter),
    ("odd_json", odd_json),
    ("reference", reference),
    ("request_body", request_body),
    ("sealed_object", sealed_object),
    ("timestamp", timestamp),
    ("webhook_configuration", webhook_configuration),
];
