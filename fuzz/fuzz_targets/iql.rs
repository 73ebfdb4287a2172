//! `cargo +nightly fuzz run iql`: whatever text is read as a query, and whatever it is evaluated over.
#![no_main]

use content::iql::Query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, attribute) = input;
    if let Ok(query) = Query::parse(text) {
        let attribute = serde_json::from_str(attribute).unwrap_or_default();
        let negated = Query::parse(&format!("!( {text} )")).expect("a query can be negated");
        assert_ne!(query.matches(&attribute), negated.matches(&attribute));
    }
});
