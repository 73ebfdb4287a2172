//! Environment variables as a source: names become paths, values are JSON if they parse (`docs/protocol/07 §1.2`).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use settings::{Problem, Severity, closest, corrected};

use super::table::{self, ROOT};

/// Short names of individual keys.
const ALIASES: [(&str, &str); 6] = [
    ("DATABASE_NAME", "database:dbName"),
    ("DATABASE_CONNECTION_STRING", "database:connectionString"),
    ("SYNC_ENABLED", "modules:sync:enabled"),
    ("PLATFORM_CLIENT_ID", "transportLibrary:platformClientId"),
    ("PLATFORM_CLIENT_SECRET", "transportLibrary:platformClientSecret"),
    ("DEBUG", "debug"),
];

/// Longer names lead to no setting, but to values nested more deeply than anything reads.
const LONGEST_PATH: usize = 32;

/// The contribution of the environment.
#[derive(Default)]
pub(super) struct Environment {
    /// The variables as a configuration object.
    pub(super) layer: Value,
    /// By dotted path: the variable that set it, and its text before parsing as JSON.
    pub(super) origins: BTreeMap<String, Origin>,
    /// Variables that look like ours but have no effect.
    pub(super) notices: Vec<Problem>,
}

/// One variable.
pub(super) struct Origin {
    pub(super) variable: String,
    pub(super) text: String,
}

/// Turns variables into a configuration object.
pub(super) fn read(variables: &[(String, String)]) -> Environment {
    let mut entries: Vec<Entry<'_>> = variables.iter().filter_map(|(name, text)| Entry::new(name, text)).collect();
    // The operating system gives no order. Parents go before children, and an alias before the full name, so that the
    // more precise variable wins in any order.
    entries.sort_by(|a, b| (a.path.len(), !a.is_alias, a.variable).cmp(&(b.path.len(), !b.is_alias, b.variable)));

    let mut environment = Environment { layer: Value::Object(Map::new()), ..Environment::default() };
    for entry in entries {
        let value = serde_json::from_str(entry.text).unwrap_or_else(|_| Value::from(entry.text));
        let origin = Origin { variable: entry.variable.to_owned(), text: entry.text.to_owned() };
        environment.origins.insert(entry.path.join("."), origin);
        set(&mut environment.layer, &entry.path, value);
    }
    if variables.iter().any(|(name, _)| name == "API_KEY") {
        environment.notices.push(notice(
            "API_KEY",
            "has no effect",
            "set infrastructure__httpServer__authentication__apiKey__keys__<id>__key instead",
        ));
    }
    environment.notices.extend(variables.iter().filter_map(|(name, _)| meant_for_us(name)));
    environment
}

/// A variable that looks like one of ours, but does not begin with a key of the configuration in the correct spelling.
fn meant_for_us(name: &str) -> Option<Problem> {
    let path = name.replace("__", ":");
    let keys: Vec<&str> = path.split(':').collect();
    let is_path = (2..=LONGEST_PATH).contains(&keys.len()) && keys.iter().all(|key| !key.is_empty());
    let first = keys.first().filter(|key| is_path && !table::is_top_level(key))?;
    // `debug` has no keys below it, and is too short to be recognised.
    closest(first, ROOT.all().map(|setting| setting.key).filter(|key| *key != "debug"))?;
    let meant = corrected(&ROOT, &keys).join("__");
    Some(notice(name, "has no effect, because names count as they are written", &format!("did you mean {meant}?")))
}

fn notice(variable: &str, message: &str, fix: &str) -> Problem {
    let message = format!("The environment variable {variable} {message}");
    Problem { fix: Some(fix.to_owned()), ..Problem::general(Severity::Warning, message) }
}

/// Returns true if a variable of this name would be read.
pub(super) fn is_read(name: &str) -> bool {
    Entry::new(name, "").is_some()
}

struct Entry<'a> {
    variable: &'a str,
    text: &'a str,
    path: Vec<String>,
    is_alias: bool,
}

impl<'a> Entry<'a> {
    fn new(variable: &'a str, text: &'a str) -> Option<Self> {
        let alias = ALIASES.iter().find(|(name, _)| *name == variable).map(|(_, path)| *path);
        let name = alias.map_or_else(|| variable.replace("__", ":"), str::to_owned);
        let path: Vec<String> = name.split(':').map(str::to_owned).collect();
        let top = path.first()?.as_str();
        let is_ours =
            table::is_top_level(top) && path.iter().all(|segment| !segment.is_empty()) && path.len() <= LONGEST_PATH;
        is_ours.then_some(Self { variable, text, path, is_alias: alias.is_some() })
    }
}

fn set(target: &mut Value, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        *target = value;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(map) = target {
        set(map.entry(key.as_str()).or_insert(Value::Null), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{is_read, read};

    fn layer(variables: &[(&str, &str)]) -> Value {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&variables).layer
    }

    /// The table of `docs/protocol/07 §1.2`.
    #[test]
    fn values_are_json_where_they_parse() {
        let table = [
            ("true", json!(true)),
            ("false", json!(false)),
            ("null", json!(null)),
            ("5", json!(5)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("007", json!("007")),
            ("\"007\"", json!("007")),
            ("{\"key\":\"x\"}", json!({"key": "x"})),
            ("[\"a\"]", json!(["a"])),
            ("anything else", json!("anything else")),
            ("", json!("")),
        ];
        for (text, expected) in table {
            assert_eq!(layer(&[("logging", text)]), json!({"logging": expected}), "{text:?}");
        }
    }

    #[test]
    fn both_separators_make_paths() {
        let expected = json!({"modules": {"sync": {"enabled": true}}});
        assert_eq!(layer(&[("modules__sync__enabled", "true")]), expected);
        assert_eq!(layer(&[("modules:sync:enabled", "true")]), expected);
        assert_eq!(layer(&[("modules:sync__enabled", "true")]), expected);
    }

    #[test]
    fn numeric_segments_make_objects() {
        assert_eq!(
            layer(&[("modules__webhooks__webhooks__0__triggers", "[\"**\"]")]),
            json!({"modules": {"webhooks": {"webhooks": {"0": {"triggers": ["**"]}}}}})
        );
    }

    #[test]
    fn aliases_name_single_keys() {
        let all = layer(&[
            ("DATABASE_NAME", "acc"),
            ("DATABASE_CONNECTION_STRING", "sqlite://x"),
            ("SYNC_ENABLED", "true"),
            ("PLATFORM_CLIENT_ID", "id"),
            ("PLATFORM_CLIENT_SECRET", "secret"),
            ("DEBUG", "true"),
        ]);
        assert_eq!(
            all,
            json!({
                "debug": true,
                "database": {"dbName": "acc", "connectionString": "sqlite://x"},
                "modules": {"sync": {"enabled": true}},
                "transportLibrary": {"platformClientId": "id", "platformClientSecret": "secret"}
            })
        );
    }

    #[test]
    fn the_full_name_beats_the_alias_and_the_child_its_parent() {
        assert_eq!(
            layer(&[("database__dbName", "full"), ("DATABASE_NAME", "alias")]),
            json!({"database": {"dbName": "full"}})
        );
        assert_eq!(
            layer(&[("modules__sync__interval", "5"), ("modules__sync", "{\"enabled\":true}")]),
            json!({"modules": {"sync": {"enabled": true, "interval": 5}}})
        );
        assert_eq!(layer(&[("modules__sync", "false")]), json!({"modules": {"sync": false}}));
    }

    #[test]
    fn the_rest_of_the_process_environment_stays_out() {
        let foreign =
            [("PATH", "/bin"), ("AWS_SECRET_ACCESS_KEY", "x"), ("__CF_USER", "1"), ("_", "x"), ("Debug", "1")];
        assert_eq!(layer(&foreign), json!({}));
        assert_eq!(layer(&[("modules__", "1"), ("debug__", "1")]), json!({}));
        assert_eq!(layer(&[(&"modules__".repeat(50_000), "1"), (&"modules:x".repeat(50_000), "1")]), json!({}));
    }

    #[test]
    fn the_names_that_are_read_are_known() {
        for name in ["DEBUG", "debug", "DATABASE_NAME", "modules__sync__enabled", "modules:sync"] {
            assert!(is_read(name), "{name}");
        }
        for name in ["PATH", "RUST_LOG", "API_KEY", "", "__", "_"] {
            assert!(!is_read(name), "{name}");
        }
    }

    #[test]
    fn a_left_over_api_key_variable_is_noticed() {
        let environment = read(&[("API_KEY".to_owned(), "x".to_owned())]);
        assert_eq!(environment.layer, json!({}));
        assert_eq!(environment.notices.len(), 1);
        assert!(environment.notices.iter().all(|notice| notice.to_string().contains("API_KEY")));
    }

    #[test]
    fn variables_that_look_like_ours_are_noticed() {
        for (name, meant) in [
            ("MODULES__SYNC__ENABLED", Some("modules__sync__enabled")),
            ("Database:dbname", Some("database__dbName")),
            ("transportLibary__baseUrl", Some("transportLibrary__baseUrl")),
            (
                "INFRASTRUCTURE__HTTPSERVER__AUTHENTICATION__APIKEY__KEYS__crm__KEY",
                Some("infrastructure__httpServer__authentication__apiKey__keys__crm__key"),
            ),
            ("modules__sync__enabled", None),
            ("DATABASE", None),
            ("DEBUG", None),
            ("dbus__session", None),
            ("npm_config__x", None),
            ("__CF_USER", None),
        ] {
            let notices = read(&[(name.to_owned(), "secret".to_owned())]).notices;
            let texts: Vec<String> = notices.iter().map(ToString::to_string).collect();
            match meant {
                Some(meant) => {
                    assert!(texts.len() == 1 && texts.concat().contains(&format!("mean {meant}?")), "{texts:?}")
                }
                None => assert_eq!(texts, Vec::<String>::new(), "{name}"),
            }
            assert!(!texts.concat().contains("secret"));
        }
    }

    proptest! {
        #[test]
        fn any_environment_becomes_an_object(
            variables in prop::collection::vec(("(modules|database|debug|x)?[a-z_:]{0,12}", "\\PC{0,8}"), 0..8)
        ) {
            prop_assert!(read(&variables).layer.is_object());
        }
    }
}
