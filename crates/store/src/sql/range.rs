//! Ranges of texts, found through an index.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Filter;
use crate::index::{ODD, index_value};

/// The permitted values at an indexed path, in the order of index entries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    /// The least entry, and whether it belongs to the range.
    pub(crate) least: Option<(String, bool)>,
    /// The greatest entry, and whether it belongs to the range.
    pub(crate) greatest: Option<(String, bool)>,
}

/// The ranges that filters which must all hold put around texts, by path.
///
/// A document whose path holds several values may pass with one value above and another below the range. The index
/// marks these documents ([`ODD`]): a user of a range has to check them too, and the filters themselves in any case.
pub(crate) fn ranges<'f>(filters: &[&'f Filter]) -> BTreeMap<&'f str, Range> {
    let mut ranges = BTreeMap::<&str, Range>::new();
    for filter in filters {
        let (path, operand, is_least, included) = match filter {
            Filter::Gt(path, operand) => (path, operand, true, false),
            Filter::Gte(path, operand) => (path, operand, true, true),
            Filter::Lt(path, operand) => (path, operand, false, false),
            Filter::Lte(path, operand) => (path, operand, false, true),
            _ => continue,
        };
        let Some(entry) = Some(operand).filter(|operand| operand.is_string()).and_then(index_value) else { continue };
        let range = ranges.entry(path.as_str()).or_default();
        let side = if is_least { &mut range.least } else { &mut range.greatest };
        let is_closer = side.as_ref().is_none_or(|(known, known_included)| match entry.cmp(known) {
            std::cmp::Ordering::Equal => *known_included && !included,
            order => (order == std::cmp::Ordering::Greater) == is_least,
        });
        if is_closer {
            *side = Some((entry, included));
        }
    }
    ranges
}

impl Range {
    /// A condition on `index_entry AS e` for the entries in the range; `bind` adds a parameter.
    pub(crate) fn condition(&self, mut bind: impl FnMut(&str) -> String) -> String {
        let (least, least_included) = self.least.clone().unwrap_or_else(|| (first_text(), true));
        let (greatest, greatest_included) = self.greatest.clone().unwrap_or_else(|| (after_texts(), false));
        let (least, greatest) = (bind(&least), bind(&greatest));
        let (above, below) = (if least_included { ">=" } else { ">" }, if greatest_included { "<=" } else { "<" });
        format!("e.value {above} {least} AND e.value {below} {greatest}")
    }
}

/// A condition on `index_entry AS e` for the documents that no range covers.
pub(crate) fn odd_condition(mut bind: impl FnMut(&str) -> String) -> String {
    format!("e.value = {}", bind(ODD))
}

/// The entry of the least text.
fn first_text() -> String {
    index_value(&Value::from("")).unwrap_or_default()
}

/// The bound above the entries of all texts: they share their first letter.
fn after_texts() -> String {
    first_text().chars().filter_map(|letter| char::from_u32(u32::from(letter) + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(side: Option<&(String, bool)>) -> Option<(&str, bool)> {
        side.map(|(text, included)| (text.as_str(), *included))
    }

    #[test]
    fn the_closest_limits_count() {
        let filters = [
            Filter::Gte("at".to_owned(), "b".into()),
            Filter::Gt("at".to_owned(), "b".into()),
            Filter::Gte("at".to_owned(), "a".into()),
            Filter::Lt("at".to_owned(), "x".into()),
            Filter::Lte("at".to_owned(), "y".into()),
            Filter::Lt("size".to_owned(), 5.into()),
            Filter::Eq("at".to_owned(), "c".into()),
        ];
        let ranges = ranges(&filters.iter().collect::<Vec<_>>());
        assert_eq!(ranges.keys().copied().collect::<Vec<_>>(), ["at"]);
        let range = ranges.get("at");
        assert_eq!(range.and_then(|range| texts(range.least.as_ref())), Some(("sb", false)));
        assert_eq!(range.and_then(|range| texts(range.greatest.as_ref())), Some(("sx", false)));
    }

    #[test]
    fn open_ends_stay_among_texts() {
        let mut bound = Vec::new();
        let sql = Range::default().condition(|value| {
            bound.push(value.to_owned());
            format!("${}", bound.len())
        });
        assert_eq!(sql, "e.value >= $1 AND e.value < $2");
        assert_eq!(bound, ["s", "t"]);
    }
}
