//! Every error of `docs/protocol/02 §4.1`, in the situation that the table there names. An error that is added to the
//! table makes these tests fail until it is shown here.

mod account;
mod messages;
mod objects;
mod relationships;

use std::collections::BTreeSet;

use crate::support::TestBackbone;

/// The demonstration of an error.
pub(crate) enum Shown {
    /// The code that the situation caused.
    Code(String),
    /// The reason why the situation cannot arise here.
    CannotArise(&'static str),
}

impl<T: std::fmt::Debug> From<transport::Result<T>> for Shown {
    fn from(result: transport::Result<T>) -> Self {
        Self::Code(result.unwrap_err().code().to_owned())
    }
}

async fn shown(code: &str, backbone: &TestBackbone) -> Option<Shown> {
    let name = code.strip_prefix("error.transport.")?;
    let (area, name) = name.split_once('.').unwrap_or(("", name));
    // Each holds the states of all its situations: too much for the stack.
    match area {
        "relationships" => Box::pin(relationships::shown(name, backbone)).await,
        "messages" => Box::pin(messages::shown(name, backbone)).await,
        "files" | "tokens" | "devices" | "challenges" | "backboneNotifications" => {
            Box::pin(objects::shown(area, name, backbone)).await
        }
        _ => Box::pin(account::shown(area, name, backbone)).await,
    }
}

/// The codes of the table; a code that begins with `…` shares its prefix with the previous one.
fn documented() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol/02-transport.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, table) = text.split_once("### 4.1").unwrap();
    let (table, _) = table.split_once("### 4.2").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut codes = BTreeSet::new();
    for row in rows {
        let mut beginning = String::new();
        for code in row.split('`').filter(|part| part.contains(char::is_alphabetic)) {
            if let Some(end) = code.strip_prefix('…') {
                codes.insert(format!("{beginning}{end}"));
            } else {
                beginning = code.rfind('.').map(|dot| code[..=dot].to_owned()).unwrap();
                codes.insert(code.to_owned());
            }
        }
    }
    codes
}

/// Shows all errors of the selected areas; others run at the same time.
async fn show(is_of_area: impl Fn(&str) -> bool) {
    let codes: Vec<_> = documented().into_iter().filter(|code| is_of_area(code)).collect();
    assert!(codes.len() > 4, "{codes:?}");
    for code in codes {
        let backbone = TestBackbone::start().await;
        let shown = shown(&code, &backbone).await;
        assert!(shown.is_some(), "nothing shows {code}");
        match shown.unwrap() {
            Shown::Code(brought_about) => assert_eq!(brought_about, code),
            Shown::CannotArise(reason) => assert!(!reason.is_empty(), "{code}"),
        }
    }
}

fn is_of_object(code: &str) -> bool {
    ["files", "tokens", "devices", "challenges", "backboneNotifications"]
        .iter()
        .any(|area| code.starts_with(&format!("error.transport.{area}.")))
}

#[test]
fn the_table_is_read() {
    let codes = documented();
    assert!(codes.len() >= 40, "{codes:?}");
    assert!(codes.contains("error.transport.general.platformClientIdNotSet"));
    assert!(codes.iter().all(|code| code.starts_with("error.transport.") && !code.contains('…')), "{codes:?}");
}

#[tokio::test]
async fn of_relationships() {
    show(|code| code.starts_with("error.transport.relationships.")).await;
}

#[tokio::test]
async fn of_messages() {
    show(|code| code.starts_with("error.transport.messages.")).await;
}

#[tokio::test]
async fn of_objects() {
    show(is_of_object).await;
}

#[tokio::test]
async fn of_everything_else() {
    let is_shown_above =
        |code: &str| is_of_object(code) || code.contains(".relationships.") || code.contains(".messages.");
    show(|code| !is_shown_above(code)).await;
}
