use crate::installation::Installation;

#[test]
fn a_valid_configuration_is_shown_with_its_sources_and_without_its_secrets() {
    let mut installation = Installation::sqlite("http://localhost:1");
    installation.deliver_to("https://user:webhook-s3cret@localhost:1/{{trigger}}");
    installation.set("DATABASE_NAME", "4711");
    installation.set("modules__sync", "{\"enabled\":true}");
    let before = installation.files();

    let said = installation.run(&["config", "check"]);
    let expected = "The configuration is valid.\nIt comes from the file config.json, the environment variables \
                    DATABASE_NAME, modules__sync, the defaults.\n";
    said.answered(expected);

    let said = installation.run(&["config", "check", "--show"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for line in [
        "database.dbName = \"4711\"  [environment variable DATABASE_NAME]",
        "database.connectionString = \"***\"  [config.json]",
        "transportLibrary.baseUrl = \"http://localhost:1\"  [config.json]",
        "transportLibrary.platformClientSecret = \"***\"  [config.json]",
        "transportLibrary.platformTimeout = 60000  [default]",
        "transportLibrary.debug = false  [default]",
        "infrastructure.httpServer.authentication.apiKey = \"redacted (enabled)\"  [config.json]",
        "modules.sync.enabled = true  [environment variable modules__sync]",
        "modules.sync.interval = 60  [default]",
        "modules.webhooks.targets.everything.url = \"***\"  [config.json]",
    ] {
        assert!(said.out.lines().any(|said| said == line), "{line} in {}", said.out);
    }
    assert_eq!(installation.files(), before);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut installation = Installation::sqlite("https://user:0auth-client-secret@backbone.example.com");
    installation.change(|file| {
        file["database"]["dbName"] = "no/name".into();
        file["modules"]["webhooks"] = serde_json::json!({"enabled": true, "targets": {"a": {"url": "nowhere"}}});
    });
    installation.set("transportLibrary__platformTimeout", "long");
    let said = installation.run(&["config", "check"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    for expected in [
        "transportLibrary.baseUrl must not contain a user name or a password",
        "transportLibrary.platformTimeout (set by the environment variable transportLibrary__platformTimeout) must be",
        "database.dbName 'no/name' is not usable",
        "modules.webhooks.targets.a.url",
    ] {
        assert!(said.err.contains(expected), "{expected} in {}", said.err);
    }
}

#[test]
fn what_has_no_effect_is_noted() {
    let installation = Installation::sqlite("http://localhost:1");
    installation.change(|file| {
        file["modules"]["own"] = serde_json::json!({"enabled": true, "location": "./own"});
        file["logging"]["appenders"]["mail"] = serde_json::json!({"type": "smtp"});
        file["logging"]["categories"] = serde_json::json!({"default": {"appenders": ["mail"], "level": "INFO"}});
    });
    let said = installation.run(&["config", "check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Note: modules.own is unknown"), "{said:?}");
    assert!(said.out.lines().any(|line| line.starts_with("Note: ") && line.contains("mail")), "{said:?}");
}
