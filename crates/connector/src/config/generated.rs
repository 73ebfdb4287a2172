//! The checked-in files derived from the tables: the tables of the documentation and the schema for editors.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use brokers::{amqp, mqtt, nats, pubsub, redis};
use modules::message_broker_publisher::ONE_BROKER;
use modules::{ModuleDescription, webhooks};
use serde_json::Value;
use settings::markdown::{entries, insert, table};
use settings::{Entry, Kind, Section, Setting};

use super::catalogue::CATALOGUE;
use super::{ROOT, database};

/// Set this environment variable to rewrite the files.
const UPDATE: &str = "UPDATE_CONFIGURATION";

fn check(file: &str, current: impl FnOnce(&str) -> String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    let current = current(&checked_in);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, current).unwrap();
        return;
    }
    let mut lines = checked_in.lines().zip(current.lines());
    let first_difference = lines.position(|(checked_in, current)| checked_in != current);
    assert!(
        checked_in == current,
        "{file} is stale from line {:?} on. This writes it anew: {UPDATE}=1 cargo nextest run --workspace -E 'package(connector) & \
         test(config::generated)'",
        first_difference.map(|line| line + 1)
    );
}

#[test]
fn the_schema_is_the_checked_in_one() {
    check("config.schema.json", |_| crate::commands::config_check::schema());
}

#[test]
fn the_tables_of_the_documentation_are_those_of_the_program() {
    check("docs/configuration.md", |document| {
        tables()
            .into_iter()
            .fold(document.to_owned(), |document, (name, table)| insert(&document, name, &table).unwrap())
    });
}

fn tables() -> Vec<(&'static str, String)> {
    let module = |key: &str| {
        let module = CATALOGUE.iter().find(|module| module.key == key).unwrap();
        table(&Section::new(module.section.settings))
    };
    let of_server = |key: &str| match rest_api::HTTP_SERVER.find(key) {
        Some(Setting { kind: Kind::Section(section), .. }) => table(section),
        _ => String::new(),
    };
    vec![
        ("top level", table(&ROOT)),
        ("transportLibrary", table(&transport::SETTINGS)),
        ("database", table(&database::SETTINGS)),
        ("httpServer", table(&rest_api::HTTP_SERVER)),
        ("cors", of_server("cors")),
        ("helmetOptions", of_server("helmetOptions")),
        ("modules", modules()),
        ("coreHttpApi", module("coreHttpApi")),
        ("sync", module("sync")),
        ("sse", module("sse")),
        ("webhooks", module("webhooks")),
        ("target", table(&webhooks::TARGET)),
        ("delivery", table(&delivery::REQUEST_OPTIONS)),
        ("messageBrokerPublisher", module("messageBrokerPublisher")),
        ("broker", table(&Section::new(ONE_BROKER))),
        ("AMQP", table(&amqp::SETTINGS)),
        ("MQTT", table(&mqtt::SETTINGS)),
        ("Redis", table(&redis::SETTINGS)),
        ("PubSub", table(&pubsub::SETTINGS)),
        ("NATS", table(&nats::SETTINGS)),
    ]
}

fn modules() -> String {
    let entry = |module: &ModuleDescription| Entry {
        key: module.key,
        section: Section::new(module.section.settings),
        documentation: module.documentation,
    };
    let enabled = |key: &str| match CATALOGUE.iter().find(|module| module.key == key).unwrap().default {
        Some((true, _)) => "yes".to_owned(),
        _ => "no".to_owned(),
    };
    let known: Vec<Entry> = CATALOGUE.iter().map(entry).collect();
    entries(&known, enabled)
}

/// The defaults of the table are JSON, and comply with its own rules.
#[test]
fn the_defaults_are_valid() {
    let defaults = super::table::defaults();
    let report = settings::Report::default();
    let mut configured = defaults.clone();
    let section = configured["transportLibrary"].as_object_mut().unwrap();
    for key in ["baseUrl", "platformClientId", "platformClientSecret"] {
        section.insert(key.to_owned(), Value::from("https://backbone.example.com"));
    }
    let root = settings::Node::new(settings::Path::default(), &configured, &report);
    settings::check(&Kind::Section(ROOT), &root);
    assert_eq!(report.into_problems(), []);
    assert_eq!(
        defaults["modules"]["sync"],
        serde_json::json!({"enabled": false, "location": "@nmshd/connector:SyncModule", "interval": 60})
    );
}
