//! The decider: incoming Requests are decided by configuration, as far as it goes (`docs/protocol/05 §10`).

pub mod config;

mod matching;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;

use content::{Request, RequestEntry, RequestItem};
use core_types::{MessageId, RelationshipTemplateId};
use rand::CryptoRng;
use serde_json::{Map, Value};

use crate::documents::{LocalRequest, RequestSourceType};
use crate::requests::parameters::{DecideParameters, EntryParameters, ItemParameters};
use crate::requests::{decide, incoming};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts, Need, ProcessingResult};

use config::{Automation, AutomationEntry};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The word of the configuration on a Request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// People have to decide it.
    Manual,
    /// It is decided like that: accepted if an item is.
    Automatic {
        /// The decision.
        parameters: DecideParameters,
        /// The Request is accepted, not rejected.
        is_accepted: bool,
    },
}

/// The needs of [`verdict`]. Those of [`process`] are the ones [`decide::needs`] has for the parameters of the verdict.
#[must_use]
pub fn needs(request: &LocalRequest) -> Vec<Need> {
    vec![Need::Relationship(request.peer.clone())]
}

/// Asks the configuration. Authentications and consents are for people alone. Each item takes the first entry that fits it; if one is
/// left without, people decide.
///
/// # Errors
/// Of the stored content; one without a code if the configuration compares what cannot be compared. Such a Request stays undecided.
pub fn verdict(request: &LocalRequest, automation: &Automation, facts: &Facts) -> Result<Verdict> {
    let object = request.checked_content(&facts.reader())?;
    let content = Request::of(&object);
    let items = content.as_ref().map(Request::items).unwrap_or_default();
    if items.iter().any(is_for_people) {
        return Ok(Verdict::Manual);
    }
    let shown = shown(request)?;
    let exists = facts.relationship(&request.peer).is_some();
    let mut decisions: Vec<Decision<'_>> = items.iter().map(Decision::undecided).collect();
    for entry in automation.entries() {
        if !matching::fits_request(entry, &shown, exists)? {
            continue;
        }
        for (item, decision) in items.iter().zip(&mut decisions) {
            decision.take(item, entry)?;
        }
        if decisions.iter().all(Decision::is_made) {
            return Ok(made(&decisions));
        }
    }
    Ok(Verdict::Manual)
}

fn is_for_people(entry: &RequestEntry<'_>) -> bool {
    match entry {
        RequestEntry::Item(item) => matches!(item, RequestItem::Authentication(_) | RequestItem::Consent(_)),
        RequestEntry::Group(group) => group.items().iter().any(is_for_people),
        RequestEntry::Other(_) => false,
    }
}

/// The Request as the API shows it: that is what conditions are about.
fn shown(request: &LocalRequest) -> Result<Value> {
    let unreadable = |_| ConsumptionError::Invalid(format!("the Request '{}' cannot be shown", request.id));
    let mut shown = serde_json::to_value(request).map_err(unreadable)?;
    if let Some(members) = shown.as_object_mut() {
        members.shift_remove("@type");
        members.shift_remove("statusLog");
    }
    if let Some(content) = shown.get_mut("content").and_then(Value::as_object_mut) {
        content.insert("@type".to_owned(), Value::from(Request::TYPE));
    }
    Ok(shown)
}

/// The decision about an item or a group so far.
enum Decision<'a> {
    Item(Option<&'a Map<String, Value>>),
    Group(Vec<Option<&'a Map<String, Value>>>),
}

impl<'a> Decision<'a> {
    fn undecided(entry: &RequestEntry<'_>) -> Self {
        match entry {
            RequestEntry::Group(group) => Self::Group(vec![None; group.items().len()]),
            RequestEntry::Item(_) | RequestEntry::Other(_) => Self::Item(None),
        }
    }

    fn take(&mut self, entry: &RequestEntry<'_>, by: &'a AutomationEntry) -> Result<()> {
        match (self, entry) {
            (Self::Item(decision), RequestEntry::Item(item)) => take(decision, item, by),
            (Self::Group(decisions), RequestEntry::Group(group)) => {
                for (decision, inner) in decisions.iter_mut().zip(group.items()) {
                    if let RequestEntry::Item(item) = inner {
                        take(decision, item, by)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn all(&self) -> &[Option<&'a Map<String, Value>>] {
        match self {
            Self::Item(decision) => std::slice::from_ref(decision),
            Self::Group(decisions) => decisions,
        }
    }

    fn is_made(&self) -> bool {
        self.all().iter().all(Option::is_some)
    }

    fn parameters(&self) -> EntryParameters {
        let item =
            |decision: &Option<&Map<String, Value>>| ItemParameters::of(decision.map(Clone::clone).unwrap_or_default());
        match self {
            Self::Item(decision) => EntryParameters::item(item(decision)),
            Self::Group(decisions) => EntryParameters::group(decisions.iter().map(item).collect()),
        }
    }
}

fn take<'a>(
    decision: &mut Option<&'a Map<String, Value>>,
    item: &RequestItem<'_>,
    by: &'a AutomationEntry,
) -> Result<()> {
    if decision.is_none() && matching::fits_item(by, item)? {
        *decision = Some(by.response());
    }
    Ok(())
}

fn made(decisions: &[Decision<'_>]) -> Verdict {
    let accept = |decision: &Option<&Map<String, Value>>| {
        decision.is_some_and(|members| members.get("accept") == Some(&Value::Bool(true)))
    };
    let is_accepted = decisions.iter().flat_map(Decision::all).any(accept);
    let parameters = DecideParameters::by_automation(decisions.iter().map(Decision::parameters).collect());
    Verdict::Automatic { parameters, is_accepted }
}

/// The outcome of a Request.
#[derive(Debug)]
pub struct Processed {
    /// The changes to write.
    pub changes: Changes,
    /// The reason for which the configuration could not be followed, for the operator of the Connector.
    pub refusal: Option<ConsumptionError>,
}

/// Does what the configuration says. A Request that cannot be decided like that is left to people.
///
/// # Errors
/// If the Request has no source.
pub fn process(request: &LocalRequest, verdict: &Verdict, rng: &mut dyn CryptoRng, facts: &Facts) -> Result<Processed> {
    let decided = match verdict {
        Verdict::Manual => Err(None),
        Verdict::Automatic { parameters, is_accepted } => {
            decided(request, parameters, *is_accepted, rng, facts).map_err(Some)
        }
    };
    let (mut changes, result, refusal) = match decided {
        Ok(changes) => (changes, ProcessingResult::RequestAutomaticallyDecided, None),
        Err(refusal) => match incoming::require_manual_decision(request, facts) {
            Ok(changes) => (changes, ProcessingResult::ManualRequestDecisionRequired, refusal),
            Err(error) => (Changes::none(), ProcessingResult::Error, refusal.or(Some(error))),
        },
    };
    changes.publish(event(request, result)?);
    Ok(Processed { changes, refusal })
}

fn decided(
    request: &LocalRequest,
    parameters: &DecideParameters,
    is_accepted: bool,
    rng: &mut dyn CryptoRng,
    facts: &Facts,
) -> Result<Changes> {
    if is_accepted {
        decide::can_accept(request, parameters, facts)?.into_result()?;
        decide::accept(request, parameters, rng, facts)
    } else {
        decide::can_reject(request, parameters, facts)?.into_result()?;
        decide::reject(request, parameters, rng, facts)
    }
}

fn event(request: &LocalRequest, result: ProcessingResult) -> Result<ConsumptionEvent> {
    let source = request.source.as_ref();
    let source = source.ok_or_else(|| ConsumptionError::Invalid(format!("nobody has sent '{}'", request.id)))?;
    let reference = source.reference.as_str();
    Ok(match source.source_type {
        RequestSourceType::Message => {
            ConsumptionEvent::MessageProcessed { message_id: MessageId::new(reference), result }
        }
        RequestSourceType::RelationshipTemplate => ConsumptionEvent::RelationshipTemplateProcessed {
            template_id: RelationshipTemplateId::new(reference),
            result,
            request_id: (result != ProcessingResult::Error).then(|| request.id.clone()),
            relationship_id: None,
        },
    })
}
