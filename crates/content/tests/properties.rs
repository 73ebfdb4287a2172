//! Properties of all content: it reads as itself once written, peers of either release understand it, and nothing panics.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/generator.rs"]
mod generator;

use content::iql::Query;
use content::{Profile, Reader, Violation, json_schema, registry};
use core_types::json::stringify;
use generator::{Generator, now};
use proptest::prelude::*;
use serde_json::{Value, json};

fn reader(profile: Profile) -> Reader {
    Reader::new(now()).with_profile(profile)
}

fn any_profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::V7_0), Just(Profile::Newest), Just(Profile::Compatible)]
}

/// Any JSON with the names that matter.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "@type",
        "@version",
        "value",
        "items",
        "query",
        "attribute",
        "tags",
        "owner",
        "title",
    ]);
    let types: Vec<&str> = registry::all().map(|description| description.name).collect();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(types).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone().prop_map(str::to_owned), inner), 0..7)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn every_type_can_be_generated_read_and_written() {
    let mut count = 0;
    for profile in [Profile::V7_0, Profile::Newest, Profile::Compatible] {
        let mut generator = Generator::new(5, profile);
        for description in Generator::types(profile) {
            for _ in 0..20 {
                let content = generator.content(description);
                let read = reader(profile).read(&content);
                assert!(read.is_ok(), "{profile:?} {}: {} in {content}", description.name, read.unwrap_err());
                count += 1;
            }
        }
    }
    assert!(count > 20 * 3 * 118);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn written_content_reads_as_itself(seed: u64, index: prop::sample::Index, profile in any_profile()) {
        let types = Generator::types(profile);
        let content = Generator::new(seed, profile).content(types[index.index(types.len())]);
        let read = reader(profile).read(&content).unwrap();
        let again = reader(profile).read_text(&read.to_json()).unwrap();
        prop_assert_eq!(again.to_json(), read.to_json());
        // Nothing of it is kept without a type.
        let received = reader(profile).read_received(&content).unwrap();
        prop_assert!(received.unknown().is_empty());
        prop_assert_eq!(received.understood().map(content::Content::to_json), Some(read.to_json()));
    }

    #[test]
    fn either_release_understands_what_is_written_for_both(seed: u64, index: prop::sample::Index, profile in any_profile()) {
        let types = Generator::types(profile);
        let content = Generator::new(seed, profile).content(types[index.index(types.len())]);
        let compatible = reader(Profile::Compatible).read(&content).unwrap().into_value();
        if profile != Profile::Compatible {
            let theirs = reader(profile).read(&compatible).unwrap();
            prop_assert_eq!(theirs.to_json(), reader(profile).read(&content).unwrap().to_json());
        }
    }

    #[test]
    fn spoilt_content_is_read_or_refused_at_a_place(seed: u64, index: prop::sample::Index, profile in any_profile()) {
        let types = Generator::types(profile);
        let mut generator = Generator::new(seed, profile);
        let content = generator.content(types[index.index(types.len())]);
        let spoilt = generator.spoilt(&content);
        match reader(profile).read(&spoilt) {
            Ok(read) => prop_assert!(reader(profile).read(&read.into_value()).is_ok()),
            Err(error) => {
                prop_assert!(error.code().starts_with("error.runtime."));
                prop_assert!(error.property.is_none() || error.to_string().contains(" :: "));
            }
        }
    }

    #[test]
    fn no_json_makes_the_reader_panic(value in any_json(), profile in any_profile()) {
        let strict = reader(profile).read(&value);
        if let Ok(received) = reader(profile).read_received(&value) {
            prop_assert_eq!(strict.is_err(), !received.unknown().is_empty());
        }
        for description in Generator::types(profile) {
            let _ = reader(profile).read_as(description.name, &value);
        }
    }

    #[test]
    fn unknown_types_are_kept_as_they_came(value in any_json(), name in "[A-Z][a-z]{3,8}Item2") {
        let unknown = json!({"@type": name, "more": value});
        let request = json!({"@type": "Request", "items": [
            {"@type": "AuthenticationRequestItem", "title": "T", "mustBeAccepted": true},
            {"@type": "RequestItemGroup", "items": [unknown]},
        ]});
        prop_assert_eq!(reader(Profile::Compatible).read(&request).unwrap_err().violation, Violation::UnknownType);
        let received = reader(Profile::Compatible).read_received(&request).unwrap();
        prop_assert!(received.understood().is_none());
        prop_assert_eq!(&received.unknown()[0].path, "items.1.items.0");
        prop_assert_eq!(&received.unknown()[0].type_name, &name);
        prop_assert_eq!(&received.into_value()["items"][1]["items"][0], &unknown);
    }

    #[test]
    fn no_text_makes_the_query_parser_panic(text: String) {
        if let Err(error) = Query::parse(&text) {
            prop_assert!(error.start.offset <= text.encode_utf16().count());
            prop_assert!(!error.expected.is_empty());
        }
    }

    #[test]
    fn no_query_and_attribute_make_the_evaluator_panic(
        text in r"([ !()#.=?~<>&|'\\]|GivenName|value|tags|2022-01-01){0,12}",
        attribute in any_json(),
    ) {
        if let Ok(query) = Query::parse(&text) {
            let negated = Query::parse(&format!("!( {text} )")).unwrap();
            prop_assert_ne!(query.matches(&attribute), negated.matches(&attribute));
            if let Some(types) = query.value_types() && query.matches(&attribute) {
                let value_type = attribute["value"]["@type"].as_str().unwrap_or_default();
                prop_assert!(types.contains(&value_type));
            }
        }
    }
}

#[test]
fn schemas_name_every_property_and_refer_to_declared_types_only() {
    for profile in [Profile::V7_0, Profile::Newest, Profile::Compatible] {
        let document = json_schema::all(profile);
        let definitions = document["$defs"].as_object().unwrap();
        let text = stringify(&document);
        for reference in text.split("\"#/$defs/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(definitions.contains_key(name), "{name}");
        }
        for description in Generator::types(profile) {
            let properties = definitions[description.name]["properties"].as_object().unwrap();
            let known = description.properties.iter().filter(|property| property.is_known_to(profile)).count();
            assert_eq!(properties.len(), known + 1, "{}", description.name);
        }
    }
}

/// On half the stack of a worker of the asynchronous runtime, for every type within itself, at every property.
#[test]
fn no_nesting_of_types_exhausts_the_stack() {
    let check = || {
        for description in registry::all() {
            for property in description.properties {
                for (as_list, levels) in [(false, foreign_json::MAX_DEPTH), (true, foreign_json::MAX_DEPTH / 2)] {
                    let deep = (1..levels).fold(json!({ "@type": description.name }), |inner, _| {
                        let inner = if as_list { Value::Array(vec![inner]) } else { inner };
                        // The macro would copy what is inside.
                        let typed = [("@type".to_owned(), Value::from(description.name))];
                        typed.into_iter().chain([(property.name.to_owned(), inner)]).collect()
                    });
                    drop(reader(Profile::Compatible).read(&deep));
                    drop(reader(Profile::Compatible).read_received(&deep));
                }
            }
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(check).unwrap().join().unwrap();
}
