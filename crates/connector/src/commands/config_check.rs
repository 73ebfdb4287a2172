//! `connector config check`: what `start` would say about the configuration, and where its values come from.

use serde_json::Value;

use crate::cli::ConfigCheckOptions;
use crate::config::{self, Configuration, Source, Sources};
use crate::logging::Plan;
use crate::output;

/// Fails with the list of everything that is wrong.
pub(crate) fn run(options: ConfigCheckOptions) -> anyhow::Result<()> {
    let configuration = config::load(&Sources::of_process(options.config.path))?;
    output::say("The configuration is valid.");
    output::say(format_args!("It comes from {}.", sources(&configuration)));
    for notice in notices(&configuration) {
        output::say(format_args!("Note: {notice}"));
    }
    if options.show {
        output::say("");
        for line in settings(&configuration) {
            output::say(line);
        }
    }
    Ok(())
}

/// What a start would warn of.
pub(crate) fn notices(configuration: &Configuration) -> Vec<String> {
    let logging = Plan::from_log4js(&configuration.logging).notices;
    configuration.notices.iter().cloned().chain(logging).collect()
}

/// Files and variables, in words.
pub(crate) fn sources(configuration: &Configuration) -> String {
    let mut parts: Vec<String> = configuration.provenance.files().map(|file| format!("the file {file}")).collect();
    let variables: Vec<&str> = configuration.provenance.variables().collect();
    match variables.len() {
        0 => {}
        1 => parts.push(format!("the environment variable {}", variables.concat())),
        _ => parts.push(format!("the environment variables {}", variables.join(", "))),
    }
    parts.push("the defaults".to_owned());
    parts.join(", ")
}

/// One line a setting, without what may be secret.
fn settings(configuration: &Configuration) -> Vec<String> {
    let authentication = &configuration.http_server.settings.authentication;
    let shown = rest_api::redacted(&configuration.merged, authentication);
    let mut lines = Vec::new();
    collect(&shown, &mut Vec::new(), &mut |path, value| {
        let source = configuration.provenance.of(path);
        // What nobody has written holds no secret of anybody.
        let default = || path.iter().try_fold(&configuration.merged, |value, key| value.get(key));
        let value = if source == Source::Default { default().unwrap_or(value) } else { value };
        lines.push(format!("{} = {value}  [{source}]", path.join(".")));
    });
    lines
}

fn collect<'a>(value: &'a Value, path: &mut Vec<&'a str>, found: &mut impl FnMut(&[&str], &Value)) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                path.push(name);
                collect(value, path, found);
                path.pop();
            }
        }
        other => found(path, other),
    }
}
