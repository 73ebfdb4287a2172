//! The keys about accepted certificates: authorities in addition to those of the machine, and pins.

use std::path::{Path, PathBuf};

use network::{Trust, read_authorities};
use serde_json::Value;
use settings::{Node, Problem, Severity, Wrong};

use super::pinning;
use super::sources::Surroundings;
use super::table::AUTHORITIES;

/// The contents of files and variables are only checked if there are surroundings.
pub(super) fn read(root: &Node<'_>, surroundings: Option<&Surroundings>) -> Trust {
    let pins = pinning::read(root).unwrap_or_default();
    let Some(surroundings) = surroundings else { return Trust::new(&pins, Vec::new()) };
    let environment = network::environment(|name| surroundings.variable(name));
    for problem in environment.problems {
        root.report().add(Problem::general(Severity::Error, problem));
    }
    environment.notices.into_iter().for_each(|notice| root.report().note(notice));
    let mut authorities = Vec::new();
    for file in root.member(AUTHORITIES).iter().flat_map(files) {
        match read_authorities(&surroundings.resolve(&file)) {
            Ok(read) => authorities.extend(read),
            Err(error) => {
                let message = format!("must name files with certificates in PEM form, but {error}");
                root.mistake_at(AUTHORITIES, Wrong::new(message));
            }
        }
    }
    Trust::new(&pins, authorities)
}

/// One path, or a list of them.
fn files(node: &Node<'_>) -> Vec<PathBuf> {
    let path = |value: &Value| value.as_str().filter(|path| !path.is_empty()).map(|path| Path::new(path).to_owned());
    match node.value() {
        Value::Array(list) => list.iter().filter_map(path).collect(),
        one => path(one).into_iter().collect(),
    }
}
