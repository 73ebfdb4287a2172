//! From merged sources to a [`Configuration`]: every check of `docs/protocol/07 §1.3` and `§1.5`.

use std::collections::BTreeMap;

use ::transport::TransportConfig;
use rest_api::{CoreHttpApi, ServerMode};
use serde_json::Value;

use super::environment::{Environment, Origin, TOP_LEVEL};
use super::module::{ModuleEntry, ModuleKind};
use super::problems::{Problems, Section, boolean};
use super::sources::Layers;
use super::{
    ConfigError, Configuration, Database, HttpServer, Provenance, database, http_server, module, pinning, transport,
};

/// Settings that are texts, with `*` for any one key. An environment variable that looks like a number is one of
/// these texts all the same: a database may be called `123`.
const TEXTS: &[&str] = &[
    "database.connectionString",
    "database.dbName",
    "transportLibrary.baseUrl",
    "transportLibrary.platformClientId",
    "transportLibrary.platformClientSecret",
    "transportLibrary.addressGenerationHostnameOverride",
    "transportLibrary.platformAdditionalHeaders.*",
    "infrastructure.httpServer.host",
    "infrastructure.httpServer.authentication.apiKey.headerName",
    "infrastructure.httpServer.authentication.apiKey.keys.*.key",
    "infrastructure.httpServer.authentication.apiKey.keys.*.description",
    "infrastructure.httpServer.authentication.apiKey.keys.*.expiresAt",
];

pub(super) fn validate(layers: Layers) -> Result<Configuration, ConfigError> {
    let Layers { mut merged, explicit, files, environment, missing_file } = layers;
    let Environment { layer, origins, mut notices } = environment;
    restore_texts(&mut merged, &origins);

    notices.extend(
        missing_file.iter().map(|file| format!("The configuration file {file} does not exist: it is taken as empty.")),
    );
    notices.extend(unknown_top_level(&explicit));

    let problems = Problems::new(&origins);
    let settings = read(&merged, &explicit, &problems, &mut notices);
    let mut found = problems.into_list();
    match settings {
        Some(settings) if found.is_empty() => Ok(Configuration {
            transport: settings.transport,
            database: settings.database,
            logging: merged.get("logging").cloned().unwrap_or_default(),
            http_server: settings.http_server,
            notices,
            merged: in_force(merged, &settings.modules),
            modules: settings.modules,
            provenance: Provenance { files, environment: layer, origins },
        }),
        _ => {
            if let Some(file) = missing_file {
                found.push(format!("(The configuration file {file} does not exist; nothing was read from it.)"));
            }
            Err(ConfigError::Invalid(found))
        }
    }
}

/// The blocks that were read.
struct Settings {
    transport: TransportConfig,
    database: Database,
    http_server: HttpServer,
    modules: Vec<ModuleEntry>,
}

fn read<'a>(
    merged: &'a Value,
    explicit: &Value,
    problems: &'a Problems<'a>,
    notices: &mut Vec<String>,
) -> Option<Settings> {
    let debug = boolean(merged, "debug", problems);
    let certificate_pinning = pinning::read(merged, problems);
    let transport = transport::read(&merged["transportLibrary"], certificate_pinning, problems);
    let database = Section::of("database", &merged["database"], problems).and_then(|block| database::read(&block));
    if let Some(Err(error)) = database.as_ref().map(|database| database.to_store_config().check()) {
        problems.note(error.to_string());
    }
    check_logging(&merged["logging"], problems);
    let modules = module::read(&merged["modules"], explicit, problems, notices);
    if let Err(error) = crate::modules::from_configuration(&modules, None) {
        problems.note(error.to_string());
    }
    let mode = ServerMode { debug: debug.unwrap_or_default(), core_api: what_is_served(&modules) };
    check_debugging(&modules, debug, problems);
    let http_server = read_http_server(&merged["infrastructure"], mode, problems);
    check_infrastructure(&modules, http_server.as_ref(), problems);
    Some(Settings { transport: transport?, database: database?, http_server: http_server?, modules })
}

/// Diagnostics show which modules run, not which were asked for.
fn in_force(mut merged: Value, modules: &[ModuleEntry]) -> Value {
    for module in modules {
        if let Some(entry) = merged.get_mut("modules").and_then(|entries| entries.get_mut(&module.key)) {
            *entry = module.block.clone();
        }
    }
    merged
}

fn check_logging<'a>(block: &'a Value, problems: &'a Problems<'a>) {
    if let Some(section) = Section::of("logging", block, problems) {
        section.object("appenders");
        section.object("categories");
    }
}

fn read_http_server<'a>(infrastructure: &'a Value, mode: ServerMode, problems: &'a Problems<'a>) -> Option<HttpServer> {
    let section = Section::of("infrastructure", infrastructure, problems)?;
    section.refuse_unknown(&["httpServer"]);
    http_server::read(section.map().get("httpServer")?, mode, problems)
}

fn core_http_api(modules: &[ModuleEntry]) -> Option<&ModuleEntry> {
    modules.iter().find(|module| module.kind == ModuleKind::CoreHttpApi && module.enabled)
}

fn what_is_served(modules: &[ModuleEntry]) -> CoreHttpApi {
    let Some(api) = core_http_api(modules) else { return CoreHttpApi { enabled: false, ..CoreHttpApi::default() } };
    let is_on = |pointer| api.block.pointer(pointer) == Some(&Value::Bool(true));
    CoreHttpApi {
        enabled: true,
        documentation: is_on("/docs/enabled"),
        persist_authorization: is_on("/docs/rapidoc/persistAuth"),
    }
}

/// A token for the Backbone goes nowhere else but in debug mode (`docs/protocol/07 §1.6`).
fn check_debugging(modules: &[ModuleEntry], debug: Option<bool>, problems: &Problems<'_>) {
    let sse = modules.iter().find(|module| module.kind == ModuleKind::Sse && module.enabled);
    if let Some(sse) = sse
        && debug == Some(false)
        && sse.block.get("baseUrlOverride").is_some()
    {
        problems.add(
            &format!("modules.{}.baseUrlOverride", sse.key),
            "is for debug mode only: remove it, or set debug to true.",
        );
    }
}

fn check_infrastructure(modules: &[ModuleEntry], http_server: Option<&HttpServer>, problems: &Problems<'_>) {
    if let (Some(api), Some(http_server)) = (core_http_api(modules), http_server)
        && !http_server.settings.enabled
    {
        problems.add(
            &format!("modules.{}", api.key),
            "needs infrastructure.httpServer.enabled: switch both on, or both off.",
        );
    }
}

/// The schema allows any further key at the top level, so that is no mistake; but it is hardly meant.
fn unknown_top_level(explicit: &Value) -> Vec<String> {
    let keys = explicit.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    keys.filter(|key| *key != "$schema" && !TOP_LEVEL.contains(key))
        .map(|key| format!("The configuration key {key} is unknown and has no effect."))
        .collect()
}

fn restore_texts(merged: &mut Value, origins: &BTreeMap<String, Origin>) {
    for (path, origin) in origins {
        let is_text = TEXTS.iter().any(|pattern| {
            pattern.split('.').count() == path.split('.').count()
                && pattern
                    .split('.')
                    .zip(path.split('.'))
                    .all(|(pattern, segment)| pattern == "*" || pattern == segment)
        });
        if !is_text {
            continue;
        }
        let mut target = Some(&mut *merged);
        for key in path.split('.') {
            target = target.and_then(|value| value.get_mut(key));
        }
        if let Some(target @ (Value::Number(_) | Value::Bool(_))) = target {
            *target = Value::from(origin.text.as_str());
        }
    }
}
