//! The generated page is the one that is checked in.
#![expect(clippy::unwrap_used, reason = "tests")]

#[test]
fn the_page_on_value_types_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/attribute-value-types.md");
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        checked_in,
        content::documentation::attribute_value_types(),
        "run `cargo run -p content --example content_instances -- documentation > docs/attribute-value-types.md`"
    );
}
