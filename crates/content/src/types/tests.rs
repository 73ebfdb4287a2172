//! The types against random and recorded content: what is read as one of them is written as it was, looked at, copied or put
//! together member by member.

#[path = "../../tests/support/generator.rs"]
mod generator;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use core_types::json::stringify;
use proptest::prelude::*;
use serde_json::json;

use self::generator::{Generator, now};
use super::messages::*;
use super::relationships::{creation::*, template::*};
use super::statements::*;
use super::tokens::{content::*, part::*};
use super::*;
use crate::{ContentError, Object, ObjectRef, Profile, Reader, registry};

/// Object content as the enum of its category sees it.
struct Seen {
    looked_at: String,
    copied: Object,
    /// Only of what we can say.
    put_together: Option<Result<Object, ContentError>>,
}

/// The compiler lists here which category is without enum.
macro_rules! for_category {
    ($category:expr, $each:ident! $arguments:tt) => {
        match $category {
            Category::IdentityValue => $each!(sent IdentityValue $arguments),
            Category::RelationshipValue => $each!(sent RelationshipValue $arguments),
            Category::Component => $each!(received Component $arguments),
            Category::StatementFamily => $each!(received StatementFamily $arguments),
            Category::Hints => $each!(sent Hints $arguments),
            Category::Attribute => $each!(sent Attribute $arguments),
            Category::Query => $each!(sent Query $arguments),
            Category::CreationHints => $each!(sent CreationHints $arguments),
            Category::FormFieldSettings => $each!(sent FormFieldSettings $arguments),
            Category::RequestItem => $each!(sent RequestItem $arguments),
            Category::ResponseItem => $each!(sent ResponseItem $arguments),
            Category::NotificationItem => $each!(sent NotificationItem $arguments),
            Category::MessageContent => $each!(sent MessageContent $arguments),
            Category::TemplateContent => $each!(sent TemplateContent $arguments),
            Category::CreationContent => $each!(sent CreationContent $arguments),
            Category::TokenContent => $each!(received TokenContent $arguments),
            Category::TokenPart => $each!(received TokenPart $arguments),
            Category::Part => $each!(sent Part $arguments),
        }
    };
}

macro_rules! see {
    (sent $sum:ident ($object:expr, $reader:expr)) => {{
        let found = $sum::of($object).unwrap();
        let put_together = found.again().check($reader);
        let looked_at = stringify(found.object().value());
        Seen { looked_at, copied: found.draft().check($reader).unwrap(), put_together: Some(put_together) }
    }};
    (received $sum:ident ($object:expr, $reader:expr)) => {{
        let found = $sum::of($object).unwrap();
        let looked_at = stringify(found.object().value());
        Seen { looked_at, copied: found.draft().check($reader).unwrap(), put_together: None }
    }};
}

macro_rules! names {
    ($mode:ident $sum:ident ()) => {
        ($sum::TYPES, $sum::ACCESSORS)
    };
}

/// How content is written that says the same and was put together here: members that are `null` are absent, and two names of one
/// member say the same.
fn normalised(object: ObjectRef<'_>) -> String {
    let mut value = object.value().clone();
    let members = value.as_object_mut().unwrap();
    const PEER: [&str; 2] = ["initialAttributePeer", "thirdPartyAddress"];
    if PEER.iter().all(|name| members.contains_key(*name))
        && let Some(peer) = PEER.iter().find_map(|name| object.get(name))
    {
        members.extend(PEER.map(|name| (name.to_owned(), peer.clone())));
    }
    members.retain(|_, member| !member.is_null());
    stringify(&value)
}

fn check_round_trip(object: ObjectRef<'_>, reader: &Reader) {
    let written = stringify(object.value());
    let seen = for_category!(object.description().category, see!(object, reader));
    assert_eq!(seen.looked_at, written);
    assert_eq!(seen.copied.to_json(), written);
    if let Some(put_together) = seen.put_together {
        assert_eq!(put_together.unwrap().to_json(), normalised(object), "{written}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn content_of_every_type_is_written_as_it_was_read(
        seed: u64,
        index: prop::sample::Index,
        profile in prop::sample::select(vec![Profile::V7_0, Profile::Newest, Profile::Compatible]),
    ) {
        let types = Generator::types(profile);
        let reader = Reader::new(now()).with_profile(profile);
        let content = Generator::new(seed, profile).content(types[index.index(types.len())]);
        check_round_trip(reader.read(&content).unwrap().typed().unwrap(), &reader);
    }

    #[test]
    fn whatever_was_read_can_be_looked_at(seed: u64, index: prop::sample::Index) {
        let types = Generator::types(Profile::Compatible);
        let reader = Reader::new(now());
        let mut generator = Generator::new(seed, Profile::Compatible);
        let content = generator.content(types[index.index(types.len())]);
        if let Ok(content) = reader.read(&generator.spoilt(&content))
            && let Some(object) = content.typed()
        {
            let seen = for_category!(object.description().category, see!(object, &reader));
            prop_assert_eq!(seen.looked_at, content.to_json());
            prop_assert_eq!(seen.copied.to_json(), content.to_json());
        }
    }
}

#[test]
fn recorded_content_is_written_as_it_was_read() {
    let file = support::vectors("content-valid.json");
    for case in file["cases"].as_array().unwrap() {
        for profile in [Profile::V7_0, Profile::Newest, Profile::Compatible] {
            let reader = Reader::new(now()).with_profile(profile);
            if let Ok(content) = reader.read(&support::expand(&case["input"])) {
                check_round_trip(content.typed().unwrap(), &reader);
            }
        }
    }
}

#[test]
fn every_type_is_reached_through_the_enum_of_its_category() {
    let mut reached = BTreeSet::new();
    let mut generator = Generator::new(1, Profile::Compatible);
    let reader = Reader::new(now());
    for description in registry::all() {
        let (types, _) = for_category!(description.category, names!());
        let declared = registry::all().filter(|other| other.category == description.category).map(|other| other.name);
        assert_eq!(declared.collect::<Vec<_>>(), types, "{:?}", description.category);
        if description.is_abstract {
            continue;
        }
        for _ in 0..20 {
            check_round_trip(reader.read(&generator.content(description)).unwrap().typed().unwrap(), &reader);
        }
        reached.insert(description.name);
    }
    // Types that cannot be named stand inside other types only.
    let notification = Notification::new("NOT", [EmptyNotificationItem::new()]).check(&reader).unwrap();
    assert_eq!(notification.to_json(), r#"{"@type":"Notification","id":"NOT","items":[{}]}"#);
    let notification = Notification::of(&notification).unwrap();
    assert!(matches!(notification.items(), [NotificationItem::Empty(_)]));
    reached.insert(EmptyNotificationItem::TYPE);
    let token = json!({ "@type": "TokenContentRelationshipTemplate", "templateId": "RLT", "secretKey": secret_key(),
        "passwordProtection": { "passwordType": "pin4", "salt": "AAECAwQFBgcICQoLDA0ODw" } });
    let token = reader.read(&token).unwrap();
    let token = TokenContentRelationshipTemplate::of(&token).unwrap();
    assert_eq!(token.password_protection().map(SharedPasswordProtection::password_type), Some("pin4"));
    reached.insert(SharedPasswordProtection::TYPE);
    let declared: BTreeSet<&str> = registry::all().map(|description| description.name).collect();
    assert_eq!(reached, declared);
    assert!(declared.len() > 125);
}

fn secret_key() -> serde_json::Value {
    serde_json::to_value(crypto::SecretKey::from_bytes([7; 32])).unwrap()
}

#[test]
fn accessors_are_named_after_their_members() {
    const OTHERS: &[(&str, &str)] = &[("credential_type", "type"), ("stated_object", "object")];
    let snake_case = |name: &str| {
        let mut snake_case = String::new();
        let mut was_upper = false;
        for character in name.chars() {
            if character.is_ascii_uppercase() && !was_upper {
                snake_case.push('_');
            }
            was_upper = character.is_ascii_uppercase();
            snake_case.push(character.to_ascii_lowercase());
        }
        snake_case
    };
    for description in registry::all() {
        let (types, accessors) = for_category!(description.category, names!());
        assert_eq!(types.len(), accessors.len());
        for (accessor, member) in accessors.iter().copied().flatten() {
            assert!(*accessor == snake_case(member) || OTHERS.contains(&(accessor, member)), "{accessor} of {member}");
        }
    }
}
