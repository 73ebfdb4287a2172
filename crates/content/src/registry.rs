//! Finding type descriptions.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::description::{Category, TypeDescription};
use crate::types::TABLES;
use crate::version::Profile;

static BY_NAME: LazyLock<HashMap<&'static str, &'static TypeDescription>> =
    LazyLock::new(|| all().map(|description| (description.name, description)).collect());

/// Every declared type, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static TypeDescription> {
    TABLES.iter().copied().flatten().copied()
}

/// The types of a category that `profile` knows, in alphabetical order.
pub fn in_category(category: Category, profile: Profile) -> impl Iterator<Item = &'static TypeDescription> {
    all().filter(move |description| description.category == category && description.is_known_to(profile))
}

/// The type a position declares, whether or not it can be named in `@type`.
#[must_use]
pub fn declared(name: &str) -> Option<&'static TypeDescription> {
    BY_NAME.get(name).copied()
}

/// The type an `@type` names, as far as `profile` knows it.
#[must_use]
pub fn named(name: &str, profile: Profile) -> Option<&'static TypeDescription> {
    declared(name).filter(|description| !description.is_abstract && description.is_known_to(profile))
}

/// Returns whether the type may stand where `base` is declared.
#[must_use]
pub fn is_a(description: &TypeDescription, base: &str) -> bool {
    description.name == base || description.base.and_then(declared).is_some_and(|description| is_a(description, base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Choice, Item, Kind};

    #[test]
    fn every_name_is_declared_once_and_every_name_used_is_declared() {
        assert_eq!(all().count(), BY_NAME.len());
        for description in all() {
            let mut names: Vec<&str> = description.base.into_iter().collect();
            for property in description.properties {
                match property.kind {
                    Kind::Child(name) | Kind::Component(name) | Kind::PropertyHints(name) => names.push(name),
                    Kind::OneOf(Choice::Types(types)) => names.extend(types),
                    Kind::List(list) => names.extend(match list.item {
                        Item::Child(name) => Some(name),
                        _ => None,
                    }),
                    _ => {}
                }
                names.retain(|name| declared(name).is_none());
                assert_eq!(names, [""; 0], "unknown names in {}.{}", description.name, property.name);
                if let Some(twin) = property.twin {
                    assert!(
                        description
                            .properties
                            .iter()
                            .any(|other| other.name == twin && other.twin == Some(property.name))
                    );
                }
            }
        }
    }

    #[test]
    fn releases_decide_what_is_known() {
        assert!(named("BankAccount", Profile::V7_0).is_none());
        assert!(named("BankAccount", Profile::Compatible).is_some() && named("BankAccount", Profile::Newest).is_some());
        assert!(named("NotificationItem", Profile::Compatible).is_none());
        assert_eq!(in_category(Category::IdentityValue, Profile::V7_0).count(), 25);
        assert_eq!(in_category(Category::RelationshipValue, Profile::Newest).count(), 14);
    }
}
