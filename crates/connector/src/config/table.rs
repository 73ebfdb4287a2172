//! The table of all settings. Crates declare the settings they own; the others are here.

use serde_json::{Map, Value, json};
use settings::{Kind, Members, Otherwise, Preset, Section, Setting, Tagged, Unknown};

use super::{catalogue, database, pinning};

/// Certificates of trusted authorities in addition to those of the machine.
pub(super) const AUTHORITIES: &str = "trustedCertificateAuthorities";

/// All permitted keys of a configuration. The existing Connector allows any other key at the top level.
pub(crate) const ROOT: Section = Section::new(&[
    Setting::new(
        "debug",
        Kind::Boolean,
        "debug mode: errors carry details, the API documentation may be served, a server without authentication may start",
    )
    .default("false")
    .since("3.3"),
    Setting::new("transportLibrary", Kind::Section(transport::SETTINGS), "the Backbone, see below").preset(Preset::Members),
    Setting::new("database", Kind::Section(database::SETTINGS), "where the Identity lives, see below")
        .preset(Preset::Members),
    Setting::new("logging", Kind::section(LOGGING), "a log4js configuration, see below")
        .preset(Preset::Computed(default_logging)),
    Setting::new("infrastructure", Kind::section(INFRASTRUCTURE), "").preset(Preset::Members),
    Setting::new("modules", Kind::Entries(&catalogue::MODULES), "see below")
        .preset(Preset::Computed(catalogue::defaults)),
    Setting::new(
        pinning::PINS,
        Kind::Members(&Members {
            name: "host",
            rule: Some(pinning::host_name),
            kind: Kind::List(&Kind::text(pinning::fingerprint), 0),
        }),
        "by host name the SHA-256 fingerprints of the certificates that are accepted there, beside the usual checks; for calls to \
         the Backbone, to webhook targets and to the issuers of their tokens",
    )
    .since("6.5"),
    Setting::new(pinning::ENFORCE, Kind::Boolean, "refuses HTTPS hosts without a pin").default("false").since("6.5"),
    Setting::new(
        AUTHORITIES,
        Kind::OneOf(&[Kind::TEXT, Kind::List(&Kind::TEXT, 0)]),
        "files of certificates (PEM) to trust beside those of the machine, a path or a list; a relative path begins at the working \
         directory of the process: for the Backbone, webhooks and their issuers of tokens, AMQP, MQTT, NATS and Redis; the client of \
         Google Pub/Sub has those of the machine and of `SSL_CERT_FILE`",
    )
    .default("[]")
    .addition(),
])
.unknown(Unknown::Named);

const INFRASTRUCTURE: &[Setting] =
    &[Setting::new("httpServer", Kind::Section(rest_api::HTTP_SERVER), "the REST interface, see below")
        .preset(Preset::Members)];

/// The part of log4js that has an effect here; the rest is tolerated.
const LOGGING: &[Setting] = &[
    Setting::new(
        "appenders",
        Kind::Members(&Members { name: "name", rule: None, kind: Kind::Tolerated(&Kind::Tagged(&APPENDER)) }),
        "where lines go: `stdout`, `console` and `stderr` with a `layout`, and `logLevelFilter`",
    ),
    Setting::new(
        "categories",
        Kind::Members(&Members { name: "logger", rule: None, kind: Kind::Tolerated(&Kind::section(CATEGORY)) }),
        "by logger, which appenders get its lines, and from which `level` on",
    ),
    Setting::new("levels", Kind::Any, "accepted, without effect").secret(),
    Setting::new("pm2", Kind::Any, "accepted, without effect").secret(),
    Setting::new("pm2InstanceVar", Kind::Any, "accepted, without effect").secret(),
    Setting::new("disableClustering", Kind::Any, "accepted, without effect").secret(),
];

const APPENDER: Tagged = Tagged {
    tag: "type",
    variants: &[
        ("stdout", Section::new(WRITER)),
        ("console", Section::new(WRITER)),
        ("stderr", Section::new(WRITER)),
        (
            "logLevelFilter",
            Section::new(&[
                Setting::new("appender", Kind::TEXT, "the appender that gets what passes"),
                Setting::new("level", LEVEL, "the lowest level that passes"),
                Setting::new("maxLevel", LEVEL, "accepted, without effect"),
            ]),
        ),
    ],
    otherwise: Otherwise::Ignored,
};

const WRITER: &[Setting] = &[Setting::new("layout", Kind::section(LAYOUT), "`json` makes every line a JSON object")];

const LAYOUT: &[Setting] = &[
    Setting::new("type", Kind::TEXT, "`json`, or any other for text"),
    Setting::new("pattern", Kind::ANY_TEXT, "accepted, without effect"),
    Setting::new("separator", Kind::ANY_TEXT, "accepted, without effect"),
    Setting::new("tokens", Kind::Any, "accepted, without effect").secret(),
];

const CATEGORY: &[Setting] = &[
    Setting::new("appenders", Kind::List(&Kind::TEXT, 0), "names of appenders"),
    Setting::new("level", LEVEL, "`ALL`, `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL` or `OFF`"),
    Setting::new("enableCallStack", Kind::Boolean, "accepted, without effect"),
];

/// log4js also accepts the object form of a level.
const LEVEL: Kind = Kind::OneOf(&[
    Kind::TEXT,
    Kind::section(&[
        Setting::new("levelStr", Kind::TEXT, "the level"),
        Setting::new("level", Kind::COUNT, "accepted, without effect"),
        Setting::new("colour", Kind::TEXT, "accepted, without effect"),
    ]),
]);

/// The lowest source, which applies if no other has a value.
pub(super) fn defaults() -> Value {
    Value::Object(settings::defaults(&ROOT))
}

/// The `logging` block of a program without configuration.
pub(crate) fn default_logging() -> Value {
    json!({
        "appenders": {
            "consoleAppender": {
                "type": "stdout",
                "layout": { "type": "pattern", "pattern": "%[[%d] [%p] %c - %m %x{correlationId}%]" }
            },
            "console": { "type": "logLevelFilter", "level": "INFO", "appender": "consoleAppender" }
        },
        "categories": { "default": { "appenders": ["console"], "level": "TRACE" } }
    })
}

/// The part of a merged configuration that may be shown. Unknown keys at the top level are never shown.
pub(crate) fn shown(merged: &Value) -> settings::Shown {
    let members = merged.as_object().into_iter().flatten().filter(|(key, _)| is_top_level(key));
    let members: Map<String, Value> = members.map(|(key, value)| (key.clone(), value.clone())).collect();
    settings::shown(&Kind::Section(ROOT), &Value::Object(members))
}

/// Returns true if the key is a setting at the top level.
pub(super) fn is_top_level(key: &str) -> bool {
    ROOT.find(key).is_some()
}
