//! From merged sources to a [`Configuration`]: every check of `docs/protocol/07 §1.3` and `§1.5`.

use ::transport::TransportConfig;
use modules::Role;
use rest_api::{CoreHttpApi, ServerMode};
use serde_json::Value;
use settings::{Kind, Node, Path, Problem, Report, Severity, Wrong, check, normalise};

use super::environment::Environment;
use super::module::ModuleEntry;
use super::sources::{Layers, Surroundings};
use super::table::ROOT;
use super::transport::lacks_pin;
use super::{
    ConfigError, Configuration, Database, HttpServer, Provenance, database, http_server, module, transport, trust,
};
use crate::logging::Plan;

pub(super) fn validate(layers: Layers) -> Result<Configuration, ConfigError> {
    let Layers { mut merged, explicit, files, environment, missing_file, looked_for, surroundings } = layers;
    if let Some(file) = looked_for.as_ref().filter(|_| environment.origins.is_empty()) {
        return Err(ConfigError::Nothing { file: file.clone(), notices: environment.notices });
    }
    let Environment { layer, origins, notices } = environment;
    normalise(&Kind::Section(ROOT), &mut merged, &|path| {
        origins.get(&path.to_string()).map(|origin| origin.text.clone())
    });

    let report = Report::default();
    notices.into_iter().for_each(|notice| report.add(notice));
    if let Some(file) = &missing_file {
        report.note(format!("The configuration file {file} does not exist: it is taken as empty."));
    }
    let root = Node::new(Path::default(), &merged, &report);
    let settings = read(&root, &explicit, surroundings.as_ref());
    let provenance = Provenance { files, environment: layer, origins };
    let is_valid = report.errors() == 0;
    let mut problems = report.into_problems();
    for problem in &mut problems {
        problem.source = provenance.of_problem(problem);
    }
    match settings {
        Some(settings) if is_valid => Ok(Configuration {
            transport: settings.transport,
            database: settings.database,
            logging: merged.get("logging").cloned().unwrap_or_default(),
            http_server: settings.http_server,
            notices: problems,
            merged: in_force(merged, &settings.modules),
            modules: settings.modules,
            provenance,
        }),
        _ => {
            let nothing_read = match (looked_for, missing_file) {
                (Some(file), _) => Some(format!("(No configuration file was read: there is no {file}.)")),
                (None, Some(file)) => {
                    Some(format!("(The configuration file {file} does not exist; nothing was read from it.)"))
                }
                (None, None) => None,
            };
            problems.extend(nothing_read.map(|text| Problem::general(Severity::Error, text)));
            Err(ConfigError::Invalid(problems))
        }
    }
}

/// The parsed blocks.
struct Settings {
    transport: TransportConfig,
    database: Database,
    http_server: HttpServer,
    modules: Vec<ModuleEntry>,
}

fn read(root: &Node<'_>, explicit: &Value, surroundings: Option<&Surroundings>) -> Option<Settings> {
    check(&Kind::Section(ROOT), root);
    let debug = root.boolean("debug");
    let trust = trust::read(root, surroundings);
    let pinning = trust.pinning();
    let transport = root.member("transportLibrary").and_then(|section| transport::read(&section, trust));
    if let Some(transport) = transport.as_ref().filter(|transport| lacks_pin(&pinning, &transport.base_url)) {
        refuse_backbone(root, &transport.base_url);
    }
    let database = root.member("database").and_then(|section| database::read(&section));
    note_logging(root);
    let modules = root.member("modules").map(|section| module::read(&section, explicit)).unwrap_or_default();
    crate::enabled_modules::make(&modules, &network::Trust::default(), root.report());
    note_files(&modules, surroundings, root.report());
    check_debugging(&modules, debug, root);
    let mode = ServerMode { debug: debug.unwrap_or_default(), core_api: what_is_served(&modules) };
    let http_server = root.member("infrastructure").and_then(|section| section.member("httpServer"));
    let http_server = http_server.and_then(|section| http_server::read(&section, mode));
    check_infrastructure(&modules, http_server.as_ref(), root);
    Some(Settings { transport: transport?, database: database?, http_server: http_server?, modules })
}

/// Enforced pins without one for the Backbone would refuse every call to it.
fn refuse_backbone(root: &Node<'_>, base_url: &str) {
    let message = format!("refuses the host of transportLibrary.baseUrl, {base_url}");
    let fix = "name its certificate in pinnedTLSCertificateSHA256Fingerprints";
    root.mistake_at("enforceCertificatePinning", Wrong::new(message).fix(fix));
}

/// Diagnostics show which modules run, not which were requested.
fn in_force(mut merged: Value, modules: &[ModuleEntry]) -> Value {
    for module in modules {
        if let Some(entry) = merged.get_mut("modules").and_then(|entries| entries.get_mut(&module.key)) {
            *entry = module.block.clone();
        }
    }
    merged
}

/// Reports the parts of the logging configuration that have no effect, if it can be read at all.
fn note_logging(root: &Node<'_>) {
    if let Some(logging) = root.member("logging").filter(|logging| logging.map().is_some()) {
        for notice in Plan::from_log4js(logging.value()).notices {
            root.report().add(notice);
        }
    }
}

/// Reports files that prevent a broker from receiving anything.
fn note_files(modules: &[ModuleEntry], surroundings: Option<&Surroundings>, report: &Report) {
    let Some(surroundings) = surroundings else { return };
    let unreadable =
        |file: &std::path::Path| std::fs::File::open(surroundings.resolve(file)).err().map(|error| error.to_string());
    crate::enabled_modules::unreadable_files(modules, unreadable).into_iter().for_each(|notice| report.note(notice));
}

fn core_http_api(modules: &[ModuleEntry]) -> Option<&ModuleEntry> {
    let serves = |module: &&ModuleEntry| matches!(module.description.map(|module| module.role), Some(Role::Serves));
    modules.iter().filter(serves).find(|module| module.enabled)
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

/// Outside debug mode, a token for the Backbone is sent nowhere else (`docs/protocol/07 §1.6`).
fn check_debugging(modules: &[ModuleEntry], debug: Option<bool>, root: &Node<'_>) {
    for module in modules.iter().filter(|module| module.enabled && debug == Some(false)) {
        let settings = module.description.map(|description| description.for_debugging).unwrap_or_default();
        for key in settings.iter().filter(|key| module.block.get(**key).is_some()) {
            let wrong = Wrong::new("is for debug mode only").fix("remove it, or set debug to true");
            root.mistake_below(&["modules", &module.key, key], wrong);
        }
    }
}

fn check_infrastructure(modules: &[ModuleEntry], http_server: Option<&HttpServer>, root: &Node<'_>) {
    if let (Some(api), Some(http_server)) = (core_http_api(modules), http_server)
        && !http_server.settings.enabled
    {
        let wrong = Wrong::new("needs infrastructure.httpServer.enabled").fix("switch both on, or both off");
        root.mistake_below(&["modules", &api.key], wrong);
    }
}
