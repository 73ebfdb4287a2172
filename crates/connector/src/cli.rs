//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};
use ipnet::IpNet;

/// One organisation's agent in the enmeshed network.
#[derive(Debug, Parser)]
#[command(
    name = "connector",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  connector dev                            try it out: a Backbone and two Connectors on this machine
  connector config check -c config.json    is the configuration right?
  connector doctor -c config.json          is everything right that a Connector needs?
  connector start -c config.json           run a Connector
  connector identity status                whose Connector is this?
  connector healthcheck                    for a container's health check

All commands are described in docs/command-line.md. Configuration keys, environment variables and defaults are described in docs/configuration.md."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Start(StartOptions),
    Dev(DevOptions),
    Backbone(BackboneOptions),
    Healthcheck(HealthcheckOptions),
    #[command(subcommand)]
    Config(ConfigCommand),
    Doctor(DoctorOptions),
    #[command(subcommand)]
    Identity(IdentityCommand),
    #[command(subcommand, name = "identityDeletion")]
    IdentityDeletion(IdentityDeletionCommand),
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigFile {
    /// The configuration file. Without it: the file that CUSTOM_CONFIG_LOCATION names, else ./config.json.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
}

/// Run a Connector.
///
/// It runs until it is told to stop by SIGTERM or Ctrl-C; told again, it stops at once. SIGHUP reloads API keys, log levels,
/// certificates and pins. The first start waits for the Backbone, if it has to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector start -c /etc/connector/config.json
  infrastructure__httpServer__port=8080 PLATFORM_CLIENT_SECRET=… connector start -c config.json

The smallest configuration file:
  {
    \"transportLibrary\": {
      \"baseUrl\": \"https://backbone.example.com\",
      \"platformClientId\": \"…\",
      \"platformClientSecret\": \"…\"
    },
    \"infrastructure\": {
      \"httpServer\": { \"authentication\": { \"apiKey\": { \"keys\": { \"default\": { \"key\": \"…\" } } } } }
    }
  }

Exit status: 0 after a stop signal, 1 when the start fails. Log levels can be overridden with RUST_LOG=debug.")]
pub(crate) struct StartOptions {
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    #[command(flatten)]
    pub(crate) supervision: Supervision,
}

/// Try it out: a Backbone and two Connectors on this machine, with a walk-through.
///
/// The Connectors are called A and B. Everything is kept in one folder; running the command again continues with the same Identities.
/// A Connector that dies is started again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector dev
  connector dev --data /tmp/try --backbone-port 0 --port-a 0 --port-b 0 --events-port 0

Ports, URLs, API keys and process ids are in DIR/dev.json and, for the shell, in DIR/dev.env; logs are in DIR/logs.")]
pub(crate) struct DevOptions {
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = "./connector-dev")]
    pub(crate) data: PathBuf,
    /// The Backbone's port (0: any free one).
    #[arg(long, value_name = "PORT", default_value_t = 8090)]
    pub(crate) backbone_port: u16,
    /// Connector A's port (0: any free one).
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) port_a: u16,
    /// Connector B's port (0: any free one).
    #[arg(long, value_name = "PORT", default_value_t = 8082)]
    pub(crate) port_b: u16,
    /// The port where received webhooks can be looked at (0: any free one).
    #[arg(long, value_name = "PORT", default_value_t = 8083)]
    pub(crate) events_port: u16,
    /// How often the Connectors ask the Backbone for news (0: at their start and on demand only).
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) sync_interval: u32,
}

/// Run the embedded Backbone, for development, tests and small installations.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector backbone --data ./backbone --client-id test --client-secret test
  CONNECTOR_BACKBONE_CLIENT_SECRET=… connector backbone --data /var/lib/backbone --client-id acme

Connectors name it as transportLibrary.baseUrl, for example \"http://localhost:8090\": the host name there must be
the --domain here, because identity addresses carry it.")]
pub(crate) struct BackboneOptions {
    /// The port to listen on (0: any free one; it is printed).
    #[arg(long, value_name = "PORT", default_value_t = 8090)]
    pub(crate) port: u16,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Where its database is kept.
    #[arg(long, value_name = "DIR", default_value = "./backbone-data")]
    pub(crate) data: PathBuf,
    /// The OAuth client id that Connectors use.
    #[arg(long, value_name = "ID", env = "CONNECTOR_BACKBONE_CLIENT_ID")]
    pub(crate) client_id: String,
    /// The OAuth client secret that Connectors use.
    #[arg(long, value_name = "SECRET", env = "CONNECTOR_BACKBONE_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) client_secret: String,
    /// The host name in the addresses of Identities.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub(crate) domain: String,
    /// A JSON file with tags, announcements, quotas and limits; see docs/backbone.md.
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_file: Option<PathBuf>,
    /// How many connections there may be at once. Each needs an open file (see `ulimit -n`).
    #[arg(long, value_name = "NUMBER", default_value_t = 800)]
    pub(crate) max_connections: usize,
    /// How many of them may come from one address; behind a proxy, all do (see --trusted-proxies).
    #[arg(long, value_name = "NUMBER", default_value_t = 600)]
    pub(crate) max_connections_per_address: usize,
    /// Addresses or networks of proxies, separated by commas, whose X-Forwarded-For tells where a request comes from.
    #[arg(long, value_name = "ADDRESSES", value_delimiter = ',', value_parser = address_or_network)]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// How large the database may become, in MiB, at least 32. Without it: as large as the disk.
    #[arg(long, value_name = "MIB", value_parser = value_parser!(u64).range(32..))]
    pub(crate) max_database_size: Option<u64>,
    #[command(flatten)]
    pub(crate) supervision: Supervision,
}

/// `10.0.0.0/8`, or `10.0.0.1` for this address only.
fn address_or_network(text: &str) -> Result<IpNet, &'static str> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|_| text.parse()).map_err(|_| "it must be an address or a network, such as 10.0.0.1 or 10.0.0.0/8")
}

/// Ask a running Connector whether it is healthy.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector healthcheck -c config.json
  HEALTHCHECK CMD [\"connector\", \"healthcheck\"]     (in a Dockerfile)

The port is taken from the configuration. Exit status: 0 healthy, 1 anything else.")]
pub(crate) struct HealthcheckOptions {
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    /// How long to wait for the answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) timeout: u64,
}

/// Look at the configuration.
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum ConfigCommand {
    Check(ConfigCheckOptions),
    /// Print the JSON Schema of a configuration file, with which editors complete and check it.
    ///
    /// It is also in the file config.schema.json. Name it in the configuration file as \"$schema\".
    #[command(after_help = "Example:
  connector config schema > config.schema.json
  { \"$schema\": \"./config.schema.json\", … }           (the first line of config.json)

What may come from environment variables is not required by it; `connector config check` knows more.")]
    Schema,
}

/// Read and validate the configuration as `start` does, and say everything that is wrong with it.
///
/// Neither the network nor the database is touched; files of certificates and credentials are looked at.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector config check -c /etc/connector/config.json
  modules__sync__interval=often connector config check     (names the variable that is wrong)
  connector config check --show | grep -v default          (what is configured, and where)
  connector config check --json | jq -r '.problems[] | .key + \": \" + .message'

Exit status: 0 when a start would accept the configuration, 1 otherwise.")]
pub(crate) struct ConfigCheckOptions {
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    /// Show every setting in force and where it comes from. Only what is known to be harmless is shown, *** stands for
    /// everything else.
    #[arg(long)]
    pub(crate) show: bool,
    /// Print one JSON object instead of lines: everything that is wrong, each with severity, key, source, message and fix.
    #[arg(long, conflicts_with = "show")]
    pub(crate) json: bool,
}

/// Examine everything a Connector needs, and say what to do about what is wrong.
///
/// Looks at the configuration, the database, the Backbone with its certificate and clock, the credentials, the port of the
/// REST interface, the API keys, and whether the targets of webhooks can be reached and message brokers let the Connector in.
/// Nothing is changed and nothing is delivered; a running Connector is not disturbed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  connector doctor -c config.json
  connector doctor --json | jq -r '.checks[] | select(.state == \"problem\") | .advice'
  docker exec my-connector connector doctor

Each check takes 5 seconds at most; what is independent is checked at the same time.
Exit status: 0 when there is no problem (warnings are none), 1 otherwise.")]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The Identity of a Connector.
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum IdentityCommand {
    /// Print the address of the Identity and, if it is to be deleted, when.
    ///
    /// Works beside a running Connector, and without the Backbone.
    #[command(after_help = "Example:
  connector identity status -c config.json

Exit status: 0, or 1 when there is no Identity or it cannot be read.")]
    Status(ConfigFile),
}

/// The deletion of the Identity.
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum IdentityDeletionCommand {
    /// Start the deletion of the Identity: it is deleted when the grace period of the Backbone is over.
    ///
    /// Until then the deletion can be cancelled, but nothing is received: the Backbone does not let the Identity synchronise.
    /// The service must be stopped.
    #[command(after_help = "Example:
  systemctl stop connector
  connector identityDeletion init -c config.json
  connector identity status -c config.json           (says when the grace period ends)

Exit status: 0, or 1 with the reason.")]
    Init(ConfigFile),
    /// Cancel the deletion of the Identity, within the grace period.
    ///
    /// The service must be stopped; start it afterwards.
    #[command(after_help = "Example:
  connector identityDeletion cancel -c config.json

Exit status: 0, or 1 with the reason.")]
    Cancel(ConfigFile),
}

/// How a parent process holds on to us.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Supervision {
    /// Stop when standard input is closed, so that no process outlives the one that started it.
    #[arg(long, hide = true)]
    pub(crate) stop_with_stdin: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_teaches() {
        let mut command = Cli::command().term_width(100);
        insta::assert_snapshot!("help", command.render_long_help());
        for name in [
            "start",
            "dev",
            "backbone",
            "healthcheck",
            "doctor",
            "config",
            "config check",
            "config schema",
            "identity",
            "identity status",
            "identityDeletion",
            "identityDeletion init",
            "identityDeletion cancel",
        ] {
            let found = name.split(' ').try_fold(&command, |command, name| command.find_subcommand(name));
            let mut subcommand =
                found.cloned().unwrap_or_default().term_width(100).bin_name(format!("connector {name}"));
            insta::assert_snapshot!(format!("help_{}", name.replace(' ', "_")), subcommand.render_long_help());
        }
    }
}
