//! The recorded behaviour of the peers' library, case by case.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod support;

use content::iql::{IqlError, Query};
use content::{ContentError, ErrorKind, Profile, Reader, Violation};
use core_types::Timestamp;
use core_types::json::{canonical, stringify};
use serde_json::{Value, json};
use support::{expand, vectors};

/// The day of the recording, so that dates in the future stay there.
fn reader(profile: Profile) -> Reader {
    Reader::new("2026-08-01".parse::<Timestamp>().unwrap()).with_profile(profile)
}

fn profile_of(case: &Value) -> Profile {
    match case["profile"].as_str().unwrap() {
        "7.0.0" => Profile::V7_0,
        "newest" => Profile::Newest,
        other => panic!("unknown profile {other}"),
    }
}

fn name_of(case: &Value) -> String {
    format!(
        "{} {}: {}",
        case["profile"].as_str().unwrap(),
        case["@type"].as_str().unwrap(),
        case["case"].as_str().unwrap()
    )
}

/// Returns whether every typed object has its members sorted. Opaque values keep their order, so this looks at the top only.
fn is_sorted(value: &Value) -> bool {
    value.as_object().unwrap().keys().is_sorted()
}

#[test]
fn valid_content_is_read_and_written_as_recorded() {
    let file = vectors("content-valid.json");
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let name = name_of(case);
        let input = expand(&case["input"]);
        let expected = match &case["serialized"] {
            Value::String(same) if same == "same-as-input" => input.clone(),
            recorded => expand(recorded),
        };
        let reader = reader(profile_of(case));
        let content = reader.read(&input).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(content.type_name(), case["@type"].as_str(), "{name}");
        let written = content.clone().into_value();
        assert_eq!(canonical(&written), canonical(&expected), "{name}");
        assert!(is_sorted(&written), "{name}");
        let again = reader.read(&written).unwrap();
        assert_eq!(again.to_json(), content.to_json(), "{name}: written content reads as itself");
    }
    println!("vectors/content-valid.json: {} cases", cases.len());
    assert_eq!(cases.len(), 412);
}

/// Every recorded case by the rules of all releases together: what one of them accepts is accepted, and what is written for
/// both differs from the recording in the names that changed only.
#[test]
fn the_compatible_profile_reads_all_of_it() {
    let file = vectors("content-valid.json");
    let mut differing = std::collections::BTreeSet::new();
    for case in file["cases"].as_array().unwrap() {
        let name = name_of(case);
        let input = expand(&case["input"]);
        let content = reader(Profile::Compatible).read(&input).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Peers of either release make of it what they would have made of the original.
        let profile = profile_of(case);
        let theirs = reader(profile).read(&content.clone().into_value()).unwrap();
        let direct = reader(profile).read(&input).unwrap();
        assert_eq!(theirs.to_json(), direct.to_json(), "{name}");
        if content.to_json() != direct.to_json() {
            differing.insert(case["@type"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(
        differing.into_iter().collect::<Vec<_>>(),
        ["Mail", "ReadAttributeAcceptResponseItem", "ShareAttributeRequestItem"]
    );
}

/// Cases in which we differ from the recording on purpose, with what we say.
const JUDGED: &[(&str, &str)] = &[
    // The reference crashes on these two (TypeError) instead of refusing; a crash on odd input becomes a validation error.
    (
        "7.0.0 RelationshipAttributeQuery: attributeCreationHints is a boolean",
        r#"{"error":"ParsingError","atType":"RelationshipAttributeCreationHints","atProperty":"from()","rule":"wrong-json-type","field":"attributeCreationHints"}"#,
    ),
    (
        "7.0.0 TransferFileOwnershipRequestItem: fileReference bad value \"abc\"",
        r#"{"error":"ValidationError","atType":"TransferFileOwnershipRequestItem","atProperty":"fileReference:Object","rule":"custom-rule","field":"fileReference"}"#,
    ),
    // The recorded type "Function" is the name of every JavaScript class's constructor, written by mistake.
    (
        "7.0.0 Statement: hasAttribute without object attributes",
        r#"{"error":"ValidationError","atType":"Statement","atProperty":"object.attributes","rule":"custom-rule","field":"object.attributes"}"#,
    ),
    // The case lacks more than it is about: the reference, too, refused it at `result`, which is checked before `items`.
    (
        "7.0.0 Response: empty",
        r#"{"error":"ParsingError","atType":"Response","atProperty":"result","rule":"missing-or-null","field":"result"}"#,
    ),
    // The same refusal is filed under "unknown-@type" in the 7.0.0 cases of Request and RequestItemGroup.
    (
        "newest VerifiableCredential: displayInformation entry with unknown @type",
        r#"{"error":"ParsingError","atType":"VerifiableCredential","atProperty":"displayInformation","rule":"unknown-@type","field":"displayInformation.0"}"#,
    ),
];

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Parsing => "ParsingError",
        ErrorKind::Validation => "ValidationError",
        ErrorKind::ValidationWithoutProperty => "ValidationErrorWithoutProperty",
        ErrorKind::UnknownType | ErrorKind::Malformed => "ServalError",
        ErrorKind::UnusableDate => "Error",
    }
}

fn violation_name(violation: Violation) -> &'static str {
    match violation {
        Violation::Missing => "missing-or-null",
        Violation::WrongJsonType => "wrong-json-type",
        Violation::TooShort => "too-short",
        Violation::TooLong => "too-long",
        Violation::Pattern => "pattern",
        Violation::BelowMinimum => "below-minimum",
        Violation::AboveMaximum => "above-maximum",
        Violation::NotInEnumeration => "not-in-enumeration",
        Violation::TypeNotAllowed => "type-not-allowed-here",
        Violation::UnknownType => "unknown-@type",
        Violation::InvalidItem => "invalid-array-item",
        Violation::EmptyList => "empty-array",
        Violation::InvalidIql => "invalid-iql",
        Violation::Rule => "custom-rule",
    }
}

/// The answer of the reader, in the terms of the recording.
fn ours(error: &ContentError) -> Value {
    json!({
        "error": kind_name(error.kind),
        "atType": error.type_name,
        "atProperty": error.property.as_deref().filter(|property| !property.is_empty()),
        "rule": violation_name(error.violation),
        "field": error.path,
    })
}

fn recorded(case: &Value) -> Value {
    let rejected = &case["rejectedBy"];
    // The recording writes the whole in words, and points to the name of an unknown type at the top only.
    let field = match case["field"].as_str().unwrap() {
        "(whole value)" | "(whole item)" | "@type" => "",
        field => field,
    };
    json!({
        "error": rejected["error"],
        "atType": rejected["atType"],
        "atProperty": rejected["atProperty"].as_str().filter(|property| !["", "n/a"].contains(property)),
        "rule": rejected["rule"],
        "field": field,
    })
}

#[test]
fn invalid_content_is_refused_as_recorded() {
    let file = vectors("content-invalid.json");
    let cases = file["cases"].as_array().unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let name = name_of(case);
        let Err(error) = reader(profile_of(case)).read(&expand(&case["input"])) else {
            failures.push(format!("{name}: accepted"));
            continue;
        };
        let judged = JUDGED.iter().find(|(judged, _)| *judged == name);
        let expected = judged.map_or_else(|| recorded(case), |(_, expected)| serde_json::from_str(expected).unwrap());
        if ours(&error) != expected {
            failures.push(format!("{name}: {} instead of {expected}", ours(&error)));
        }
    }
    assert_eq!(failures, [""; 0]);
    for (judged, _) in JUDGED {
        assert!(cases.iter().any(|case| name_of(case) == *judged), "no case {judged}");
    }
    println!("vectors/content-invalid.json: {} cases, {} of them judged otherwise", cases.len(), JUDGED.len());
    assert_eq!(cases.len(), 1173);
}

fn location(error: &IqlError) -> Value {
    let place = |position: content::iql::Position| json!({"offset": position.offset, "line": position.line, "column": position.column});
    json!({"start": place(error.start), "end": place(error.end)})
}

#[test]
fn queries_match_and_fail_as_recorded() {
    let file = vectors("iql.json");
    let attributes = file["attributes"].as_array().unwrap();
    let (valid, invalid) = (file["valid"].as_array().unwrap(), file["invalid"].as_array().unwrap());
    for case in valid {
        let text = case["query"].as_str().unwrap();
        let query = Query::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(json!(query.matching_indexes(attributes)), case["matches"], "{text:?}");
    }
    for case in invalid {
        let text = case["query"].as_str().unwrap();
        let error = Query::parse(text).unwrap_err();
        assert_eq!(stringify(&location(&error)), stringify(&case["location"]), "{text:?}: {error}");
        assert_eq!(json!(error.expected), case["expected"], "{text:?}");
        assert_eq!(json!(error.found.map(String::from)), case["found"], "{text:?}");
    }
    println!("vectors/iql.json: {} cases", valid.len() + invalid.len());
    assert_eq!((valid.len(), invalid.len()), (83, 59));
}

/// Contents of tokens as the transport of the peers has sent them.
#[test]
fn token_contents_are_written_byte_for_byte() {
    let mut count = 0;
    for case in vectors("tokens.json")["cases"].as_array().unwrap() {
        let texts = [&case["decrypted_utf8"], &case["update_decrypted_utf8"]];
        for text in texts.into_iter().filter_map(Value::as_str) {
            let content = reader(Profile::V7_0).read_text(text).unwrap();
            assert_eq!(content.to_json(), text, "{}", content.type_name().unwrap_or("opaque"));
            assert_eq!(reader(Profile::Compatible).read_text(text).unwrap().to_json(), text);
            assert!(!format!("{content:?}").contains("secretKey"), "keys are not printed");
            count += 1;
        }
    }
    println!("vectors/tokens.json: {count} contents");
    assert!(count >= 6);
}

/// Of every type at least one case was read, so that no declaration goes unproved. Token contents that belong to the transport
/// are read in the test above.
#[test]
fn every_type_has_cases() {
    let file = vectors("content-valid.json");
    let recorded: std::collections::HashSet<&str> =
        file["cases"].as_array().unwrap().iter().filter_map(|case| case["@type"].as_str()).collect();
    let missing: Vec<&str> =
        content::registry::all().map(|description| description.name).filter(|name| !recorded.contains(name)).collect();
    assert_eq!(
        missing,
        [
            "NotificationItem",
            "DeviceSharedSecret",
            "Identity",
            "SharedPasswordProtection",
            "TokenContentDeviceSharedSecret",
            "TokenContentFile",
            "TokenContentRelationshipTemplate"
        ]
    );
}
