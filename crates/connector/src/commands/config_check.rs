//! `connector config check`: the problems that `start` would report in the configuration, and the sources of its
//! values.

use std::process::ExitCode;

use serde_json::json;
use settings::Problem;

use crate::cli::ConfigCheckOptions;
use crate::config::{self, ConfigError, Configuration, ROOT, Source, Sources};
use crate::output;

const TITLE: &str = "Configuration of the enmeshed Connector";

/// Fails with the list of all mistakes.
pub(crate) fn run(options: ConfigCheckOptions) -> anyhow::Result<ExitCode> {
    let configuration = config::load(&Sources::of_process(options.config.path));
    if options.json {
        return Ok(print_json(&configuration));
    }
    let configuration = configuration?;
    output::say("The configuration is valid.");
    output::say(format_args!("It comes from {}.", sources(&configuration)));
    for notice in &configuration.notices {
        output::say(format_args!("Note: {notice}"));
    }
    if options.show {
        output::say("");
        for line in lines(&configuration) {
            output::say(line);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The same as JSON for programs.
fn print_json(configuration: &Result<Configuration, ConfigError>) -> ExitCode {
    let problems: Vec<Problem> = match configuration {
        Ok(configuration) => configuration.notices.clone(),
        Err(error) => error.problems(),
    };
    let answer = json!({ "valid": configuration.is_ok(), "problems": problems });
    output::say(format_args!("{answer:#}"));
    if configuration.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The JSON schema of configuration files, for editors.
pub(crate) fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&settings::schema(TITLE, &ROOT)).unwrap_or_default();
    text.push('\n');
    text
}

/// The files and variables, as text.
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

/// One line per setting, without values that may be secret.
fn lines(configuration: &Configuration) -> Vec<String> {
    let authentication = &configuration.http_server.settings.authentication;
    let shown = rest_api::with_states(config::shown(&configuration.merged), authentication);
    let mut lines = Vec::new();
    crate::config::each_setting(&shown, &mut Vec::new(), &mut |path, value| {
        let source = configuration.provenance.of(path);
        // A value that was not written by anybody is not a secret.
        let default = || path.iter().try_fold(&configuration.merged, |value, key| value.get(key));
        let value = if source == Source::Default { default().unwrap_or(value) } else { value };
        lines.push(format!("{} = {value}  [{source}]", path.join(".")));
    });
    lines
}
