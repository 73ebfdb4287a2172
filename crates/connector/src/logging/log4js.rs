//! The parts of a log4js configuration with an effect here: levels, and whether lines are JSON.

use std::collections::BTreeMap;

use serde_json::Value;
use settings::{Path, Problem, Severity};

use super::Format;

/// The logging to set up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) format: Format,
    /// In the syntax of `RUST_LOG`.
    pub(crate) directives: String,
    /// The parts of the configuration that have no effect.
    pub(crate) notices: Vec<Problem>,
}

/// Logger names of the existing Connector and their counterparts here. A name stands for everything below it.
const LOGGERS: [(&str, &[&str]); 12] = [
    ("ConnectorRuntime", &["connector", "runtime"]),
    ("HttpServer", &["rest_api"]),
    ("CoreHttpApiModule", &["rest_api"]),
    ("HealthChecker", &["runtime::health"]),
    ("Transport", &["transport"]),
    ("SyncModule", &["modules::sync"]),
    ("SseModule", &["modules::sse"]),
    ("WebhooksModule", &["modules::webhooks", "delivery"]),
    ("MessageBrokerPublisherModule", &["modules::message_broker_publisher", "brokers"]),
    ("AutoAcceptPendingRelationshipsModule", &["modules::auto_accept_pending_relationships"]),
    ("AutoDecomposeDeletionProposedRelationshipsModule", &["modules::auto_decompose_deletion_proposed_relationships"]),
    ("Database", &["store"]),
];

/// The program's own parts. Reports of libraries are for troubleshooting: the program itself reports once everything
/// that matters to an operator. So the lines of libraries only appear from DEBUG on, and then from WARN on.
const OWN: [&str; 11] = [
    "connector",
    "rest_api",
    "modules",
    "brokers",
    "runtime",
    "transport",
    "delivery",
    "protocol",
    "store",
    "backbone",
    "crypto",
];

/// Library output that must be off at any level: it shows the contents of messages that no queue accepts.
pub(super) const NEVER: &str = "lapin::returned_messages=off";

/// The levels of log4js, most verbose first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Off,
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "ALL" | "TRACE" => Some(Self::Trace),
            "DEBUG" => Some(Self::Debug),
            "INFO" => Some(Self::Info),
            "WARN" => Some(Self::Warn),
            "ERROR" | "FATAL" | "MARK" => Some(Self::Error),
            "OFF" => Some(Self::Off),
            _ => None,
        }
    }

    fn directive(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Off => "off",
        }
    }
}

impl Plan {
    /// Never fails: parts without an effect are named in `notices`, which the configuration check passes on.
    pub(crate) fn from_log4js(block: &Value) -> Self {
        let mut reading = Reading { block, format: Format::Text, notices: Vec::new() };
        let mut levels: BTreeMap<&str, Level> = BTreeMap::new();
        let mut default = Level::Info;
        for (name, category) in block.get("categories").and_then(Value::as_object).into_iter().flatten() {
            let level = reading.category_level(name, category);
            let first = name.split('.').next().unwrap_or(name);
            match LOGGERS.iter().find(|(logger, _)| *logger == first) {
                _ if name == "default" => default = level,
                Some((_, targets)) => levels.extend(targets.iter().map(|target| (*target, level))),
                None => reading.note(&["categories", name], "names no logger of this program and has no effect"),
            }
        }
        let libraries = if default <= Level::Debug { Level::Warn } else { Level::Off };
        let libraries = libraries.directive().to_owned();
        let own = OWN.iter().map(|target| format!("{target}={}", default.directive()));
        let named = levels.iter().map(|(target, level)| format!("{target}={}", level.directive()));
        let libraries = [libraries, NEVER.to_owned()].into_iter();
        let directives = libraries.chain(own).chain(named).collect::<Vec<_>>().join(",");
        Self { format: reading.format, directives, notices: reading.notices }
    }
}

struct Reading<'a> {
    block: &'a Value,
    format: Format,
    notices: Vec<Problem>,
}

impl<'a> Reading<'a> {
    /// The most verbose of the category's appenders, within the category's own level.
    fn category_level(&mut self, name: &str, category: &'a Value) -> Level {
        let own = self.level(&["categories", name, "level"], category.get("level"));
        let appenders = category.get("appenders").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let filters: Vec<Level> =
            appenders.iter().filter_map(Value::as_str).map(|appender| self.appender_level(appender, 0)).collect();
        filters.into_iter().min().map_or(own, |filter| filter.max(own))
    }

    /// Follows filters to the appender that writes. `depth` breaks cycles.
    fn appender_level(&mut self, name: &str, depth: usize) -> Level {
        let Some(appender) = self.block.get("appenders").and_then(|appenders| appenders.get(name)) else {
            self.note(&["appenders", name], "is used but not defined");
            return Level::Trace;
        };
        let kind = appender.get("type").and_then(Value::as_str).unwrap_or_default();
        let next = appender.get("appender").and_then(Value::as_str).filter(|_| depth < 8);
        match (kind, next) {
            ("logLevelFilter", Some(next)) => {
                let own = self.level(&["appenders", name, "level"], appender.get("level"));
                own.max(self.appender_level(next, depth + 1))
            }
            (_, Some(next)) => {
                self.note(&["appenders", name], &format!("has no effect: {kind} is not available"));
                self.appender_level(next, depth + 1)
            }
            ("stdout" | "console" | "stderr", None) => {
                if appender.pointer("/layout/type").and_then(Value::as_str) == Some("json") {
                    self.format = Format::Json;
                }
                Level::Trace
            }
            (_, None) => {
                let message = format!("has no effect: {kind} is not available, logs go to standard output");
                self.note(&["appenders", name], &message);
                Level::Trace
            }
        }
    }

    fn level(&mut self, path: &[&str], value: Option<&Value>) -> Level {
        let text = match value {
            None => return Level::Trace,
            // log4js also accepts the object form of a level.
            Some(value) => value.as_str().or_else(|| value.get("levelStr").and_then(Value::as_str)).unwrap_or_default(),
        };
        Level::parse(text).unwrap_or_else(|| {
            self.note(path, "is no level (ALL, TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF): INFO is taken");
            Level::Info
        })
    }

    fn note(&mut self, keys: &[&str], message: &str) {
        let path = keys.iter().fold(Path::new("logging"), |path, key| path.key(key));
        self.notices.push(Problem { path, ..Problem::general(Severity::Warning, message) });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Format, Plan};

    fn plan(block: Value) -> Plan {
        Plan::from_log4js(&block)
    }

    /// The level of a target.
    fn level<'a>(plan: &'a Plan, target: &str) -> &'a str {
        plan.directives
            .split(',')
            .rev()
            .find_map(|directive| directive.strip_prefix(target)?.strip_prefix('='))
            .unwrap_or_else(|| plan.directives.split(',').next().unwrap_or_default())
    }

    fn stdout(layout: Value, filter: &str, category: &str) -> Value {
        json!({
            "appenders": {
                "consoleAppender": {"type": "stdout", "layout": layout},
                "console": {"type": "logLevelFilter", "level": filter, "appender": "consoleAppender"}
            },
            "categories": {"default": {"appenders": ["console"], "level": category}}
        })
    }

    #[test]
    fn the_stricter_of_filter_and_category_counts() {
        for (filter, category, expected) in
            [("INFO", "TRACE", "info"), ("ALL", "debug", "debug"), ("TRACE", "OFF", "off"), ("FATAL", "ALL", "error")]
        {
            let plan = plan(stdout(json!({"type": "pattern"}), filter, category));
            assert_eq!(level(&plan, "transport"), expected, "{filter} {category}");
            assert_eq!(plan.format, Format::Text);
            assert_eq!(plan.notices, []);
        }
    }

    #[test]
    fn libraries_say_something_only_when_everything_is_asked_for() {
        for talkative in ["ALL", "DEBUG"] {
            let talkative = plan(stdout(json!({}), "ALL", talkative));
            for library in ["lapin", "rumqttc", "async_nats", "redis", "hyper", "sqlx"] {
                assert_eq!(level(&talkative, library), "warn", "{library}");
            }
        }
        for quiet in [plan(json!({})), plan(stdout(json!({}), "ALL", "INFO")), plan(stdout(json!({}), "WARN", "ALL"))] {
            for library in ["lapin", "rumqttc", "async_nats", "redis", "hyper", "sqlx"] {
                assert_eq!(level(&quiet, library), "off", "{library}");
            }
        }
        let talkative = plan(stdout(json!({}), "ALL", "ALL"));
        assert_eq!(level(&talkative, "lapin::returned_messages"), "off");
        assert_eq!(level(&talkative, "rest_api"), "trace");
        assert_eq!(level(&plan(stdout(json!({}), "OFF", "ALL")), "sqlx"), "off");
    }

    #[test]
    fn the_json_layout_is_recognised() {
        assert_eq!(plan(stdout(json!({"type": "json"}), "INFO", "TRACE")).format, Format::Json);
    }

    #[test]
    fn categories_get_their_own_level() {
        let mut block = stdout(json!({}), "ALL", "INFO");
        block["categories"]["Transport.Core"] = json!({"appenders": ["console"], "level": "DEBUG"});
        block["categories"]["Nobody"] = json!({"appenders": ["console"], "level": "DEBUG"});
        let plan = plan(block);
        assert_eq!(level(&plan, "transport"), "debug");
        assert_eq!(level(&plan, "runtime"), "info");
        assert!(plan.notices.iter().any(|notice| notice.to_string().contains("logging.categories.Nobody")));
    }

    #[test]
    fn other_appenders_are_named_and_replaced_by_standard_output() {
        let plan = plan(json!({
            "appenders": {"file": {"type": "dateFile", "filename": "x.log"}},
            "categories": {"default": {"appenders": ["file", "absent"], "level": "WARN"}}
        }));
        assert_eq!(level(&plan, "connector"), "warn");
        assert_eq!(plan.notices.len(), 2, "{:?}", plan.notices);
    }

    #[test]
    fn nonsense_is_survived() {
        let circle = json!({
            "appenders": {"a": {"type": "logLevelFilter", "level": 7, "appender": "a"}},
            "categories": {"default": {"appenders": ["a"], "level": "LOUD"}}
        });
        assert_eq!(level(&plan(circle), "connector"), "info");
        assert_eq!(level(&plan(json!({})), "connector"), "info");
        assert_eq!(level(&plan(json!("x")), "connector"), "info");
    }
}
