//! The permitted members of `infrastructure.httpServer` (`docs/protocol/07 §1.4.5`).

use axum::http::HeaderName;
use settings::{Kind, Members, Names, Preset, Section, Setting, Wrong};

use super::helmet::{HEADER_TEXT, HEADER_TEXTS, HELMET};
use crate::scopes::{FOREIGN_SCOPES, SCOPES, covers};
use crate::startup::expiry;

/// More streams would need more connections than a process has.
const MOST_STREAMS: u64 = 10_000;

/// The section `infrastructure.httpServer` of the configuration.
pub const HTTP_SERVER: Section = Section::new(&[
    Setting::new("enabled", Kind::Boolean, "whether there is an HTTP server").default("true"),
    Setting::new(
        "port",
        Kind::OneOf(&[Kind::Number(0, 65_535), Kind::text(port)]),
        "a number or a text of digits; 0 lets the system choose",
    )
    .default("80"),
    Setting::new(
        "host",
        Kind::text(host),
        "the IP address to listen on. `::` means both families too; a machine without IPv6 listens on `0.0.0.0`",
    )
    .preset(Preset::Words("all addresses, of IPv6 and IPv4"))
    .addition(),
    Setting::new("cors", Kind::section(CORS), "the options of the Express `cors` middleware")
        .default("{\"origin\": false}"),
    Setting::new("helmetOptions", Kind::section(HELMET), "the security headers, with the option names of `helmet`")
        .preset(Preset::Words("by mode"))
        .since("3.3"),
    Setting::new("authentication", Kind::section(AUTHENTICATION), "").default("{}").since("7.0"),
    Setting::new("metrics", Kind::section(METRICS), "").preset(Preset::Members).addition(),
    Setting::new("eventStream", Kind::section(EVENT_STREAM), "").preset(Preset::Members).addition(),
    Setting::removed(
        "apiKey",
        "was replaced in 7.0",
        "write {\"authentication\": {\"apiKey\": {\"keys\": {\"default\": {\"key\": \"…\"}}}}} instead",
    ),
]);

const CORS: &[Setting] = &[
    Setting::new(
        "origin",
        Kind::OneOf(&[Kind::Boolean, HEADER_TEXT, Kind::List(&HEADER_TEXT, 0)]),
        "which origins may read responses: `false` none, `true` whoever asks, a text this one (`\"*\"` any), a list those in it",
    )
    .default("false"),
    Setting::new("methods", HEADER_TEXTS, "methods named in the answer to a preflight request")
        .default("\"GET,HEAD,PUT,PATCH,POST,DELETE\""),
    Setting::new("allowedHeaders", HEADER_TEXTS, "request headers a page may send")
        .preset(Preset::Words("those it asks for"))
        .nullable(),
    Setting::new("exposedHeaders", HEADER_TEXTS, "response headers a page may read").nullable(),
    Setting::new("credentials", Kind::Boolean, "whether credentials may accompany a request").default("false"),
    Setting::new("maxAge", Kind::COUNT, "how long a preflight answer may be cached, in seconds").nullable(),
    Setting::new("preflightContinue", Kind::Boolean, "whether `OPTIONS` is passed on to the routes").default("false"),
    Setting::new("optionsSuccessStatus", Kind::Number(200, 299), "the status of a preflight answer").default("204"),
];

const AUTHENTICATION: &[Setting] = &[
    Setting::new("apiKey", Kind::section(API_KEY), "").since("7.0"),
    Setting::new("jwtBearer", EXTERNAL, "not there yet: refused").secret().since("7.0"),
    Setting::new("oidc", EXTERNAL, "not there yet: refused").secret().since("7.0"),
];

/// The options of a library that is not included.
const EXTERNAL: Kind = Kind::Members(&Members { name: "option", rule: None, kind: Kind::Any });

const API_KEY: &[Setting] = &[
    Setting::new("enabled", Kind::Boolean, "whether API keys are accepted")
        .preset(Preset::Words("on if a key is configured"))
        .since("7.0"),
    Setting::new("headerName", Kind::text(header_name), "the header that carries the key")
        .default("\"X-API-KEY\"")
        .since("7.0"),
    Setting::new("keys", Kind::Members(&Members { name: "id", rule: None, kind: Kind::section(KEY) }), "").since("7.0"),
];

const KEY: &[Setting] = &[
    Setting::new("key", Kind::TEXT, "what the client sends")
        .required("write the secret the client sends")
        .secret()
        .since("7.0"),
    Setting::new("enabled", Kind::Boolean, "whether it is accepted").default("true").since("7.0"),
    Setting::new("expiresAt", Kind::text(date), "ISO 8601 date or time after which it is not accepted").since("7.0"),
    Setting::new("scopes", Kind::List(&Kind::Name(&SCOPE), 0), "what it [opens](api-keys.md)")
        .default("[\"**\"]")
        .since("7.0"),
    Setting::new("description", Kind::ANY_TEXT, "for whoever reads the configuration").since("7.0"),
];

const SCOPE: Names = Names { what: "scope", known: SCOPES, elsewhere: FOREIGN_SCOPES, separator: ':', covers };

const METRICS: &[Setting] = &[
    Setting::new("enabled", Kind::Boolean, "serves [metrics](metrics.md) in the format of Prometheus at `/metrics`")
        .default("false")
        .addition(),
    Setting::new(
        "authenticated",
        Kind::Boolean,
        "whether callers need a key with the scope `monitoring:metrics`; otherwise everybody may read them",
    )
    .default("true")
    .addition(),
];

const EVENT_STREAM: &[Setting] = &[Setting::new(
    "maxStreams",
    Kind::Number(0, MOST_STREAMS),
    "how many [event streams](delivery.md#event-stream) may be open at a time; where there are several keys, each has at most half \
     of them",
)
.default("32")
.addition()];

fn port(text: &str) -> Result<(), Wrong> {
    let wrong = || Wrong::new("must be a port number from 0 to 65535").fix("0 lets the system choose");
    text.trim().parse::<u16>().map(drop).map_err(|_| wrong())
}

fn host(text: &str) -> Result<(), Wrong> {
    let wrong = || Wrong::new("must be the IP address of an interface, for example \"127.0.0.1\" or \"::\"");
    text.parse::<std::net::IpAddr>().map(drop).map_err(|_| wrong())
}

fn header_name(text: &str) -> Result<(), Wrong> {
    HeaderName::try_from(text).map(drop).map_err(|_| Wrong::new("is not the name of a header"))
}

fn date(text: &str) -> Result<(), Wrong> {
    let wrong = || Wrong::new("is not an ISO 8601 date or time").fix("write it as in \"2030-12-31\"");
    expiry("", Some(text)).map(drop).map_err(|_| wrong())
}
