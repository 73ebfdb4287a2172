//! Mail (`docs/protocol/04-content.md` §10).

use core_types::IdentityAddress;
use serde_json::{Map, Value, json};

use crate::error::{ApplicationError, codes};

const MAX_SUBJECT_LENGTH: usize = 300;
const MAX_BODY_LENGTH: usize = 50_000;

/// A letter to one or more Identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// Main recipients, at least one.
    pub(crate) to: Vec<IdentityAddress>,
    /// Further recipients.
    pub(crate) cc: Vec<IdentityAddress>,
    subject: String,
    body: String,
}

impl Mail {
    /// Reads the members of a Mail; unknown ones are dropped.
    ///
    /// # Errors
    /// `error.runtime.requestDeserialization`, `error.runtime.servalError`.
    pub(super) fn parse(members: &Map<String, Value>) -> Result<Self, ApplicationError> {
        let to = addresses("to", required(members, "to")?)?;
        if to.is_empty() {
            return Err(refused("to:Array", "may not be empty"));
        }
        let cc = match members.get("cc") {
            None | Some(Value::Null) => Vec::new(),
            Some(cc) => addresses("cc", cc)?,
        };
        let subject = text("subject", required(members, "subject")?, MAX_SUBJECT_LENGTH)?;
        // 7.0 reads what earlier versions called `content`.
        let body = match (members.get("body"), members.get("content")) {
            (None | Some(Value::Null), Some(content)) if !content.is_null() => content,
            (Some(Value::String(body)), Some(content)) if body.is_empty() && !content.is_null() => content,
            _ => required(members, "body")?,
        };
        Ok(Self { to, cc, subject, body: text("body", body, MAX_BODY_LENGTH)? })
    }

    /// The form in which a Mail travels and is stored.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "@type": "Mail", "body": self.body, "cc": self.cc, "subject": self.subject, "to": self.to })
    }

    /// Checks who is written to against the recipients of the Message.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`: duplicates, overlaps and differences.
    pub(crate) fn check_recipients(&self, recipients: &[IdentityAddress]) -> Result<(), ApplicationError> {
        for (name, list) in [("cc", &self.cc), ("to", &self.to)] {
            if list.iter().enumerate().any(|(index, address)| list.iter().skip(index + 1).any(|other| other == address))
            {
                let text = format!("Some recipients in '{name}' are listed multiple times.");
                return Err(ApplicationError::invalid_property_value(text));
            }
        }
        let in_both: Vec<_> = self.to.iter().filter(|address| self.cc.contains(address)).collect();
        if !in_both.is_empty() {
            let text = format!("The recipients {} are put into both 'to' and 'cc'.", quoted(in_both));
            return Err(ApplicationError::invalid_property_value(text));
        }
        let addressed = |address: &&IdentityAddress| self.to.contains(address) || self.cc.contains(address);
        let unaddressed = recipients.iter().filter(|address| !addressed(address));
        let unreached = self.to.iter().chain(&self.cc).filter(|address| !recipients.contains(address));
        let different: Vec<_> = unaddressed.chain(unreached).collect();
        if !different.is_empty() {
            let text = format!(
                "The identities {} are not listed among both the Message recipients and the recipients in 'to'/'cc'.",
                quoted(different)
            );
            return Err(ApplicationError::invalid_property_value(text));
        }
        Ok(())
    }
}

/// `'a', 'b'`.
pub(crate) fn quoted<'a>(addresses: impl IntoIterator<Item = &'a IdentityAddress>) -> String {
    addresses.into_iter().map(|address| format!("'{}'", address.as_str())).collect::<Vec<_>>().join(", ")
}

fn refused(property: &str, reason: &str) -> ApplicationError {
    ApplicationError::request_deserialization(format!("Mail.{property} :: {reason}"))
}

fn required<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a Value, ApplicationError> {
    members.get(name).filter(|value| !value.is_null()).ok_or_else(|| refused(name, "Value is not defined"))
}

fn text(name: &str, value: &Value, max_length: usize) -> Result<String, ApplicationError> {
    let Value::String(text) = value else { return Err(refused(name, "Value is not a string.")) };
    if text.encode_utf16().count() > max_length {
        return Err(refused(name, &format!("Value is longer than {max_length} characters.")));
    }
    Ok(text.clone())
}

/// Addresses come as text or as `{"address": text}`.
fn addresses(name: &str, value: &Value) -> Result<Vec<IdentityAddress>, ApplicationError> {
    let Value::Array(items) = value else {
        return Err(ApplicationError::invalid(codes::SERVAL_ERROR, "The given value is not an array."));
    };
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            item.as_str()
                .or_else(|| item.get("address").and_then(Value::as_str))
                .map(IdentityAddress::new)
                .ok_or_else(|| refused(name, &format!("Item {index} is not an address.")))
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        for (file, valid) in [("content-valid.json", true), ("content-invalid.json", false)] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(file);
            let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let cases = vectors["cases"].as_array().unwrap();
            let cases = cases.iter().filter(|case| case["@type"] == "Mail" && case["profile"] == "7.0.0");
            let mut count = 0;
            for case in cases {
                let input = expand(&case["input"]);
                let result = Mail::parse(input.as_object().unwrap());
                assert_eq!(result.is_ok(), valid, "{}", case["case"]);
                match result {
                    Ok(mail) => {
                        let expected =
                            if case["serialized"] == "same-as-input" { input } else { case["serialized"].clone() };
                        assert_eq!(mail.to_json(), expected, "{}", case["case"]);
                    }
                    Err(error) => {
                        let expected = if case["rejectedBy"]["error"] == "ServalError" {
                            "error.runtime.servalError"
                        } else {
                            "error.runtime.requestDeserialization"
                        };
                        assert_eq!(error.code(), expected, "{}", case["case"]);
                        if let Some(property) = case["rejectedBy"]["atProperty"].as_str() {
                            assert!(
                                error.message().starts_with(&format!("Mail.{property} :: ")),
                                "{}",
                                error.message()
                            );
                        }
                    }
                }
                count += 1;
            }
            assert!(count >= 5, "{file}: {count}");
        }
    }

    /// Long texts are compressed in the vectors.
    fn expand(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                if let Some(parts) = members.get("$concat").and_then(Value::as_array) {
                    return parts
                        .iter()
                        .map(|part| expand(part).as_str().unwrap().to_owned())
                        .collect::<String>()
                        .into();
                }
                if let Some(text) = members.get("$repeat").and_then(Value::as_str) {
                    return text.repeat(usize::try_from(members["times"].as_u64().unwrap()).unwrap()).into();
                }
                members.iter().map(|(name, member)| (name.clone(), expand(member))).collect::<Map<_, _>>().into()
            }
            Value::Array(items) => items.iter().map(expand).collect(),
            other => other.clone(),
        }
    }

    #[test]
    fn recipients() {
        let [a, b, c] = ["a", "b", "c"].map(IdentityAddress::new);
        let mail = |to: &[&IdentityAddress], cc: &[&IdentityAddress]| Mail {
            to: to.iter().copied().cloned().collect(),
            cc: cc.iter().copied().cloned().collect(),
            subject: String::new(),
            body: String::new(),
        };
        let failure = |mail: Mail, recipients: &[&IdentityAddress]| {
            let recipients: Vec<_> = recipients.iter().copied().cloned().collect();
            mail.check_recipients(&recipients).err().map(|error| error.message().to_owned())
        };
        assert_eq!(failure(mail(&[&a], &[&b]), &[&b, &a]), None);
        assert_eq!(
            failure(mail(&[&a, &a], &[&b, &b]), &[]).unwrap(),
            "Some recipients in 'cc' are listed multiple times."
        );
        assert_eq!(failure(mail(&[&a, &a], &[&a]), &[]).unwrap(), "Some recipients in 'to' are listed multiple times.");
        assert_eq!(
            failure(mail(&[&a, &b], &[&b]), &[]).unwrap(),
            "The recipients 'b' are put into both 'to' and 'cc'."
        );
        assert_eq!(
            failure(mail(&[&a], &[&c]), &[&b, &a]).unwrap(),
            "The identities 'b', 'c' are not listed among both the Message recipients and the recipients in 'to'/'cc'."
        );
    }
}
