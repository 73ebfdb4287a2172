use std::fmt::Write as _;

use core_types::Timestamp;
use delivery::{DeliveryQuery, DeliveryState, Replay};
use serde_json::{Map, Value, json};

use crate::error::{ApplicationError, RuntimeError};
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};

/// Maximum number of deliveries that one request lists or sends again.
const MAXIMUM_DELIVERIES: u32 = 1000;
/// Maximum number of triggers in one request.
const MAXIMUM_TRIGGERS: usize = 100;
/// No event has a longer name.
const MAXIMUM_TRIGGER_LENGTH: usize = 200;

/// The public id of a target: its name in the store, with characters that need no escaping in a URL.
pub(crate) fn target_id(subscriber: &str) -> String {
    let mut id = String::with_capacity(subscriber.len());
    for byte in subscriber.bytes() {
        match byte {
            b'/' => id.push('.'),
            b'-' | b'_' => id.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => id.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(id, "~{byte:02x}")),
        }
    }
    id
}

/// The name in the store of the target with this id; `None` if it is not the id of a target.
pub(crate) fn subscriber_of(target_id: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(target_id.len());
    let mut rest = target_id.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'.' => b'/',
            b'~' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    let subscriber = String::from_utf8(bytes).ok()?;
    (target_id == self::target_id(&subscriber)).then_some(subscriber)
}

/// Checks the pattern of a trigger; `*` stands for one segment, `**` for any number.
///
/// # Errors
/// `error.delivery.invalidTrigger`.
pub fn check_triggers<'a>(triggers: impl IntoIterator<Item = &'a String>) -> Result<(), ApplicationError> {
    let invalid = |message: String| Err(RuntimeError::DeliveryInvalidTrigger(message).into());
    for (index, trigger) in triggers.into_iter().enumerate() {
        if index >= MAXIMUM_TRIGGERS {
            return invalid(format!("At most {MAXIMUM_TRIGGERS} triggers can be named."));
        }
        let is_segment = |segment: &str| {
            matches!(segment, "*" | "**")
                || (!segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        };
        if trigger.len() > MAXIMUM_TRIGGER_LENGTH || !trigger.split('.').all(is_segment) {
            return invalid(
                "A trigger is the name of an event such as 'transport.messageReceived'; '*' stands for one part of it, \
                 '**' for any number."
                    .to_owned(),
            );
        }
    }
    Ok(())
}

/// Refuses query parameters that are given more than once: it would be unclear which value is meant.
///
/// # Errors
/// `error.delivery.invalidQuery`.
pub fn check_repetition(parameters: &[(String, String)], may_be_repeated: &[&str]) -> Result<(), ApplicationError> {
    for (index, (name, _)) in parameters.iter().enumerate() {
        let is_repeated = parameters.iter().take(index).any(|(known, _)| known == name);
        if is_repeated && !may_be_repeated.contains(&name.as_str()) {
            let message = format!("'{name}' must not be given more than once.");
            return Err(RuntimeError::DeliveryInvalidQuery(message).into());
        }
    }
    Ok(())
}

/// The selection of deliveries to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDeliveriesRequest(pub(crate) DeliveryQuery);

impl ListDeliveriesRequest {
    /// Parses the query parameters `target`, `state`, `after` and `limit`.
    ///
    /// # Errors
    /// `error.delivery.invalidQuery`.
    pub fn parse(parameters: &[(String, String)]) -> Result<Self, ApplicationError> {
        let invalid = |message: &str| RuntimeError::DeliveryInvalidQuery(message.to_owned());
        check_repetition(parameters, &[])?;
        let mut query = DeliveryQuery::default();
        for (name, value) in parameters {
            match name.as_str() {
                "target" => {
                    let subscriber = subscriber_of(value).filter(|subscriber| !subscriber.is_empty());
                    query.subscriber = Some(subscriber.ok_or_else(|| invalid("'target' must be the id of a target."))?);
                }
                "state" => {
                    query.state = Some(match value.as_str() {
                        "waiting" => DeliveryState::Waiting,
                        "dead" => DeliveryState::Dead,
                        _ => return Err(invalid("'state' must be 'waiting' or 'dead'.").into()),
                    });
                }
                "after" => {
                    let after = value.parse().ok().filter(|after: &i64| *after >= 0);
                    query.after = Some(after.ok_or_else(|| invalid("'after' must be the id of a delivery."))?);
                }
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MAXIMUM_DELIVERIES).contains(limit));
                    query.limit = limit.ok_or_else(|| {
                        invalid(&format!("'limit' must be a whole number from 1 to {MAXIMUM_DELIVERIES}."))
                    })?;
                }
                _ => return Err(invalid("Known parameters are 'target', 'state', 'after' and 'limit'.").into()),
            }
        }
        Ok(Self(query))
    }
}

const DELIVERY: Schema = Schema::Integer { minimum: 0 };
const TARGET: Property = Property::new("target", Schema::Text, "Id of a target.");
pub(super) static REPLAY_ONE: Object = Object {
    name: "ReplayRequest",
    description: "The deliveries to send once more: `delivery`, or `deliveries`, or `target` with `deadLetters`, or `target` with `from` and `to`.",
    required: &["delivery"],
    properties: &[Property::new("delivery", DELIVERY, "Id of a delivery.").example(|| json!(1))],
    open: false,
};
pub(super) static REPLAY_MANY: Object = Object {
    required: &["deliveries"],
    properties: &[Property::new("deliveries", Schema::List { items: &DELIVERY }, "Ids of at most 1000 deliveries.")],
    ..REPLAY_ONE
};
pub(super) static REPLAY_DEAD_LETTERS: Object = Object {
    required: &["target", "deadLetters"],
    properties: &[
        TARGET,
        Property::new("deadLetters", Schema::True, "`true`: everything that was given up for the target."),
    ],
    ..REPLAY_ONE
};
pub(super) static REPLAY_RANGE: Object = Object {
    required: &["target", "from", "to"],
    properties: &[
        TARGET,
        Property::new(
            "from",
            Schema::Matching(Pattern::Date),
            "Everything that the target gets and that happened at this time or later, ISO 8601.",
        ),
        Property::new("to", Schema::Matching(Pattern::Date), "And before this time, ISO 8601."),
        Property::new(
            "triggers",
            Schema::List { items: &Schema::Text },
            "Only events that one of these triggers means.",
        )
        .absence("Without it, all events."),
    ],
    ..REPLAY_ONE
};

/// The selection of deliveries to send again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayRequest(pub(crate) Replay);

impl ReplayRequest {
    /// Parses a body with `delivery`, `deliveries`, `target` and `deadLetters`, or `target`, `from`, `to` and
    /// `triggers`.
    ///
    /// # Errors
    /// `error.delivery.invalidReplay`, `error.delivery.invalidTrigger`, `error.delivery.targetNotFound`.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        let Value::Object(members) = body else { return Err(invalid(FORMS)) };
        if members.contains_key("delivery") && REPLAY_ONE.knows_all(members) {
            return Ok(Self(Replay::One(delivery(&members["delivery"])?)));
        }
        if let Some(Value::Array(items)) = members.get("deliveries")
            && REPLAY_MANY.knows_all(members)
        {
            if items.is_empty() || items.len() > MAXIMUM_DELIVERIES as usize {
                return Err(invalid(&format!("'deliveries' must hold 1 to {MAXIMUM_DELIVERIES} ids.")));
            }
            return Ok(Self(Replay::Many(items.iter().map(delivery).collect::<Result<_, _>>()?)));
        }
        if members.contains_key("deadLetters") && REPLAY_DEAD_LETTERS.knows_all(members) {
            if members["deadLetters"] != Value::Bool(true) {
                return Err(invalid("'deadLetters' must be true."));
            }
            return Ok(Self(Replay::DeadLetters { subscriber: target(members)? }));
        }
        if members.contains_key("from") && REPLAY_RANGE.knows_all(members) {
            let (from, to) = (date(members, "from")?, date(members, "to")?);
            if from >= to {
                return Err(invalid("'from' must be before 'to'."));
            }
            return Ok(Self(Replay::Range { subscriber: target(members)?, from, to, triggers: triggers(members)? }));
        }
        Err(invalid(FORMS))
    }
}

const FORMS: &str = "The body must be one of {\"delivery\": id}, {\"deliveries\": [id, …]}, {\"target\": id, \"deadLetters\": true} \
     and {\"target\": id, \"from\": date, \"to\": date, \"triggers\": [trigger, …]}, the last without triggers for all.";

fn invalid(message: &str) -> ApplicationError {
    ApplicationError::from(RuntimeError::DeliveryInvalidReplay(message.to_owned()))
}

fn delivery(value: &Value) -> Result<i64, ApplicationError> {
    value.as_i64().filter(|id| *id >= 0).ok_or_else(|| invalid("The id of a delivery is a whole number."))
}

fn target(members: &Map<String, Value>) -> Result<String, ApplicationError> {
    let id =
        members.get("target").and_then(Value::as_str).ok_or_else(|| invalid("'target' must be the id of a target."))?;
    Ok(subscriber_of(id).ok_or(RuntimeError::DeliveryTargetNotFound)?)
}

fn date(members: &Map<String, Value>, name: &str) -> Result<Timestamp, ApplicationError> {
    let date = members.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
    date.ok_or_else(|| invalid(&format!("'{name}' must be an ISO 8601 date-time such as '2026-01-01T00:00:00.000Z'.")))
}

fn triggers(members: &Map<String, Value>) -> Result<Option<Vec<String>>, ApplicationError> {
    let Some(value) = members.get("triggers") else { return Ok(None) };
    let triggers: Option<Vec<String>> =
        value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
    let triggers = triggers.filter(|triggers| !triggers.is_empty());
    let triggers = triggers.ok_or_else(|| invalid("'triggers' must be a list of texts."))?;
    check_triggers(&triggers)?;
    Ok(Some(triggers))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn ids_of_targets_need_no_escaping_and_lead_back(subscriber in "\\PC{0,40}|[a-z/]{1,20}") {
            let id = target_id(&subscriber);
            prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)), "{id}");
            prop_assert_eq!(subscriber_of(&id), Some(subscriber));
        }

        #[test]
        fn nothing_else_is_an_id(id in "\\PC{0,20}|[a-z.~0-9]{1,8}") {
            if let Some(subscriber) = subscriber_of(&id) {
                prop_assert_eq!(target_id(&subscriber), id);
            }
        }
    }

    #[test]
    fn ids_of_targets_can_be_read() {
        assert_eq!(target_id("webhooks/target/crm"), "webhooks.target.crm");
        assert_eq!(target_id("a.b c"), "a~2eb~20c");
    }

    fn replay(body: Value) -> Result<Replay, String> {
        ReplayRequest::parse(&body).map(|request| request.0).map_err(|error| error.code().to_owned())
    }

    #[test]
    fn each_form_of_a_replay() {
        let subscriber = || "webhooks/target/crm".to_owned();
        assert_eq!(replay(json!({"delivery": 5})), Ok(Replay::One(5)));
        assert_eq!(replay(json!({"deliveries": [5, 6]})), Ok(Replay::Many(vec![5, 6])));
        let dead = json!({"target": "webhooks.target.crm", "deadLetters": true});
        assert_eq!(replay(dead), Ok(Replay::DeadLetters { subscriber: subscriber() }));
        let range = json!({"target": "webhooks.target.crm", "from": "2026-01-01T00:00:00.000Z", "to": "2026-01-02T00:00:00.000Z", "triggers": ["transport.*"]});
        assert_eq!(
            replay(range),
            Ok(Replay::Range {
                subscriber: subscriber(),
                from: "2026-01-01T00:00:00.000Z".parse().unwrap(),
                to: "2026-01-02T00:00:00.000Z".parse().unwrap(),
                triggers: Some(vec!["transport.*".to_owned()]),
            })
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let target = "webhooks.target.crm";
        let (from, to) = ("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z");
        for body in [
            Value::Null,
            json!([]),
            json!({}),
            json!({"delivery": "5"}),
            json!({"delivery": 1.5}),
            json!({"delivery": 5, "deliveries": [6]}),
            json!({"deliveries": []}),
            json!({"deliveries": vec![1; 1001]}),
            json!({"target": target}),
            json!({"target": target, "deadLetters": false}),
            json!({"target": 5, "deadLetters": true}),
            json!({"target": target, "from": from}),
            json!({"target": target, "from": to, "to": from}),
            json!({"target": target, "from": "yesterday", "to": to}),
            json!({"target": target, "from": from, "to": to, "triggers": []}),
            json!({"target": target, "from": from, "to": to, "trigger": "**"}),
        ] {
            assert_eq!(replay(body.clone()), Err("error.delivery.invalidReplay".to_owned()), "{body}");
        }
        let trigger = json!({"target": target, "from": from, "to": to, "triggers": ["a b"]});
        assert_eq!(replay(trigger), Err("error.delivery.invalidTrigger".to_owned()));
    }

    #[test]
    fn lists_are_asked_for_by_target_state_and_place() {
        let parse = |query: &[(&str, &str)]| {
            let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            ListDeliveriesRequest::parse(&query).map(|request| request.0)
        };
        assert_eq!(parse(&[]).unwrap(), DeliveryQuery::default());
        let query = parse(&[("target", "a.b"), ("state", "dead"), ("after", "7"), ("limit", "1000")]).unwrap();
        let expected = DeliveryQuery {
            subscriber: Some("a/b".to_owned()),
            state: Some(DeliveryState::Dead),
            after: Some(7),
            limit: 1000,
        };
        assert_eq!(query, expected);
        for (name, value) in [("target", "a.b"), ("state", "dead"), ("after", "7"), ("limit", "1")] {
            let error = parse(&[(name, value), (name, value)]).unwrap_err();
            assert_eq!(error.code(), "error.delivery.invalidQuery", "{name}");
        }
        for (name, value) in [
            ("target", "~"),
            ("target", ""),
            ("state", "Dead"),
            ("after", "-1"),
            ("limit", "0"),
            ("limit", "1001"),
            ("x", ""),
        ] {
            assert_eq!(parse(&[(name, value)]).unwrap_err().code(), "error.delivery.invalidQuery", "{name}={value}");
        }
    }

    #[test]
    fn triggers_are_names_of_events_with_wildcards() {
        for (trigger, is_valid) in [
            ("transport.messageReceived", true),
            ("**", true),
            ("*.messageReceived", true),
            ("", false),
            ("a..b", false),
            ("transport.message*", false),
            ("a b", false),
        ] {
            assert_eq!(check_triggers([&trigger.to_owned()]).is_ok(), is_valid, "{trigger}");
        }
        assert!(check_triggers(&vec!["a".to_owned(); 101]).is_err());
        assert!(check_triggers([&"a".repeat(201)]).is_err());
    }
}
