//! Placeholders of the recordings: bound to a value at their first occurrence, and always that value afterwards.

use std::collections::HashMap;

/// Values by placeholder, such as `FIL-1`.
#[derive(Default)]
pub(super) struct Bindings(HashMap<String, String>);

enum Part<'a> {
    Literal(&'a str),
    Placeholder(&'a str),
}

impl Bindings {
    pub(super) fn get(&self, placeholder: &str) -> Option<&str> {
        self.0.get(placeholder).map(String::as_str)
    }

    pub(super) fn bind(&mut self, placeholder: &str, value: &str) {
        self.0.insert(placeholder.to_owned(), value.to_owned());
    }

    /// A recorded text with all placeholders replaced.
    pub(super) fn fill(&self, recorded: &str) -> Result<String, String> {
        parts(recorded)
            .into_iter()
            .map(|part| match part {
                Part::Literal(text) => Ok(text.to_owned()),
                Part::Placeholder(name) => match self.get(name) {
                    Some(value) => Ok(value.to_owned()),
                    None => Err(format!("<{name}> has no value yet")),
                },
            })
            .collect()
    }

    /// Checks if a text is the recorded one; binds placeholders at their first occurrence.
    pub(super) fn matches(&mut self, recorded: &str, actual: &str) -> Result<(), String> {
        let differs = || format!("expected {recorded:?}, got {actual:?}");
        let parts = parts(recorded);
        let mut rest = actual;
        let mut found = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let known = match part {
                Part::Literal(text) => Some((*text).to_owned()),
                Part::Placeholder(name) => self.get(name).map(str::to_owned),
            };
            if let Some(known) = known {
                rest = rest.strip_prefix(&known).ok_or_else(differs)?;
                continue;
            }
            let Part::Placeholder(name) = part else {
                continue;
            };
            let end = match parts.get(index + 1) {
                Some(Part::Literal(next)) => rest.find(next).ok_or_else(differs)?,
                Some(Part::Placeholder(_)) => return Err(format!("{recorded:?} is ambiguous")),
                None => rest.len(),
            };
            let (value, remaining) = rest.split_at(end);
            if !fits(name, value) {
                return Err(format!("{value:?} is no <{name}> in {}", differs()));
            }
            if is_stable(name) {
                found.push(((*name).to_owned(), value.to_owned()));
            }
            rest = remaining;
        }
        if !rest.is_empty() {
            return Err(differs());
        }
        self.0.extend(found);
        Ok(())
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else {
            break;
        };
        if start > 0 {
            parts.push(Part::Literal(&rest[..start]));
        }
        parts.push(Part::Placeholder(&rest[start + 1..start + length]));
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// Placeholders that always stand for the same value; the others only show a kind.
fn is_stable(name: &str) -> bool {
    let numbered =
        name.split_once('-').is_some_and(|(prefix, number)| prefix.len() == 3 && number.parse::<u32>().is_ok());
    numbered || name.starts_with("address-") || name.contains("-reference of ")
}

/// Returns true if a value has the form that a placeholder promises.
fn fits(name: &str, value: &str) -> bool {
    let is_base64url = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    match name {
        "iso-date" => value.parse::<core_types::Timestamp>().is_ok() && value.len() == 24,
        "error-id" => value.starts_with("ERR") && value.len() == 20,
        "public-key" | "secret-key" | "signature" => is_base64url(value) && value.len() > 20,
        "ownership-token" => !value.is_empty(),
        "etag" => value.starts_with("W/\""),
        "integer" | "count" | "length" => value.parse::<u64>().is_ok(),
        _ if name.starts_with("address-") => value.starts_with("did:e:localhost:dids:"),
        _ if name.starts_with("truncated-reference") => is_base64url(value),
        _ if name.starts_with("url-reference") => value.starts_with("http://localhost:"),
        _ if is_stable(name) => value.starts_with(&name[..3]) && value.len() == 20,
        _ => !value.is_empty(),
    }
}
