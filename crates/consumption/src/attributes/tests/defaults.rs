//! `docs/protocol/05 §2.4`.

use super::*;
use crate::attributes::create::{self, NewOwnIdentityAttribute};
use crate::attributes::succeed::{self, NewVersion};
use crate::attributes::{defaults, delete};

fn default(id: &str, value: &str) -> LocalAttribute {
    LocalAttribute { details: AttributeDetails::OwnIdentity { is_default: true }, ..own_identity(id, value) }
}

fn set(world: &World, id: &str) -> Result<Changes, ConsumptionError> {
    let attribute = world.get(id);
    world.run(&defaults::needs(attribute), |facts| defaults::set_as_default(attribute, facts))
}

#[test]
fn one_attribute_of_a_type_is_the_default() {
    let world = World::of([default("ATT1", "Ann"), own_identity("ATT2", "Bob")]).with_defaults();
    let changes = set(&world, "ATT2").unwrap();
    assert_eq!(writes(&changes), ["=ATT1", "=ATT2"]);
    assert!(!written_attribute(&changes, "ATT1").is_default() && written_attribute(&changes, "ATT2").is_default());
    assert!(set(&world, "ATT1").unwrap().is_empty());
}

#[test]
fn what_cannot_be_the_default() {
    let mut attributes = chain(vec![own_identity("ATT1", "Ann"), own_identity("ATT2", "Bob")]);
    attributes.push(peer_identity("ATT3", "Eve"));
    let world = World::of(attributes).with_defaults();
    assert_eq!(code(&set(&world, "ATT1")), "hasSuccessor");
    assert_eq!(code(&set(&world, "ATT3")), "isNotOwnIdentityAttribute");
    assert_eq!(code(&set(&world, "ATT2")), "ok");
    let off = World { settings: ConsumptionSettings::default(), ..world };
    assert_eq!(code(&set(&off, "ATT2")), "setDefaultOwnIdentityAttributesIsDisabled");
    let several =
        World::of([default("ATT1", "Ann"), default("ATT2", "Bob"), own_identity("ATT3", "Eve")]).with_defaults();
    assert_eq!(code(&set(&several, "ATT3")), "error.runtime.unknown");
}

#[test]
fn the_first_of_a_type_becomes_the_default_where_there_are_defaults() {
    let content = given_name(ME, "Ann");
    let surname = attribute(
        "ATT1",
        json!({"@type": "IdentityAttribute", "owner": ME, "value": {"@type": "Surname", "value": "Lee"}}),
        AttributeDetails::OwnIdentity { is_default: true },
    );
    for (world, expected) in [
        (World::of([surname.clone()]).with_defaults(), true),
        (World::of([own_identity("ATT1", "Bob")]).with_defaults(), true),
        (World::of([default("ATT1", "Bob")]).with_defaults(), false),
        (World::of([surname]), false),
    ] {
        let needs = create::needs(&"ATT2".into(), &content, world.settings);
        let created = world.run(&needs, |facts| {
            create::own_identity_attribute(NewOwnIdentityAttribute { id: "ATT2".into(), content: &content }, facts)
        });
        assert_eq!(written_attribute(&created.unwrap(), "ATT2").is_default(), expected);
    }
}

#[test]
fn the_flag_moves_with_succession_and_deletion() {
    let mut attributes = vec![default("ATT1", "Ann"), own_identity("ATT2", "Bob"), own_identity("ATT3", "Eve")];
    attributes[1].created_at = at(-10);
    attributes[2].created_at = at(-20);
    let world = World::of(attributes).with_defaults();
    let old = world.get("ATT1");
    let content = given_name(ME, "Anna");
    let needs = succeed::needs(old, &"ATT4".into(), &content);
    let new = || NewVersion { id: "ATT4".into(), content: &content };
    let changes = world.run(&needs, |facts| succeed::own_identity_attribute(old, new(), facts)).unwrap();
    assert!(written_attribute(&changes, "ATT4").is_default() && !written_attribute(&changes, "ATT1").is_default());

    let needs = delete::needs(old, world.settings);
    let changes = world.run(&needs, |facts| delete::with_predecessors(old, facts)).unwrap();
    assert_eq!(writes(&changes), ["=ATT2", "-ATT1"], "the one created last");
    assert!(written_attribute(&changes, "ATT2").is_default());
}
