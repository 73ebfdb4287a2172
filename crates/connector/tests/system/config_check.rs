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
        "transportLibrary.platformTimeout must be a whole number",
        "but it is a text. [environment variable transportLibrary__platformTimeout]",
        "database.dbName 'no/name' is not usable",
        "modules.webhooks.targets.a.url is not an absolute http or https URL. \
         (error.runtime.modules.webhooks.invalidUrlFormat) [config.json]",
    ] {
        assert!(said.err.contains(expected), "{expected} in {}", said.err);
    }
}

#[test]
fn a_key_with_a_line_break_of_its_file_is_refused_by_check_and_start() {
    let installation = Installation::sqlite("http://localhost:1");
    installation.change(|file| {
        let key = &mut file["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"]["default"]["key"];
        *key = format!("{}\n", key.as_str().unwrap()).into();
        file["transportLibrary"]["platformAdditionalHeaders"] = serde_json::json!({"X-Gateway": "secret\n"});
        file["transportLibrary"]["platformClientId"] = "installation\n".into();
    });
    for command in [&["config", "check"][..], &["start"]] {
        let said = installation.run(command);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("the API key \"default\" begins or ends with white space"), "{said:?}");
        assert!(
            said.err.contains("transportLibrary.platformAdditionalHeaders.X-Gateway holds what a header cannot carry")
        );
    }
}

#[test]
fn brokers_that_would_get_nothing_are_noted() {
    let installation = Installation::sqlite("http://localhost:1");
    installation.change(|file| {
        let google = serde_json::json!({"projectId": "p", "topicName": "t", "keyFile": "/nowhere/key.json"});
        let nats = serde_json::json!({"url": "nats://localhost:1", "credentialsFile": "/nowhere/user.creds"});
        let brokers = serde_json::json!([
            {"type": "amqp", "configuration": {"url": "amqp://localhost:1"}},
            {"type": "Kafka", "configuration": {}},
            {"type": "PubSub", "configuration": google},
            {"type": "NATS", "configuration": nats}
        ]);
        file["modules"]["messageBrokerPublisher"] = serde_json::json!({"enabled": true, "brokers": brokers});
    });
    let said = installation.run(&["config", "check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for expected in [
        "Note: modules.messageBrokerPublisher.brokers[0].type is none of",
        "did you mean AMQP?",
        "Note: modules.messageBrokerPublisher.brokers[1].type is none of",
        "/nowhere/key.json, cannot be read",
        "/nowhere/user.creds, cannot be read",
    ] {
        assert!(said.out.contains(expected), "{expected} in {}", said.out);
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

/// The findings of issue 10: none of these used to be reported.
#[test]
fn slips_of_the_finger_are_named_with_what_was_meant() {
    let mut installation = Installation::sqlite("http://localhost:1");
    installation.change(|file| {
        file["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"]["default"]["scopes"] =
            serde_json::json!(["core:mesages", "core:*"]);
        file["modules"]["sync"] = serde_json::json!({"enabled": true, "enable": true});
        file["modules"]["webhooks"] = serde_json::json!({
            "enabled": true, "privateAdresses": "refuse", "redirects": "Follow",
            "targets": {"a": {"url": "http://localhost:1", "signingSecrets": ["s3cret"]}},
            "webhooks": [{"triggers": ["transport.mesageReceived", "transport.*"], "target": "a"}]
        });
        file["modules"]["messageBrokerPublisher"] = serde_json::json!({"enabled": true, "brokers": [
            {"type": "AMQP", "trigger": ["**"], "configuration": {"url": "amqp://localhost:1", "Exchange": "x"}}
        ]});
    });
    installation.set("MODULES__SSE__ENABLED", "true");
    let said = installation.run(&["config", "check", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["valid"], false);
    let problems = answer["problems"].as_array().unwrap();
    let keys = "infrastructure.httpServer.authentication.apiKey.keys.default.scopes[0]";
    for (key, fix) in [
        (keys, "did you mean core:messages?"),
        ("modules.sync.enable", "did you mean enabled?"),
        ("modules.webhooks.privateAdresses", "did you mean privateAddresses?"),
        ("modules.webhooks.redirects", "did you mean follow?"),
        ("modules.webhooks.targets.a.signingSecrets", "did you mean signingSecret?"),
        ("modules.webhooks.webhooks[0].triggers[0]", "did you mean transport.messageReceived?"),
        ("modules.messageBrokerPublisher.brokers[0].trigger", "did you mean triggers?"),
        ("modules.messageBrokerPublisher.brokers[0].configuration.Exchange", "did you mean exchange?"),
    ] {
        let problem = problems.iter().find(|problem| problem["key"] == key);
        let problem = problem.unwrap_or_else(|| panic!("{key} in {answer:#}"));
        assert_eq!((&problem["fix"], &problem["severity"]), (&fix.into(), &"error".into()), "{problem}");
        assert_eq!(problem["source"], "config.json");
    }
    let about_the_variable = problems.iter().find(|problem| problem["severity"] == "warning").unwrap();
    assert_eq!(about_the_variable["fix"], "did you mean modules__sse__enabled?");
    assert!(about_the_variable["message"].as_str().unwrap().contains("MODULES__SSE__ENABLED"));
    assert!(!said.out.contains("s3cret"), "{said:?}");

    let start = installation.run(&["start"]);
    assert_eq!(start.code, Some(1), "{start:?}");
    assert!(start.err.contains("modules.webhooks.privateAdresses is not a known key: did you mean privateAddresses?"));
}

#[test]
fn a_valid_configuration_and_an_unreadable_one_are_answers_for_programs_too() {
    let installation = Installation::sqlite("http://localhost:1");
    let said = installation.run(&["config", "check", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, answer), (Some(0), serde_json::json!({"valid": true, "problems": []})));
    std::fs::write(installation.path().join("config.json"), "{").unwrap();
    let said = installation.run(&["config", "check", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &answer["valid"]), (Some(1), &serde_json::json!(false)), "{said:?}");
    assert_eq!(answer["problems"][0]["source"], "config.json");
}

#[test]
fn the_schema_is_printed_for_editors() {
    let said = crate::support::connector().args(["config", "schema"]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let printed = String::from_utf8(said.stdout).unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config.schema.json");
    assert_eq!(printed, std::fs::read_to_string(path).unwrap());
    let schema: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let webhooks = &schema["properties"]["modules"]["properties"]["webhooks"];
    assert_eq!(webhooks["additionalProperties"], false);
    assert_eq!(webhooks["properties"]["privateAddresses"]["enum"], serde_json::json!(["allow", "refuse"]));
}
