#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::value::convert;
use super::*;

fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
    query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn matches(resource: Resource, query: &[(&str, &str)], document: &Value) -> bool {
    parse(resource, &pairs(query)).unwrap().matches(document)
}

fn failure(resource: Resource, query: &[(&str, &str)]) -> String {
    let error = parse(resource, &pairs(query)).unwrap_err();
    assert_eq!(error.code(), "error.runtime.validation.invalidPropertyValue");
    error.message().to_owned()
}

#[test]
fn conversion() {
    for (text, expected) in [
        ("true", json!(true)),
        ("TRUE", json!(true)),
        ("False", json!(false)),
        ("012", json!(12)),
        (" 12", json!(12)),
        ("1e3", json!(1000)),
        ("+5", json!(5)),
        ("-5", json!(-5)),
        ("5.", json!(5)),
        ("0x10", json!(0)),
        ("1.5", json!(1.5)),
        ("5x", json!("5x")),
        (".5", json!(".5")),
        ("Infinity", json!("Infinity")),
        ("1,2", json!("1,2")),
        ("2020-01-01", json!("2020-01-01")),
        ("", json!("")),
        ("-", json!("-")),
    ] {
        assert_eq!(convert(text), expected, "{text}");
    }
}

#[test]
fn operators() {
    let file =
        json!({ "filename": "Report (1).PDF", "filesize": 5, "createdAt": "2024-05-01T00:00:00.000Z", "isOwn": true });
    for (name, value, expected) in [
        ("title", "", false),
        ("title", "!", true),
        ("filename", "", true),
        ("filename", "!", false),
        ("title", "!x", true),
        ("filesize", "5", true),
        ("filesize", "!5", false),
        ("filesize", ">4", true),
        ("filesize", ">5", false),
        ("filesize", ">=5", true),
        ("filesize", "<5", false),
        ("filesize", "<=5", true),
        ("createdAt", ">2024-01-01", true),
        ("createdAt", "<2024-01-01", false),
        ("filename", "~pdf", true),
        ("filename", "~=pdf", true),
        ("filename", "^report", true),
        ("filename", "$.pdf", true),
        ("filename", "$pdf.", false),
        ("filename", "~.*", false),
        ("filename", "~(1)", true),
        ("isOwn", "true", true),
        ("isOwn", "false", false),
    ] {
        assert_eq!(matches(Resource::Files, &[(name, value)], &file), expected, "{name}={value}");
    }
    assert!(!matches(Resource::Files, &[("filesize", "5"), ("filename", "x")], &file), "all have to hold");
}

#[test]
fn repeated_parameters() {
    let file = json!({ "mimetype": "text/plain", "filesize": 5 });
    let holds = |values: &[&str]| {
        let query: Vec<_> = values.iter().map(|value| ("mimetype", *value)).collect();
        matches(Resource::Files, &query, &file)
    };
    assert!(holds(&["text/plain", "image/png"]));
    assert!(!holds(&["!text/plain", "!image/png"]));
    assert!(holds(&["!a", "!b"]));
    assert!(holds(&["~png", "~plain"]), "the last search counts");
    assert!(!holds(&["~plain", "~png"]));
    assert!(!holds(&["", ""]), "an empty item means the empty text");
    assert!(matches(Resource::Files, &[("filesize", ">1"), ("filesize", "<6")], &file));
    assert!(!matches(Resource::Files, &[("filesize", ">1"), ("filesize", "<4")], &file));
    assert!(matches(Resource::Files, &[("mimetype[]", "text/plain"), ("mimetype[]", "x")], &file));
    assert_eq!(failure(Resource::Files, &[("mimetype[]", "x")]), "query must NOT have additional properties");
    assert!(matches(Resource::Files, &[("__proto__", "x")], &file));
}

#[test]
fn schema_failures() {
    assert_eq!(
        failure(Resource::Messages, &[("isOwn", "true"), ("foo", "1")]),
        "query must NOT have additional properties"
    );
    assert_eq!(failure(Resource::Messages, &[("isOwn", "true"), ("isOwn", "false")]), "query/isOwn must be string");
    assert_eq!(
        failure(Resource::Tokens, &[("passwordProtection", "x")]),
        "query/passwordProtection must be equal to one of the allowed values"
    );
    assert_eq!(
        failure(Resource::Tokens, &[("passwordProtection.passwordIsPin", "false")]),
        "query/passwordProtection.passwordIsPin must be equal to one of the allowed values"
    );
    assert_eq!(failure(Resource::Relationships, &[("template.id", "x")]), "query must NOT have additional properties");
}

#[test]
fn custom_rules() {
    let message = json!({
        "createdBy": "a", "recipients": [{ "address": "b", "relationshipId": "REL1" }], "attachments": ["FIL1", "FIL2"],
        "content": { "@type": "Mail", "subject": "Hi" },
    });
    for (query, expected) in [
        (&[("attachments", "+")][..], true),
        (&[("attachments", " ")], false),
        (&[("attachments", "FIL2")], true),
        (&[("attachments", "!")], false),
        (&[("attachments", "FIL3"), ("attachments", "FIL1")], true),
        (&[("participant", "a")], true),
        (&[("participant", "b")], true),
        (&[("participant", "!c")], false),
        (&[("participant", "c"), ("participant", "b")], true),
        (&[("recipients.address", "b")], true),
        (&[("recipients.relationshipId", "REL2")], false),
        (&[("content.@type", "Mail")], true),
        (&[("content.subject", "~hi")], true),
        (&[("wasReadAt", "!")], true),
    ] {
        assert_eq!(matches(Resource::Messages, query, &message), expected, "{query:?}");
    }
    assert!(!matches(Resource::Messages, &[("attachments", "+")], &json!({ "attachments": [] })));

    let token =
        json!({ "passwordProtection": { "password": "1234", "passwordType": "pin4", "passwordLocationIndicator": 5 } });
    for (name, value, expected) in [
        ("passwordProtection", "", true),
        ("passwordProtection", "!", false),
        ("passwordProtection.password", "1234", true),
        ("passwordProtection.password", "~12", false),
        ("passwordProtection.passwordIsPin", "true", true),
        ("passwordProtection.passwordIsPin", "!", false),
        ("passwordProtection.passwordLocationIndicator", "SMS", true),
        ("passwordProtection.passwordLocationIndicator", "5", true),
        ("passwordProtection.passwordLocationIndicator", "x", false),
    ] {
        assert_eq!(matches(Resource::Tokens, &[(name, value)], &token), expected, "{name}={value}");
    }

    let file = json!({ "tags": ["x:one", "x:two"], "ownershipToken": "12" });
    assert!(matches(Resource::Files, &[("tags", "x:one"), ("tags", "x:9")], &file));
    assert!(!matches(Resource::Files, &[("tags", "~x")], &file));
    assert!(matches(Resource::Files, &[("ownershipToken", "12")], &file), "no conversion");
    assert!(matches(Resource::Relationships, &[("peer", "p")], &json!({ "peer": { "address": "p" } })));
}

#[test]
fn mails_without_a_format_are_plain_text() {
    let plain = json!({ "content": { "@type": "Mail" } });
    let named = json!({ "content": { "@type": "Mail", "bodyFormat": "PlainText" } });
    let markdown = json!({ "content": { "@type": "Mail", "bodyFormat": "Markdown" } });
    let other = json!({ "content": { "@type": "ArbitraryMessageContent" } });
    for (values, expected) in [
        (&["Markdown"][..], [false, false, true, false]),
        (&["PlainText"], [true, true, false, false]),
        (&["!PlainText"], [false, false, true, true]),
        (&["!Markdown"], [true, true, false, true]),
        (&["~plain"], [true, true, false, false]),
        (&[""], [true, true, true, false]),
        (&["!"], [false, false, false, true]),
        (&["Markdown", "PlainText"], [true, true, true, false]),
    ] {
        let query: Vec<_> = values.iter().map(|value| ("content.bodyFormat", *value)).collect();
        let found = [&plain, &named, &markdown, &other].map(|message| matches(Resource::Messages, &query, message));
        assert_eq!(found, expected, "{values:?}");
    }
}

#[test]
fn ownership_wins_over_the_query() {
    let query = pairs(&[("isOwn", "false")]);
    let own = parse_owned(Resource::Files, Ownership::Own, &query).unwrap();
    assert!(own.matches(&json!({ "isOwn": true })) && !own.matches(&json!({ "isOwn": false })));
    let peer = parse_owned(Resource::Files, Ownership::Peer, &[]).unwrap();
    assert!(!peer.matches(&json!({ "isOwn": true })) && peer.matches(&json!({ "isOwn": false })));
    let any = parse_owned(Resource::Files, Ownership::Any, &query).unwrap();
    assert!(!any.matches(&json!({ "isOwn": true })));
    assert!(parse_owned(Resource::Files, Ownership::Own, &pairs(&[("x", "1")])).is_err());
}

proptest::proptest! {
    /// Any text after a search operator is searched for literally.
    #[test]
    fn searches_are_literal(text in "[-a-zA-Z.*+?()|\\[\\]{}^$\\\\/ ]{1,12}") {
        proptest::prop_assume!(!text.starts_with('=') && !["true", "false"].contains(&text.to_lowercase().as_str()));
        let document = json!({ "title": format!("before {text} after") });
        let query = format!("~{text}");
        proptest::prop_assert!(matches(Resource::Files, &[("title", &query)], &document));
        let matches_other = matches(Resource::Files, &[("title", &query)], &json!({ "title": "" }));
        proptest::prop_assert!(!matches_other);
    }

    #[test]
    fn never_panics(value in "\\PC{0,20}", other in "\\PC{0,20}") {
        let document = json!({ "title": value, "filesize": 1 });
        matches(Resource::Files, &[("title", &value), ("title", &other), ("filesize", &other)], &document);
    }
}
