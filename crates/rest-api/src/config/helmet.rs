//! The options of `helmet` (`docs/protocol/07 §2.3`).

use axum::http::HeaderValue;
use settings::{Kind, Members, Setting, Text, Wrong};

pub(super) const HELMET: &[Setting] = &[
    Setting::new(
        "contentSecurityPolicy",
        Kind::OneOf(&[Kind::Boolean, Kind::section(CONTENT_SECURITY_POLICY)]),
        "`Content-Security-Policy`",
    )
    .nullable(),
    Setting::new("crossOriginEmbedderPolicy", POLICY, "`Cross-Origin-Embedder-Policy`").default("false").nullable(),
    Setting::new("crossOriginOpenerPolicy", POLICY, "`Cross-Origin-Opener-Policy`").default("true").nullable(),
    Setting::new("crossOriginResourcePolicy", POLICY, "`Cross-Origin-Resource-Policy`").default("true").nullable(),
    Setting::new("originAgentCluster", Kind::Boolean, "`Origin-Agent-Cluster`").default("true").nullable(),
    Setting::new("referrerPolicy", POLICY, "`Referrer-Policy`").default("true").nullable(),
    Setting::new(
        "strictTransportSecurity",
        Kind::OneOf(&[Kind::Boolean, Kind::section(STRICT_TRANSPORT_SECURITY)]),
        "`Strict-Transport-Security`",
    )
    .aliases(&["hsts"])
    .default("true")
    .nullable(),
    Setting::new("xContentTypeOptions", Kind::Boolean, "`X-Content-Type-Options`")
        .aliases(&["noSniff"])
        .default("true")
        .nullable(),
    Setting::new(
        "xDnsPrefetchControl",
        Kind::OneOf(&[
            Kind::Boolean,
            Kind::section(&[Setting::new("allow", Kind::Boolean, "whether prefetching is allowed").default("false")]),
        ]),
        "`X-DNS-Prefetch-Control`",
    )
    .aliases(&["dnsPrefetchControl"])
    .default("true")
    .nullable(),
    Setting::new("xDownloadOptions", Kind::Boolean, "`X-Download-Options`")
        .aliases(&["ieNoOpen"])
        .default("true")
        .nullable(),
    Setting::new(
        "xFrameOptions",
        Kind::OneOf(&[
            Kind::Boolean,
            Kind::section(&[Setting::new("action", Kind::text(frame_action), "`sameorigin` or `deny`")
                .default("\"sameorigin\"")
                .nullable()]),
        ]),
        "`X-Frame-Options`",
    )
    .aliases(&["frameguard"])
    .default("true")
    .nullable(),
    Setting::new(
        "xPermittedCrossDomainPolicies",
        Kind::OneOf(&[
            Kind::Boolean,
            Kind::section(&[Setting::new("permittedPolicies", HEADER_TEXT, "the policy")
                .default("\"none\"")
                .nullable()]),
        ]),
        "`X-Permitted-Cross-Domain-Policies`",
    )
    .aliases(&["permittedCrossDomainPolicies"])
    .default("true")
    .nullable(),
    Setting::new("xPoweredBy", Kind::Boolean, "accepted, without effect: `X-Powered-By` is never sent")
        .aliases(&["hidePoweredBy"])
        .nullable(),
    Setting::new("xXssProtection", Kind::Boolean, "`X-XSS-Protection`")
        .aliases(&["xssFilter"])
        .default("true")
        .nullable(),
];

const POLICY: Kind = Kind::OneOf(&[
    Kind::Boolean,
    Kind::section(&[Setting::new("policy", HEADER_TEXTS, "the policy, or a list of them").nullable()]),
]);

const CONTENT_SECURITY_POLICY: &[Setting] = &[
    Setting::new("useDefaults", Kind::Boolean, "whether the default directives are added where no own one is given")
        .default("true"),
    Setting::new(
        "directives",
        Kind::Members(&Members {
            name: "directive",
            rule: None,
            kind: Kind::OneOf(&[HEADER_TEXT, Kind::List(&HEADER_TEXT, 0), Kind::Boolean, Kind::Null]),
        }),
        "directives by name; a list, a text, or `null` or `false` to leave one out",
    )
    .default("{}"),
    Setting::new("reportOnly", Kind::Boolean, "sends `Content-Security-Policy-Report-Only` instead").default("false"),
];

const STRICT_TRANSPORT_SECURITY: &[Setting] = &[
    Setting::new("maxAge", Kind::COUNT, "seconds").default("31536000"),
    Setting::new("includeSubDomains", Kind::Boolean, "whether subdomains are included").default("true"),
    Setting::new("preload", Kind::Boolean, "whether the site may be preloaded").default("false"),
];

fn frame_action(text: &str) -> Result<(), Wrong> {
    let is_known = ["sameorigin", "deny"].iter().any(|known| text.eq_ignore_ascii_case(known));
    if is_known { Ok(()) } else { Err(Wrong::new("must be sameorigin or deny")) }
}

/// A text that is sent as (a part of) a header.
pub(super) const HEADER_TEXT: Kind = Kind::Text(Text { may_be_empty: true, rule: Some(header_value) });
pub(super) const HEADER_TEXTS: Kind = Kind::OneOf(&[HEADER_TEXT, Kind::List(&HEADER_TEXT, 0)]);

fn header_value(text: &str) -> Result<(), Wrong> {
    HeaderValue::try_from(text).map(drop).map_err(|_| Wrong::new("holds what a header cannot carry"))
}
