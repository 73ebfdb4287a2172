//! No mistake passes in silence: every member of a complete configuration is left out, misspelt and retyped.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use settings::{Kind, Path, Problem, Section, Setting, Severity};

use super::catalogue::CATALOGUE;
use super::{ROOT, read};

const COMPLETE: &str = include_str!("complete-config.json");

/// The verdict on a configuration, and its problems.
fn said(configuration: &Value) -> (bool, Vec<Problem>) {
    match read(&configuration.to_string(), &[]) {
        Ok(configuration) => (true, configuration.notices),
        Err(error) => (false, error.problems()),
    }
}

fn complete() -> Value {
    serde_json::from_str(COMPLETE).unwrap()
}

/// A member that a table describes.
struct Member {
    /// A JSON pointer to the object that contains it.
    object: String,
    place: Path,
    key: String,
    /// `None`: the tag that decides on the other members.
    setting: Option<&'static Setting>,
    section: Section,
}

#[derive(Default)]
struct Members(Vec<Member>);

impl Members {
    fn of(configuration: &Value) -> Vec<Member> {
        let mut members = Self::default();
        members.visit(&Kind::Section(ROOT), configuration, String::new(), &Path::default());
        members.0
    }

    fn visit(&mut self, kind: &Kind, value: &Value, pointer: String, place: &Path) {
        match (kind, value) {
            (Kind::Section(section), Value::Object(_)) => self.visit_section(section, value, &pointer, place),
            (Kind::Members(members), Value::Object(map)) => {
                for (key, value) in map {
                    self.visit(&members.kind, value, below(&pointer, key), &place.key(key));
                }
            }
            (Kind::Entries(entries), Value::Object(map)) => {
                for (key, value) in map {
                    if let Some(section) = (entries.resolve)(key, value) {
                        self.visit_section(&section, value, &below(&pointer, key), &place.key(key));
                    }
                }
            }
            (Kind::List(item, _), Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    self.visit(item, value, format!("{pointer}/{index}"), &place.index(index));
                }
            }
            (Kind::Tagged(tagged), Value::Object(map)) => {
                let tag = map.get(tagged.tag).unwrap();
                let (_, section) = tagged.variants.iter().find(|(name, _)| tag == name).unwrap();
                let (object, key) = (pointer.clone(), tagged.tag.to_owned());
                self.0.push(Member { object, place: place.clone(), key, setting: None, section: *section });
                self.visit_section(section, value, &pointer, place);
            }
            (Kind::OneOf(kinds), value) => {
                kinds.iter().for_each(|kind| self.visit(kind, value, pointer.clone(), place))
            }
            (Kind::Tolerated(kind), value) => self.visit(kind, value, pointer, place),
            _ => {}
        }
    }

    fn visit_section(&mut self, section: &Section, value: &Value, pointer: &str, place: &Path) {
        for (key, value) in value.as_object().unwrap() {
            let Some(setting) = section.find(key) else { continue };
            let (object, key) = (pointer.to_owned(), key.clone());
            self.visit(&setting.kind, value, below(pointer, &key), &place.key(&key));
            self.0.push(Member { object, place: place.clone(), key, setting: Some(setting), section: *section });
        }
    }
}

fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Typing errors that are not other members.
fn misspelt(member: &Member) -> Vec<String> {
    let key = &member.key;
    let swapped: String =
        key.chars().take(2).collect::<Vec<_>>().into_iter().rev().chain(key.chars().skip(2)).collect();
    let without_last = key.get(..key.len() - 1).unwrap().to_owned();
    let first_is_upper = key.starts_with(char::is_uppercase);
    let first = key.get(..1).unwrap();
    let other_case = if first_is_upper { first.to_lowercase() } else { first.to_uppercase() } + key.get(1..).unwrap();
    let candidates = [swapped, without_last, format!("{key}s"), other_case];
    let is_new = |word: &String| word != key && !word.is_empty() && member.section.find(word).is_none();
    candidates.into_iter().filter(is_new).collect()
}

/// Values that the member cannot have.
fn retyped(member: &Member) -> Vec<Value> {
    let takes = |value: &Value| member.setting.map_or(value.is_string(), |setting| takes(&setting.kind, value));
    let nullable = member.setting.is_some_and(|setting| setting.nullable);
    let candidates = [json!(7.5), json!({"x": 1}), json!([[]]), json!("~"), json!(null)];
    candidates.into_iter().filter(|value| !(takes(value) || nullable && value.is_null())).collect()
}

fn takes(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Any => true,
        Kind::Null => value.is_null(),
        Kind::Text(_) | Kind::Choice(_) | Kind::Name(_) => value.is_string(),
        Kind::Boolean => value.is_boolean(),
        Kind::Number(..) => false,
        Kind::Section(_) | Kind::Members(_) | Kind::Tagged(_) | Kind::Entries(_) => value.is_object(),
        Kind::List(item, _) => value.as_array().is_some_and(|list| list.iter().all(|value| takes(item, value))),
        Kind::OneOf(kinds) => kinds.iter().any(|kind| takes(kind, value)),
        Kind::Tolerated(kind) => takes(kind, value),
    }
}

fn object<'a>(configuration: &'a mut Value, member: &Member) -> &'a mut serde_json::Map<String, Value> {
    configuration.pointer_mut(&member.object).unwrap().as_object_mut().unwrap()
}

#[test]
fn the_complete_configuration_is_accepted_and_keeps_its_secrets() {
    let (accepted, problems) = said(&complete());
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(accepted, "{texts:#?}");
    // Keys of earlier versions, and modules that do the same.
    assert!(problems.iter().all(|problem| problem.severity == Severity::Warning), "{texts:#?}");
    let configuration = read(COMPLETE, &[]).unwrap();
    let shown = super::shown(&configuration.merged).into_value().to_string();
    for secret in ["secret-of-", "A-Key-that", "MDEyMzQ1", "crm.example.com"] {
        assert!(COMPLETE.contains(secret) && !shown.contains(secret), "{secret} in {shown}");
    }
    for harmless in ["https://backbone.example.com", "enmeshed.{{trigger}}", "transport.messageReceived", "2999-12-31"]
    {
        assert!(shown.contains(harmless), "{harmless} in {shown}");
    }
}

#[test]
fn a_misspelt_member_is_always_named() {
    let complete = complete();
    let (_, before) = said(&complete);
    let mut mutants = 0;
    for member in Members::of(&complete) {
        for word in misspelt(&member) {
            let mut mutant = complete.clone();
            let map = object(&mut mutant, &member);
            let value = map.shift_remove(&member.key).unwrap();
            map.insert(word.clone(), value);
            let places = [member.place.key(&word), member.place.key(&member.key)];
            let (_, problems) = said(&mutant);
            let mut new = problems.iter().filter(|problem| !before.contains(problem));
            assert!(new.any(|problem| places.contains(&problem.path)), "{} for {}", places[0], places[1]);
            mutants += 1;
        }
    }
    assert!(mutants > 500, "{mutants}");
}

#[test]
fn a_retyped_member_is_always_reported() {
    let complete = complete();
    let (_, before) = said(&complete);
    let mut mutants = 0;
    for member in Members::of(&complete) {
        for value in retyped(&member) {
            let mut mutant = complete.clone();
            object(&mut mutant, &member).insert(member.key.clone(), value.clone());
            let place = member.place.key(&member.key);
            let (_, problems) = said(&mutant);
            let mut new = problems.iter().filter(|problem| !before.contains(problem));
            assert!(new.any(|problem| problem.path.is_in(&place)), "{place} = {value}");
            mutants += 1;
        }
    }
    assert!(mutants > 500, "{mutants}");
}

#[test]
fn a_required_member_that_is_left_out_is_reported() {
    let complete = complete();
    let (mut mutants, mut refused) = (0, 0);
    for member in Members::of(&complete) {
        let mut mutant = complete.clone();
        object(&mut mutant, &member).shift_remove(&member.key);
        // It may have been given under another name.
        let place = member.place.key(member.setting.map_or(member.key.as_str(), |setting| setting.key));
        let (accepted, problems) = said(&mutant);
        let is_reported = problems.iter().any(|problem| problem.path == place && problem.message == "is missing");
        let is_required = member.setting.is_none_or(|setting| setting.required.is_some());
        assert!(is_reported || !is_required, "{place}");
        mutants += 1;
        refused += usize::from(!accepted);
    }
    assert!(mutants > 150 && refused > 20, "{mutants} {refused}");
}

/// A setting that is not mutated is not tested.
#[test]
fn the_complete_configuration_holds_every_setting() {
    let complete = complete();
    let mut found = Found::new();
    look_for(&Kind::Section(ROOT), &[&complete], "", &mut found);
    let missing: Vec<&String> = found.values().filter(|(_, is_there)| !is_there).map(|(place, _)| place).collect();
    assert_eq!(missing, Vec::<&String>::new());
    assert!(found.len() > 130, "{}", found.len());
}

/// For each setting, by key and documentation: one of its places, and whether the configuration has it at any of its
/// places.
type Found = BTreeMap<(&'static str, &'static str), (String, bool)>;

fn look_for(kind: &Kind, values: &[&Value], place: &str, found: &mut Found) {
    match kind {
        Kind::Section(section) => look_in(section, values, place, found),
        Kind::Members(members) => {
            let values: Vec<&Value> =
                values.iter().filter_map(|value| value.as_object()).flat_map(|map| map.values()).collect();
            look_for(&members.kind, &values, &format!("{place}.*"), found);
        }
        Kind::List(item, _) => {
            let values: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
            look_for(item, &values, &format!("{place}[]"), found);
        }
        Kind::OneOf(kinds) => {
            for kind in *kinds {
                let values: Vec<&Value> = values.iter().copied().filter(|value| takes(kind, value)).collect();
                look_for(kind, &values, place, found);
            }
        }
        Kind::Tagged(tagged) => {
            for (name, section) in tagged.variants {
                let is_it = |value: &&&Value| value.get(tagged.tag).is_some_and(|tag| tag == name);
                let values: Vec<&Value> = values.iter().filter(is_it).copied().collect();
                look_in(section, &values, &format!("{place}({name})"), found);
            }
        }
        Kind::Entries(_) => {
            for module in CATALOGUE {
                let values: Vec<&Value> = values.iter().filter_map(|value| value.get(module.key)).collect();
                look_in(&module.section, &values, &format!("{place}.{}", module.key), found);
            }
        }
        Kind::Tolerated(kind) => look_for(kind, values, place, found),
        _ => {}
    }
}

fn look_in(section: &Section, values: &[&Value], place: &str, found: &mut Found) {
    for setting in section.all().filter(|setting| setting.removed.is_none()) {
        let place = format!("{place}.{}", setting.key);
        let names = || setting.aliases.iter().chain([&setting.key]);
        let there: Vec<&Value> = values.iter().filter_map(|value| names().find_map(|name| value.get(*name))).collect();
        let (_, is_there) = found.entry((setting.key, setting.documentation)).or_insert((place.clone(), false));
        *is_there |= !there.is_empty();
        look_for(&setting.kind, &there, &place, found);
    }
}
