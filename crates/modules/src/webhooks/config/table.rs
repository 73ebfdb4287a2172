//! The settings of `modules.webhooks` (`docs/protocol/07 §5.1`).

use delivery::REQUEST_OPTIONS;
use reqwest::header::{HeaderName, HeaderValue};
use settings::{Kind, Members, Otherwise, Preset, Section, Setting, Tagged, Text, Wrong};
use url::Url;

use super::TRIGGER_PLACEHOLDER;
use crate::description::TRIGGER;
use crate::webhooks::target::SigningSecret;

pub(super) const INVALID_VALUE: &str = "error.runtime.modules.webhooks.invalidValue";
pub(super) const INVALID_TARGET_REFERENCE: &str = "error.runtime.modules.webhooks.invalidTargetReference";
const INVALID_URL_FORMAT: &str = "error.runtime.modules.webhooks.invalidUrlFormat";
const INVALID_AUTHENTICATION: &str = "error.runtime.modules.webhooks.invalidAuthenticationConfig";

/// The settings of the module.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "targets",
        Kind::Members(&Members { name: "name", rule: None, kind: Kind::Section(TARGET) }),
        "targets with a name, to be used by several webhooks, see below",
    )
    .default("{}"),
    Setting::new(
        "webhooks",
        Kind::List(&Kind::section(WEBHOOK), 0),
        "which events go where: objects with `triggers`, a list of events, and `target`, the name of a target or a target",
    )
    .default("[]"),
    Setting::new(
        "skipTlsCheck",
        Kind::Boolean,
        "leaves the usual checks of certificates out for all targets, but not for tokens, and not what is pinned",
    )
    .default("false")
    .since("4.5"),
    Setting::new("delivery", DELIVERY, "for all targets that say nothing themselves, see [below](#deliveries)").addition(),
    Setting::new("redirects", REDIRECTS, "for all targets that say nothing themselves").default("\"refuse\"").addition(),
    Setting::new("privateAddresses", PRIVATE_ADDRESSES, "for all targets that say nothing themselves")
        .default("\"allow\"")
        .addition(),
];

const WEBHOOK: &[Setting] = &[
    Setting::new("triggers", Kind::List(&TRIGGER, 0), "the events")
        .required("write a list of event names, as in [\"transport.*\"]"),
    Setting::new("target", Kind::OneOf(&[Kind::TEXT, Kind::Section(TARGET)]), "the name of a target, or a target")
        .required("write the name of a target, or a target"),
];

/// A web address with its login and options.
pub const TARGET: Section = Section::new(&[
    Setting::new(
        "url",
        Kind::text(|text| target_url(text).map(drop)),
        "`http://` or `https://`; the first `{{trigger}}` in it becomes the name of the event",
    )
    .required("write where to post, as in \"https://crm.example.com/hooks/{{trigger}}\"")
    .secret(),
    Setting::new(
        "headers",
        Kind::Members(&Members {
            name: "header",
            rule: Some(header_name),
            kind: Kind::Text(Text { may_be_empty: true, rule: Some(header_value) }),
        }),
        "sent with every delivery",
    )
    .default("{}")
    .secret(),
    Setting::new(
        "authentication",
        Kind::Tagged(&AUTHENTICATION),
        "`{\"type\": \"ApiKey\", \"apiKey\": \"…\", \"headerName\": \"x-api-key\"}`, or `{\"type\": \"OAuth2\", \"accessTokenUrl\": \"…\", \
         \"clientId\": \"…\", \"clientSecret\": \"…\", \"scope\": \"…\"}` for a token by client credentials; `headerName` and `scope` may be \
         left out",
    )
    .code(INVALID_AUTHENTICATION)
    .secret()
    .since("6.25"),
    Setting::new(
        "signingSecret",
        Kind::OneOf(&[Kind::text(signing_secret), Kind::List(&Kind::text(signing_secret), 1)]),
        "signs every delivery, see below: `whsec_` and 24 to 64 bytes in base64, or the base64 alone; or a list of them",
    )
    .secret()
    .addition(),
    Setting::new(
        "redirects",
        REDIRECTS,
        "what an answer that leads elsewhere is: a failure, or, with `\"follow\"`, 307 and 308 are followed, at most five times, and \
         never from https to http. Headers and credentials of the configuration go to the target only, not to another origin",
    )
    .preset(Preset::Words("that of the module"))
    .addition(),
    Setting::new(
        "privateAddresses",
        PRIVATE_ADDRESSES,
        "with `\"refuse\"` only addresses in the public internet are called, for redirects and `accessTokenUrl` as well; names are \
         resolved by the program itself, without a proxy, and it connects to what it has checked",
    )
    .preset(Preset::Words("that of the module"))
    .addition(),
    Setting::new("delivery", DELIVERY, "see [below](#deliveries)")
        .preset(Preset::Words("that of the module"))
        .addition(),
]);

const DELIVERY: Kind = Kind::Section(REQUEST_OPTIONS);
const REDIRECTS: Kind = Kind::Choice(&["refuse", "follow"]);
const PRIVATE_ADDRESSES: Kind = Kind::Choice(&["allow", "refuse"]);

const AUTHENTICATION: Tagged = Tagged {
    tag: "type",
    variants: &[
        (
            "ApiKey",
            Section::new(&[
                Setting::new("apiKey", Kind::text(header_value), "the key").required("write the key").secret(),
                Setting::new("headerName", Kind::text(header_name), "the header that carries it")
                    .default("\"x-api-key\""),
            ]),
        ),
        (
            "OAuth2",
            Section::new(&[
                Setting::new("accessTokenUrl", Kind::text(|text| token_url(text).map(drop)), "where tokens are made")
                    .required("write where tokens are made"),
                Setting::new("clientId", Kind::TEXT, "id of the client").required("write the id of the client"),
                Setting::new("clientSecret", Kind::TEXT, "secret of the client")
                    .required("write the secret of the client")
                    .secret(),
                Setting::new("scope", Kind::TEXT, "scope to ask for"),
            ]),
        ),
    ],
    otherwise: Otherwise::Refused,
};

/// The URL of a target, with a sample event name in it.
pub(super) fn target_url(text: &str) -> Result<Url, Wrong> {
    let url = http_url(&text.replacen(TRIGGER_PLACEHOLDER, "trigger", 1));
    url.ok_or_else(|| Wrong::new("is not an absolute http or https URL").code(INVALID_URL_FORMAT))
}

pub(super) fn token_url(text: &str) -> Result<Url, Wrong> {
    http_url(text).ok_or_else(|| Wrong::new("is not an absolute http or https URL"))
}

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn header_name(text: &str) -> Result<(), Wrong> {
    text.parse::<HeaderName>().map(drop).map_err(|_| Wrong::new("is not a header name"))
}

fn header_value(text: &str) -> Result<(), Wrong> {
    HeaderValue::from_bytes(text.as_bytes()).map(drop).map_err(|_| Wrong::new("is not a header value"))
}

fn signing_secret(text: &str) -> Result<(), Wrong> {
    SigningSecret::parse(text).map(drop).map_err(Wrong::new)
}
