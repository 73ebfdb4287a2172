//! Properties of any Request and any decision.

use proptest::prelude::*;

use super::super::decide::{accept, can_accept, can_reject, reject};
use super::exchange::{agree, conclude, receive, turned, write};
use super::*;

/// An item that is created by one side without regard to what the other has, and how it is accepted.
fn item_and_answer() -> impl Strategy<Value = (Value, Value)> {
    let name = prop::sample::select(vec!["Ann", "Bea", " Ann "]);
    let key = prop::sample::select(vec!["k", "l"]);
    let tags = prop::sample::select(vec![vec![], vec!["x:a"], vec!["x:a", "x:b"]]);
    let yes = || json!({"accept": true});
    let create = |attribute: Value| item("CreateAttribute", json!({ "attribute": attribute }));
    let query = || json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName"});
    prop_oneof![
        Just((authentication(), yes())),
        (name.clone(), tags.clone()).prop_map(move |(name, tags)| (create(tagged("", name, &tags)), yes())),
        (key, prop::sample::select(vec!["", ME, PEER]))
            .prop_map(move |(key, owner)| (create(proprietary(owner, key, "v")), yes())),
        (name.clone(), tags).prop_map(move |(name, tags)| {
            let read = item("ReadAttribute", json!({"query": query()}));
            (read, json!({"accept": true, "newAttribute": tagged("", name, &tags)}))
        }),
        name.prop_map(move |name| {
            let proposed = json!({"query": query(), "attribute": given_name("", name)});
            (item("ProposeAttribute", proposed), json!({"accept": true, "attribute": given_name("", name)}))
        }),
    ]
}

/// Entries with an answer to each: the item or group, and the decision about it. One in four items is rejected.
fn entries() -> impl Strategy<Value = Vec<(Value, Value)>> {
    let one = || {
        (item_and_answer(), 0..4u8)
            .prop_map(|((item, answer), chance)| (item, if chance == 0 { json!({"accept": false}) } else { answer }))
    };
    let grouped = prop::collection::vec(one(), 1..3).prop_map(|pairs| {
        let (items, answers): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        (group(json!(items)), json!({ "items": answers }))
    });
    prop::collection::vec(prop_oneof![3 => one(), 1 => grouped], 1..4)
}

/// Asks and answers if that can be done; whether it was.
fn exchange_if_possible(asking: &mut World, answering: &mut World, pairs: Vec<(Value, Value)>, round: usize) -> bool {
    use super::super::outgoing::{NewRequest, SentMessage, can_create, create, sent};
    let (items, answers): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let content = content(json!(items));
    let facts = asking.everything();
    if can_create(&content, Some(&PEER.into()), &facts).unwrap().is_error() {
        return false;
    }
    let id = format!("REQ{round:017}");
    let new = NewRequest { id: id.as_str().into(), content: &content, recipient: PEER.into() };
    write(asking, &create(new, &facts).unwrap());
    let draft = asking.requests.last().unwrap().clone();
    let message = SentMessage { id: "MSG1".into(), created_by: ME.into() };
    write(asking, &sent(&draft, message, &asking.everything()).unwrap());
    let mut travelling = draft.content;
    travelling["@type"] = json!("Request");
    let request = receive(answering, &turned(&travelling));
    let parameters = decision(json!(answers));
    let facts = answering.everything();
    let possible = can_accept(&request, &parameters, &facts);
    if !possible.is_ok_and(|result| !result.is_error()) {
        return false;
    }
    let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(round as u64);
    let Ok(accepted) = accept(&request, &parameters, &mut rng, &facts) else { return false };
    write(answering, &accepted);
    let mut response = written_request(&accepted).response.clone().unwrap().content;
    response["@type"] = json!("Response");
    conclude(asking, &id, &turned(&response));
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn both_sides_agree_whatever_they_exchange(rounds in prop::collection::vec((any::<bool>(), entries()), 1..6)) {
        let (mut one, mut other) = (active(World::default()), active(World::default()));
        for (round, (is_turned, pairs)) in rounds.into_iter().enumerate() {
            let (asking, answering) = if is_turned { (&mut other, &mut one) } else { (&mut one, &mut other) };
            exchange_if_possible(asking, answering, pairs, round);
            prop_assert_eq!(agree(&one, &other), Ok(()));
            prop_assert_eq!(agree(&other, &one), Ok(()));
            for world in [&one, &other] {
                for request in &world.requests {
                    let is_answered = matches!(request.status, LocalRequestStatus::Decided | LocalRequestStatus::Completed);
                    prop_assert_eq!(request.response.is_some(), is_answered);
                }
                let mut live: Vec<_> = world.forwardings.iter().filter(|details| details.is_live()).map(|details| (&details.attribute_id, &details.peer)).collect();
                let before = live.len();
                live.sort();
                live.dedup();
                prop_assert_eq!(live.len(), before, "one live entry for an attribute and a peer");
            }
        }
    }
}

/// An answer of any shape to an entry.
fn any_answer() -> impl Strategy<Value = Value> {
    let accept = || {
        prop_oneof![
            Just(json!({"accept": true})),
            Just(json!({"accept": false})),
            Just(json!({})),
            Just(json!({"accept": "yes", "code": "c"})),
        ]
    };
    prop_oneof![
        3 => accept(),
        1 => prop::collection::vec(accept(), 0..3).prop_map(|items| json!({ "items": items })),
        1 => prop::collection::vec(accept(), 0..3).prop_map(|items| json!({ "items": items, "accept": true })),
    ]
}

fn any_entry() -> impl Strategy<Value = Value> {
    let one = || any::<bool>().prop_map(|needed| if needed { must(authentication()) } else { authentication() });
    let form = item("FormField", json!({"title": "T", "settings": {"@type": "BooleanFormFieldSettings"}}));
    prop_oneof![
        3 => one(),
        1 => Just(form),
        1 => prop::collection::vec(one(), 1..3).prop_map(|items| group(json!(items))),
    ]
}

/// Every part that is wrong makes what it belongs to wrong, and nothing else does.
fn is_consistent(result: &ValidationResult) -> bool {
    let inherited = result.as_error() == Some(&ConsumptionError::InheritedFromItem);
    let parts = result.items();
    inherited == parts.iter().any(ValidationResult::is_error)
        && (parts.is_empty() || inherited == result.is_error())
        && parts.iter().all(is_consistent)
}

proptest! {
    #[test]
    fn a_result_tells_where_a_decision_is_wrong_and_a_right_one_can_be_made(
        items in prop::collection::vec(any_entry(), 1..4),
        answers in prop::collection::vec(any_answer(), 1..4),
    ) {
        let request = incoming_request(json!(items), LocalRequestStatus::DecisionRequired);
        let parameters = decision(json!(answers));
        let facts = active(World::default()).everything();
        let checks = [
            (can_accept(&request, &parameters, &facts).unwrap(), accept(&request, &parameters, &mut random(), &facts)),
            (can_reject(&request, &parameters, &facts).unwrap(), reject(&request, &parameters, &mut random(), &facts)),
        ];
        for (result, decided) in checks {
            prop_assert!(is_consistent(&result), "{:?}", result);
            prop_assert_eq!(result.is_error(), decided.is_err());
            if items.len() != answers.len() {
                prop_assert_eq!(codes(&result), "decide.validation.invalidNumberOfItems");
                continue;
            }
            prop_assert_eq!(result.items().len(), items.len());
            let Ok(changes) = decided else { continue };
            let response = written_request(&changes).response.clone().unwrap().content;
            for (index, entry) in items.iter().enumerate() {
                let count = |value: &Value| value["items"].as_array().map(Vec::len);
                prop_assert_eq!(count(&response["items"][index]), count(entry));
                let must_be_accepted = entry["mustBeAccepted"] == true && response["result"] == "Accepted";
                let is_accepted = response["items"][index]["result"] == "Accepted";
                prop_assert!(is_accepted || !must_be_accepted);
            }
        }
    }
}
