//! Makes and checks content at the command line, so that other implementations can be compared with this one.
//!
//! ```text
//! content_instances documentation                     the page docs/attribute-value-types.md
//! content_instances generate SEED COUNT PROFILE       COUNT instances of every type, one JSON object a line:
//!                                                     {"type", "content": in the compatible form, "plain": in that of PROFILE}
//! content_instances check PROFILE                     reads one content a line, answers {"ok": as written} or {"error": …}
//! content_instances spoil SEED COUNT PROFILE          as generate, but something is wrong with most of them: {"type", "content"}
//! content_instances queries                           reads {"query", "attributes"} a line, answers {"matches"} or {"error"}
//! content_instances hints PROFILE                     {"type", "render", "value"} of every value type
//! ```
//! PROFILE is `7.0.0`, `newest` or `compatible`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a tool for tests that may stop at the first mistake"
)]

#[path = "../tests/support/generator.rs"]
mod generator;

use std::io::{BufRead, BufWriter, Write};

use content::iql::Query;
use content::{Content, ContentError, ErrorKind, Profile, Reader, documentation, hints, registry};
use core_types::json::stringify;
use generator::{Generator, now};
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["documentation"] => print!("{}", documentation::attribute_value_types()),
        ["generate", seed, count, profile] => generate(seed.parse().unwrap(), count.parse().unwrap(), parse(profile)),
        ["spoil", seed, count, profile] => spoil(seed.parse().unwrap(), count.parse().unwrap(), parse(profile)),
        ["check", profile] => {
            let reader = Reader::new(now()).with_profile(parse(profile));
            answer(|line| outcome(reader.read(&line)));
        }
        ["queries"] => answer(|line| evaluate(&line)),
        ["hints", profile] => print_hints(parse(profile)),
        _ => panic!("see the head of this file for what can be asked"),
    }
}

fn parse(profile: &str) -> Profile {
    match profile {
        "7.0.0" => Profile::V7_0,
        "newest" => Profile::Newest,
        "compatible" => Profile::Compatible,
        _ => panic!("unknown profile"),
    }
}

fn print_lines(lines: impl Iterator<Item = Value>) {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in lines {
        writeln!(out, "{}", stringify(&line)).unwrap();
    }
}

fn answer(reply: impl Fn(Value) -> Value) {
    let lines = std::io::stdin().lock().lines();
    print_lines(lines.map(|line| reply(serde_json::from_str(&line.unwrap()).unwrap())));
}

fn generate(seed: u64, count: usize, profile: Profile) {
    let mut generator = Generator::new(seed, profile);
    let (plain, compatible) = (Reader::new(now()).with_profile(profile), Reader::new(now()));
    let types = Generator::types(profile);
    print_lines(types.into_iter().flat_map(|description| std::iter::repeat_n(description, count)).map(|description| {
        let content = generator.content(description);
        json!({
            "type": description.name,
            "content": compatible.read(&content).unwrap(),
            "plain": plain.read(&content).unwrap(),
        })
    }));
}

fn spoil(seed: u64, count: usize, profile: Profile) {
    let mut generator = Generator::new(seed, profile);
    let types = Generator::types(profile);
    print_lines(types.into_iter().flat_map(|description| std::iter::repeat_n(description, count)).map(|description| {
        let content = generator.content(description);
        json!({"type": description.name, "content": generator.spoilt(&content)})
    }));
}

fn outcome(read: Result<Content, ContentError>) -> Value {
    match read {
        Ok(content) => json!({"ok": content}),
        Err(error) => {
            let kind = match error.kind {
                ErrorKind::Parsing => "ParsingError",
                ErrorKind::Validation => "ValidationError",
                ErrorKind::ValidationWithoutProperty => "ValidationErrorWithoutProperty",
                ErrorKind::UnknownType | ErrorKind::Malformed => "ServalError",
                ErrorKind::UnusableDate => "Error",
            };
            json!({"error": {
                "kind": kind,
                "type": error.type_name,
                "property": error.property,
                "path": error.path,
                "message": error.to_string(),
                "code": error.code(),
            }})
        }
    }
}

fn evaluate(line: &Value) -> Value {
    match Query::parse(line["query"].as_str().unwrap()) {
        Ok(query) => json!({"matches": query.matching_indexes(line["attributes"].as_array().unwrap())}),
        Err(error) => {
            let place = |position: content::iql::Position| json!({"offset": position.offset, "line": position.line, "column": position.column});
            let location = json!({"start": place(error.start), "end": place(error.end)});
            json!({"error": {"message": error.message(), "location": location}})
        }
    }
}

fn print_hints(profile: Profile) {
    print_lines(registry::all().filter(|description| description.is_known_to(profile)).filter_map(|description| {
        Some(json!({
            "type": description.name,
            "render": hints::render_hints(description, profile)?,
            "value": hints::value_hints(description, profile)?,
        }))
    }));
}
