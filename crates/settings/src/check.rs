//! Checks a configuration against its table.

use serde_json::{Map, Value};

use crate::node::as_count;
use crate::{
    Entries, Kind, Members, Mistakes, Names, Node, Otherwise, Path, Report, Section, Tagged, Text, Unknown, Wrong,
    closest,
};

/// Allowed everywhere, for editors.
const SCHEMA: &str = "$schema";

/// Reports every deviation of a value from the table.
pub fn check(kind: &Kind, node: &Node<'_>) {
    match kind {
        Kind::Any => {}
        Kind::Null if node.value().is_null() => {}
        Kind::Text(text) => check_text(text, node),
        Kind::Boolean if node.value().is_boolean() => {}
        Kind::Number(least, most) => check_number(*least, *most, node),
        Kind::Choice(words) => check_choice(words, node),
        Kind::Name(names) => check_name(names, node),
        Kind::Section(section) => check_section(section, node),
        Kind::Members(members) => check_members(members, node),
        Kind::List(item, least) => check_list(item, *least, node),
        Kind::OneOf(kinds) => match kinds.iter().find(|kind| takes(kind, node.value())) {
            Some(kind) => check(kind, node),
            None => wrong_type(kind, node),
        },
        Kind::Tagged(tagged) => check_tagged(tagged, node),
        Kind::Entries(entries) => check_entries(entries, node),
        Kind::Tolerated(kind) => check(kind, &node.clone().lenient()),
        Kind::Boolean | Kind::Null => wrong_type(kind, node),
    }
}

/// Checks a part of a configuration by itself, and reads it.
///
/// # Errors
/// All mistakes.
pub fn read<T>(
    key: &str,
    section: &Section,
    value: &Value,
    read: impl FnOnce(&Node<'_>) -> Option<T>,
) -> Result<T, Mistakes> {
    let report = Report::default();
    let node = Node::new(Path::new(key), value, &report).with_code(section.code);
    check_section(section, &node);
    let read = read(&node);
    let errors = report.errors();
    match read {
        Some(read) if errors == 0 => Ok(read),
        _ => Err(Mistakes(report.into_problems())),
    }
}

fn check_text(text: &Text, node: &Node<'_>) {
    let Some(value) = node.value().as_str() else { return wrong_type(&Kind::Text(*text), node) };
    if value.is_empty() && !text.may_be_empty {
        node.mistake(Wrong::new("is empty").fix("write a non-empty text"));
    } else if let Some(Err(wrong)) = text.rule.filter(|_| !value.is_empty()).map(|rule| rule(value)) {
        node.mistake(wrong);
    }
}

fn check_number(least: u64, most: u64, node: &Node<'_>) {
    if !node.value().is_number() {
        return wrong_type(&Kind::Number(least, most), node);
    }
    if as_count(node.value()).is_none_or(|number| !(least..=most).contains(&number)) {
        node.mistake(Wrong::new(format!("must be {}", number_words(least, most))));
    }
}

fn check_choice(words: &'static [&'static str], node: &Node<'_>) {
    let Some(value) = node.value().as_str() else { return wrong_type(&Kind::Choice(words), node) };
    if !words.contains(&value) {
        let wrong = Wrong::new(format!("must be {}", listed(words, "or")));
        node.mistake(match closest(value, words.iter().copied()) {
            Some(meant) => wrong.fix(format!("did you mean {meant}?")),
            None => wrong,
        });
    }
}

/// Reports an unknown name. One in a foreign namespace may belong to somebody else's extension, so it is only a
/// warning.
fn check_name(names: &'static Names, node: &Node<'_>) {
    let Some(pattern) = node.value().as_str() else { return wrong_type(&Kind::Name(names), node) };
    if names.known.iter().any(|name| (names.covers)(pattern, name)) {
        return;
    }
    let what = names.what;
    // A foreign name may be a pattern itself.
    let covers = |name: &&str| (names.covers)(pattern, name) || (names.covers)(name, pattern);
    if names.elsewhere.iter().any(covers) {
        let message = format!("means {what}s that only the existing Connector has, and none of this program");
        return node.note(Wrong::new(message));
    }
    let first = pattern.split(names.separator).next().unwrap_or_default();
    let is_ours = names.known.iter().any(|name| name.split(names.separator).next() == Some(first));
    let message = Wrong::new(format!("means no {what} of this program"));
    let did_you_mean = |known: &'static [&'static str]| {
        closest(pattern, known.iter().copied()).map(|meant| message.clone().fix(format!("did you mean {meant}?")))
    };
    if let Some(wrong) = did_you_mean(names.known) {
        node.mistake(wrong);
    } else if let Some(wrong) = did_you_mean(names.elsewhere) {
        node.note(wrong);
    } else if pattern.is_empty() {
        node.mistake(Wrong::new("is empty").fix(format!("write the name of the {what}")));
    } else if is_ours {
        let separators = if names.separator == '.' { "dots" } else { "colons" };
        let fix = format!("write the whole name; * stands for one part between {separators}, ** for any number");
        node.mistake(message.fix(fix));
    } else {
        node.note(message);
    }
}

fn check_section(section: &Section, node: &Node<'_>) {
    let node = &node.clone().with_code(section.code);
    let Some(map) = object(node) else { return };
    for (key, member) in node.members() {
        check_member(section, key, &member);
    }
    check_required(section, map, node);
}

fn check_member(section: &Section, key: &str, member: &Node<'_>) {
    match section.find(key) {
        Some(setting) if setting.removed.is_some() => {
            let (message, fix) = setting.removed.unwrap_or_default();
            member.mistake(Wrong::new(message).fix(fix));
        }
        Some(setting) if setting.nullable && member.value().is_null() => {}
        Some(setting) => {
            if let (Some(fix), Kind::Text(_), Some("")) = (setting.required, setting.kind, member.value().as_str()) {
                return member.mistake(Wrong::new("is empty").fix(fix));
            }
            check(&setting.kind, &member.clone().with_code(setting.code));
        }
        None if key == SCHEMA => {}
        None => unknown(section, key, member),
    }
}

fn unknown(section: &Section, key: &str, member: &Node<'_>) {
    let names = section.all().flat_map(|setting| setting.aliases.iter().copied().chain([setting.key]));
    let meant = closest(key, names).map(|meant| format!("did you mean {meant}?"));
    let known = || format!("known here are {}", listed(&section.keys().collect::<Vec<_>>(), "and"));
    match (section.unknown, meant) {
        (Unknown::Refused, meant) => member.mistake(Wrong::new("is not a known key").fix(meant.unwrap_or_else(known))),
        (Unknown::Named, meant) => {
            member.note(Wrong::new("is not a known key and has no effect").fix(meant.unwrap_or_else(known)));
        }
        (Unknown::Ignored, Some(meant)) => member.note(Wrong::new("is not a known key").fix(meant)),
        (Unknown::Ignored, None) => {}
    }
}

fn check_required(section: &Section, map: &Map<String, Value>, node: &Node<'_>) {
    if node.lenient {
        return;
    }
    for setting in section.all() {
        let mut names = setting.aliases.iter().chain([&setting.key]);
        let value = names.find_map(|name| map.get(*name).filter(|value| !(setting.nullable && value.is_null())));
        if let (Some(fix), None) = (setting.required, value) {
            node.mistake_at(setting.key, Wrong::new("is missing").fix(fix));
        }
    }
}

fn check_members(members: &Members, node: &Node<'_>) {
    let Some(_) = object(node) else { return };
    for (key, member) in node.members() {
        if let Some(Err(wrong)) = members.rule.map(|rule| rule(key)) {
            member.mistake(wrong);
        }
        check(&members.kind, &member);
    }
}

fn check_list(item: &'static Kind, least: usize, node: &Node<'_>) {
    let Some(list) = node.value().as_array() else { return wrong_type(&Kind::List(item, least), node) };
    if list.len() < least {
        node.mistake(Wrong::new("must hold at least one item"));
    }
    node.items().for_each(|node| check(item, &node));
}

fn check_tagged(tagged: &'static Tagged, node: &Node<'_>) {
    let Some(map) = object(node) else { return };
    let known: Vec<&str> = tagged.variants.iter().map(|(name, _)| *name).collect();
    let Some(tag) = map.get(tagged.tag) else {
        return node.mistake_at(tagged.tag, Wrong::new("is missing").fix(format!("write one of {}", known.join(", "))));
    };
    let variant = tag.as_str().and_then(|tag| tagged.variants.iter().find(|(name, _)| *name == tag));
    if let Some((_, section)) = variant {
        for (key, member) in node.members().filter(|(key, _)| *key != tagged.tag) {
            check_member(section, key, &member);
        }
        return check_required(section, map, node);
    }
    let Some(place) = node.member(tagged.tag) else {
        return node.mistake_at(tagged.tag, Wrong::new(format!("must be one of {}", known.join(", "))));
    };
    let Some(text) = tag.as_str() else { return wrong_type(&Kind::TEXT, &place) };
    let meant = closest(text, known.iter().copied()).map(|meant| format!("did you mean {meant}?"));
    match tagged.otherwise {
        Otherwise::Ignored => {}
        Otherwise::Named(consequence) => {
            let wrong = Wrong::new(format!("is none of {}: {consequence}", known.join(", ")));
            place.note(Wrong { fix: meant.map(Into::into), ..wrong });
        }
        Otherwise::Refused => {
            let wrong = Wrong::new(format!("must be {}", listed(&known, "or")));
            place.mistake(Wrong { fix: meant.map(Into::into), ..wrong });
        }
    }
}

fn check_entries(entries: &Entries, node: &Node<'_>) {
    let Some(_) = object(node) else { return };
    for (key, member) in node.members() {
        let section = (entries.resolve)(key, member.value()).unwrap_or(entries.unresolved);
        let tolerates = (entries.tolerates)(key, member.value());
        check_section(&section, &if tolerates { member.lenient() } else { member });
    }
}

fn object<'a>(node: &Node<'a>) -> Option<&'a Map<String, Value>> {
    let map = node.map();
    if map.is_none() {
        wrong_type(&Kind::section(&[]), node);
    }
    map
}

/// Returns true if the JSON type of a value is one that the kind accepts.
pub(crate) fn takes(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Any => true,
        Kind::Null => value.is_null(),
        Kind::Text(_) | Kind::Choice(_) | Kind::Name(_) => value.is_string(),
        Kind::Boolean => value.is_boolean(),
        Kind::Number(..) => value.is_number(),
        Kind::Section(_) | Kind::Members(_) | Kind::Tagged(_) | Kind::Entries(_) => value.is_object(),
        Kind::List(..) => value.is_array(),
        Kind::OneOf(kinds) => kinds.iter().any(|kind| takes(kind, value)),
        Kind::Tolerated(kind) => takes(kind, value),
    }
}

fn wrong_type(kind: &Kind, node: &Node<'_>) {
    node.mistake(Wrong::new(format!("must be {}, but it is {}", words(kind), kind_of(node.value()))));
}

/// The name of a kind in messages.
pub(crate) fn words(kind: &Kind) -> String {
    match kind {
        Kind::Any => "anything".to_owned(),
        Kind::Null => "null".to_owned(),
        Kind::Tolerated(kind) => words(kind),
        Kind::Text(_) | Kind::Name(_) => "a text".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Number(least, most) => number_words(*least, *most),
        Kind::Choice(words) => listed(words, "or"),
        Kind::Section(_) | Kind::Members(_) | Kind::Tagged(_) | Kind::Entries(_) => "an object".to_owned(),
        Kind::List(item, _) => match item {
            Kind::Text(_) | Kind::Name(_) => "a list of texts".to_owned(),
            _ => "a list".to_owned(),
        },
        Kind::OneOf(kinds) => kinds.iter().map(words).collect::<Vec<_>>().join(" or "),
    }
}

fn number_words(least: u64, most: u64) -> String {
    match (least, most) {
        (0, u64::MAX) => "a whole number that is not negative".to_owned(),
        (least, u64::MAX) => format!("a whole number from {least} on"),
        (least, most) => format!("a whole number from {least} to {most}"),
    }
}

fn listed(words: &[&str], conjunction: &str) -> String {
    match words {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [front @ .., last] => format!("{} {conjunction} {last}", front.join(", ")),
    }
}

/// The name of a value's type in messages, which never repeat the value.
#[must_use]
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
