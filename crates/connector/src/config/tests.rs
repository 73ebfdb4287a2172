//! The sources together: precedence, defaults and the responses to mistakes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::test_machine::{KEY, Machine, PIN, minimal, module, with};

#[test]
fn four_keys_are_all_that_must_be_written() {
    let configuration = Machine::new().file("config.json", minimal()).load().unwrap();
    assert!(!configuration.http_server.mode.debug);
    assert_eq!(configuration.database.connection_string, "sqlite://./data");
    assert_eq!(configuration.database.name, "default");
    assert_eq!((configuration.http_server.settings.enabled, configuration.http_server.settings.port), (true, 80));
    assert_eq!(configuration.transport.platform_timeout, 60_000);
    assert!(!module(&configuration, "sync").enabled);
    assert!(module(&configuration, "coreHttpApi").enabled);
    assert_eq!(configuration.notices, []);
}

#[test]
fn only_debug_mode_serves_without_authentication() {
    let open = json!({"infrastructure": {"httpServer": {"authentication": {"apiKey": {"enabled": false}}}}});
    let problems = Machine::new().file("config.json", with(open.clone())).problems();
    assert!(problems.concat().contains("authentication is refused"), "{problems:?}");
    let debug = Machine::new().file("config.json", with(open)).variable("DEBUG", "true").load().unwrap();
    assert!(debug.http_server.mode.debug);
}

#[test]
fn without_any_source_every_mandatory_key_is_named_at_once() {
    let problems = Machine::new().problems();
    assert!(problems.len() == 1 && problems[0].contains("config.json (-c or"), "{problems:?}");
    let problems = Machine::new().file("config.json", json!({})).problems();
    assert_eq!(problems.len(), 4, "{problems:?}");
    for (problem, key) in problems.iter().zip(["baseUrl", "platformClientId", "platformClientSecret"]) {
        assert!(problem.starts_with(&format!("transportLibrary.{key} is missing: ")), "{problem}");
    }
    assert!(
        problems.last().unwrap().starts_with("infrastructure.httpServer.authentication is refused: "),
        "{problems:?}"
    );
}

#[test]
fn environment_beats_custom_file_beats_bundled_file_beats_defaults() {
    let bundled =
        json!({"database": {"dbName": "bundled"}, "modules": {"sync": {"interval": 1}, "own": {"enabled": false}}});
    let machine = Machine::new().file("program/bundled.config.json", &bundled).file("config.json", minimal());
    let configuration = machine.load().unwrap();
    assert_eq!(configuration.database.name, "bundled");
    assert_eq!(module(&configuration, "sync").block["interval"], 1);

    let machine = machine
        .file("config.json", with(json!({"database": {"dbName": "custom"}, "modules": {"sync": {"interval": 2}}})));
    let configuration = machine.load().unwrap();
    assert_eq!(configuration.database.name, "custom");
    assert_eq!(module(&configuration, "sync").block["interval"], 2);

    let configuration = machine.variable("DATABASE_NAME", "environment").load().unwrap();
    assert_eq!(configuration.database.name, "environment");
    assert_eq!(module(&configuration, "sync").block["interval"], 2);
    assert_eq!(configuration.modules.last().unwrap().key, "own");
}

#[test]
fn the_option_beats_the_variable_beats_the_working_directory() {
    let named = |name: &str| with(json!({"database": {"dbName": name}}));
    let machine = Machine::new()
        .file("config.json", named("directory"))
        .file("variable.json", named("variable"))
        .file("option.json", named("option"));
    assert_eq!(machine.load().unwrap().database.name, "directory");
    let machine = machine.variable("CUSTOM_CONFIG_LOCATION", "variable.json");
    assert_eq!(machine.load().unwrap().database.name, "variable");
    assert_eq!(machine.option("option.json").load().unwrap().database.name, "option");
}

#[test]
fn a_missing_file_is_empty_and_said_to_be_missing() {
    let machine = Machine::new()
        .option("absent.json")
        .variable("transportLibrary__baseUrl", "http://localhost")
        .variable("PLATFORM_CLIENT_ID", "id")
        .variable("PLATFORM_CLIENT_SECRET", "secret")
        .variable("infrastructure__httpServer__authentication__apiKey__keys", &json!({"a": {"key": KEY}}).to_string());
    let notices = machine.notices();
    assert_eq!(notices, ["The configuration file absent.json does not exist: it is taken as empty."]);
    let problems = Machine::new().option("absent.json").problems();
    assert!(problems.len() == 1 && problems[0].contains("there is no file") && problems[0].contains("absent.json"));
    let machine = Machine::new().option("absent.json").variable("PLATFORM_CLIENT_ID", "id");
    let problems = machine.problems();
    assert!(problems.last().unwrap().contains("No configuration file was read: there is no"), "{problems:?}");
}

#[test]
fn a_file_that_does_not_parse_is_named_with_the_place() {
    let error = Machine::new().file("config.json", "{\"debug\": tru}").load().unwrap_err().to_string();
    assert!(error.contains("config.json is not valid JSON") && error.contains("line 1 column"), "{error}");
    let error = Machine::new().file("config.json", "[]").load().unwrap_err().to_string();
    assert!(error.contains("must hold a JSON object, but it holds a list"), "{error}");
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    assert!(Machine::new().file("config.json", format!("\u{feff}{}", minimal())).load().is_ok());
}

#[test]
fn texts_from_the_environment_may_look_like_numbers() {
    let configuration = Machine::new()
        .file("config.json", minimal())
        .variable("DATABASE_NAME", "0123e4")
        .variable("PLATFORM_CLIENT_ID", "42")
        .variable("PLATFORM_CLIENT_SECRET", "1e3")
        .variable("infrastructure__httpServer__authentication__apiKey__keys__default__description", "123456")
        .load()
        .unwrap();
    assert_eq!(configuration.database.name, "0123e4");
    assert_eq!(configuration.transport.platform_client_id, "42");
    assert_eq!(configuration.merged["transportLibrary"]["platformClientSecret"], "1e3");
    let keys = &configuration.http_server.settings.authentication.api_key.keys;
    assert_eq!(keys["default"].description.as_deref(), Some("123456"));
}

#[test]
fn every_mistake_names_its_key_and_the_fix() {
    let cases = [
        (
            json!({"transportLibrary": {"baseUrl": "localhost"}}),
            "transportLibrary.baseUrl must start with http:// or https://",
        ),
        (json!({"transportLibrary": {"baseUrl": "http://a|b"}}), "transportLibrary.baseUrl must not contain"),
        (
            json!({"transportLibrary": {"baseUrl": "http://127.0.0.1:8090"}}),
            "transportLibrary.addressGenerationHostnameOverride",
        ),
        (json!({"transportLibrary": {"baseUrl": ""}}), "transportLibrary.baseUrl is empty"),
        (
            json!({"transportLibrary": {"baseURL": "x"}}),
            "transportLibrary.baseURL is not a known key: did you mean baseUrl?",
        ),
        (json!({"transportLibrary": {"realm": "id1"}}), "transportLibrary.realm was removed in 6.0"),
        (
            json!({"transportLibrary": {"platformTimeout": "1"}}),
            "transportLibrary.platformTimeout must be a whole number",
        ),
        (
            json!({"transportLibrary": {"platformAdditionalHeaders": {"X": 1}}}),
            "transportLibrary.platformAdditionalHeaders.X must be a text",
        ),
        (json!({"transportLibrary": []}), "transportLibrary must be an object, but it is a list"),
        (json!({"debug": "false"}), "debug must be true or false"),
        (json!({"database": {"connectionString": "mongodb://u:pw@h"}}), "database.connectionString names a MongoDB"),
        (json!({"database": {"connectionString": "mysql://h"}}), "does not start with sqlite:// or postgres://"),
        (json!({"database": {"driver": "mongodb"}}), "database.driver is \"mongodb\""),
        (json!({"database": {"driver": "lokijs", "folder": "x"}}), "database.folder belonged to the lokijs driver"),
        (json!({"database": {"dbNamePrefix": "acc-"}}), "database.dbNamePrefix was removed in 7.0"),
        (json!({"database": {"dbName": ""}}), "database.dbName is empty"),
        (json!({"infrastructure": {"amqp": {}}}), "infrastructure.amqp is not a known key"),
        (
            json!({"infrastructure": {"httpServer": {"apiKey": "x"}}}),
            "infrastructure.httpServer.apiKey was replaced in 7.0",
        ),
        (
            json!({"infrastructure": {"httpServer": {"port": "http"}}}),
            "infrastructure.httpServer.port must be a port number",
        ),
        (
            json!({"infrastructure": {"httpServer": {"host": "localhost"}}}),
            "infrastructure.httpServer.host must be the IP address",
        ),
        (json!({"infrastructure": {"httpServer": {"cors": {"origins": "*"}}}}), "infrastructure.httpServer.cors"),
        (
            json!({"infrastructure": {"httpServer": {"metrics": {"enable": true}}}}),
            "infrastructure.httpServer.metrics.enable is not a known key: did you mean enabled?",
        ),
        (
            json!({"infrastructure": {"httpServer": {"metrics": true}}}),
            "infrastructure.httpServer.metrics must be an object",
        ),
        (
            json!({"infrastructure": {"httpServer": {"eventStream": {"maxStreams": 10_001}}}}),
            "infrastructure.httpServer.eventStream.maxStreams must be a whole number from 0 to 10000.",
        ),
        (
            json!({"infrastructure": {"httpServer": {"port": 65536}}}),
            "infrastructure.httpServer.port must be a whole number from 0 to 65535",
        ),
        (
            json!({"infrastructure": {"httpServer": {"enabled": false}}}),
            "modules.coreHttpApi needs infrastructure.httpServer.enabled",
        ),
        (
            json!({"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"a": {}}}}}}}),
            "infrastructure.httpServer.authentication.apiKey.keys.a.key is missing",
        ),
        (
            json!({"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"default": {"expiresAt": "soon"}}}}}}}),
            "infrastructure.httpServer.authentication.apiKey.keys.default.expiresAt is not an ISO 8601 date",
        ),
        (
            json!({"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"a": {"key": "short"}}}}}}}),
            "infrastructure.httpServer.authentication.apiKey.keys is refused: the following API keys are too weak",
        ),
        (
            json!({"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"a": {"key": "k", "scopes": [1]}}}}}}}),
            "keys.a.scopes[0] must be a text, but it is a number",
        ),
        (
            json!({"infrastructure": {"httpServer": {"authentication": {"jwtBearer": {"audience": "x"}}}}}),
            "infrastructure.httpServer.authentication.jwtBearer is refused: ",
        ),
        (json!({"modules": {"sync": false}}), "modules.sync must be an object"),
        (json!({"modules": {"sync": {"enabled": "yes"}}}), "modules.sync.enabled must be true or false"),
        (
            json!({"modules": {"sse": {"enabled": true, "baseUrlOverride": "http://localhost:8090"}}}),
            "modules.sse.baseUrlOverride is for debug mode only",
        ),
        (
            json!({"modules": {"sse": {"enabled": true, "idleTimeout": "long"}}}),
            "modules.sse.idleTimeout must be a whole number",
        ),
        (
            json!({"modules": {"webhooks": {"enabled": true}, "webhooksV2": {"enabled": true}}}),
            "modules.webhooksV2 is the same module as modules.webhooks",
        ),
        (json!({"enforceCertificatePinning": 1}), "enforceCertificatePinning must be true or false"),
        (
            json!({"enforceCertificatePinning": true, "transportLibrary": {"baseUrl": "https://backbone.example.com"}}),
            "enforceCertificatePinning refuses the host of transportLibrary.baseUrl",
        ),
        (
            json!({"pinnedTLSCertificateSHA256Fingerprints": {"10.0.0.1": [PIN]}}),
            "pinnedTLSCertificateSHA256Fingerprints.10.0.0.1 must be a host name",
        ),
        (
            json!({"pinnedTLSCertificateSHA256Fingerprints": {"example.com": ["00"]}}),
            "pinnedTLSCertificateSHA256Fingerprints.example.com[0] must be a SHA-256 fingerprint",
        ),
        (json!({"logging": "debug"}), "logging must be an object"),
    ];
    for (changes, expected) in cases {
        let problems = Machine::new().file("config.json", with(changes.clone())).problems();
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{changes} gave {problems:?}");
    }
}

#[test]
fn a_mistake_from_the_environment_names_the_variable_and_keeps_its_value_to_itself() {
    let problems = Machine::new()
        .file("config.json", minimal())
        .variable("DATABASE_CONNECTION_STRING", "mongodb://user:hunter2@host")
        .variable("DEBUG", "express:*")
        .problems();
    assert!(
        problems.iter().any(|problem| problem.ends_with("[environment variable DATABASE_CONNECTION_STRING]")),
        "{problems:?}"
    );
    assert!(
        problems.iter().any(|problem| problem.starts_with("debug must be true or false")
            && problem.ends_with("[environment variable DEBUG]")),
        "{problems:?}"
    );
    assert!(!problems.concat().contains("hunter2"), "{problems:?}");
}

#[test]
fn both_databases_are_accepted() {
    for text in ["sqlite:///var/lib/connector", "sqlite://./x", "postgres://u:p@h:5432/d", "postgresql://h/d"] {
        let file = with(json!({"database": {"connectionString": text}}));
        assert_eq!(Machine::new().file("config.json", file).load().unwrap().database.connection_string, text);
    }
    let with_driver = with(json!({"database": {"driver": "sqlite", "connectionString": "sqlite://x"}}));
    assert!(Machine::new().file("config.json", with_driver).load().is_ok());
}

#[test]
fn an_address_as_host_needs_the_domain_of_the_backbone() {
    let changes =
        json!({"transportLibrary": {"baseUrl": "http://10.0.0.1", "addressGenerationHostnameOverride": "example.com"}});
    assert!(Machine::new().file("config.json", with(changes)).load().is_ok());
}

#[test]
fn certificates_are_pinned_as_configured() {
    let configuration = Machine::new().file("config.json", minimal()).load().unwrap();
    assert_eq!(configuration.transport.trust.pinning(), network::CertificatePinning::default());
    let changes = json!({
        "transportLibrary": {"baseUrl": "https://backbone.example.com"},
        "enforceCertificatePinning": true,
        "pinnedTLSCertificateSHA256Fingerprints": {"backbone.example.com": [PIN]}
    });
    let pinning = Machine::new().file("config.json", with(changes)).load().unwrap().transport.trust.pinning();
    assert!(pinning.enforce);
    assert!(pinning.fingerprints["backbone.example.com"].contains(PIN));
}

#[test]
fn the_core_api_and_its_documentation_have_switches() {
    let served = |api: Value| {
        let changes = json!({"modules": {"coreHttpApi": api}});
        Machine::new().file("config.json", with(changes)).load().unwrap().http_server.mode.core_api
    };
    let default = rest_api::CoreHttpApi::default();
    assert_eq!(served(json!({})), default);
    assert!(!served(json!({"enabled": false, "docs": {"enabled": true}})).enabled);
    let documented = rest_api::CoreHttpApi { documentation: true, ..default };
    assert_eq!(served(json!({"docs": {"enabled": true}})), documented);
    let persistent = rest_api::CoreHttpApi { persist_authorization: true, ..documented };
    assert_eq!(served(json!({"docs": {"enabled": true, "rapidoc": {"persistAuth": true}}})), persistent);
}

#[test]
fn another_address_for_events_is_for_debug_mode() {
    let changes =
        json!({"debug": true, "modules": {"sse": {"enabled": true, "baseUrlOverride": "http://localhost:8090"}}});
    assert!(Machine::new().file("config.json", with(changes)).load().is_ok());
}

#[test]
fn an_unknown_module_is_told_what_to_use_instead_in_one_message() {
    let changes = json!({"modules": {"crm": {"enabled": true, "location": "@acme/crm-module"}}});
    let notices = Machine::new().file("config.json", with(changes)).notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    for text in [
        "modules.crm",
        "@acme/crm-module",
        "modules.webhooks",
        "modules.messageBrokerPublisher",
        "event stream",
        "REST",
    ] {
        assert!(notice.contains(text), "{text}: {notice}");
    }
}

#[test]
fn of_a_module_and_its_former_name_one_runs() {
    let changes = json!({"modules": {
        "autoAcceptPendingRelationships": {"enabled": true},
        "autoAcceptRelationshipCreationChanges": {"enabled": true, "responseContent": {"a": 1}}
    }});
    let configuration = Machine::new().file("config.json", with(changes)).load().unwrap();
    assert!(module(&configuration, "autoAcceptPendingRelationships").enabled);
    assert!(!module(&configuration, "autoAcceptRelationshipCreationChanges").enabled);
    let about = |text: &str| configuration.notices.iter().filter(|notice| notice.to_string().contains(text)).count();
    assert_eq!((about("is switched off"), about("do not read it")), (1, 1), "{:?}", configuration.notices);
}

#[test]
fn sync_steps_back_for_sse() {
    let changes = json!({"modules": {"sync": {"enabled": true}, "sse": {"enabled": true}}});
    let configuration = Machine::new().file("config.json", with(changes)).load().unwrap();
    assert!(!module(&configuration, "sync").enabled);
    assert!(module(&configuration, "sse").enabled);
    assert!(configuration.notices.iter().any(|notice| notice.to_string().contains("modules.sync is switched off")));
}

#[test]
fn modules_that_do_not_run_are_noticed_and_stop_nothing() {
    let changes = json!({"modules": {
        "attributeListener": {"enabled": true},
        "PubSubPublisher": {"enabled": false},
        "own": {"enabled": true, "location": "./own/module"},
        "broken": {"enabled": "perhaps"},
        "nothing": 1
    }});
    let configuration = Machine::new().file("config.json", with(changes)).load().unwrap();
    let about = |key: &str| {
        configuration.notices.iter().filter(|notice| notice.to_string().contains(&format!("modules.{key}"))).count()
    };
    assert_eq!(about("attributeListener"), 1);
    assert_eq!(about("PubSubPublisher"), 0);
    assert_eq!(about("own"), 1);
    assert_eq!(about("broken"), 1);
    assert_eq!(about("nothing"), 1);
    assert!(configuration.notices.iter().any(|notice| notice.to_string().contains("does not have the module")));
    for key in ["attributeListener", "own", "decider"] {
        assert!(!module(&configuration, key).enabled, "{key}");
        assert_eq!(configuration.merged["modules"][key]["enabled"], false, "{key}");
    }
}

#[test]
fn publishers_of_earlier_versions_run_with_one_warning_that_names_the_successor() {
    for (key, location, keys) in [
        ("amqpPublisher", "amqpPublisher/AMQPPublisherModule", "url, exchange and timeout"),
        ("PubSubPublisher", "pubSubPublisher/PubSubPublisherModule", "projectId, keyFile and topic"),
        ("pubSubPublisher", "@nmshd/connector:PubSubPublisherModule", "projectId, keyFile and topic"),
        ("mine", "@nmshd/connector:AMQPPublisherModule", "url, exchange and timeout"),
    ] {
        let settings = if keys.starts_with("url") {
            json!({"enabled": true, "location": location, "url": "amqp://localhost"})
        } else {
            json!({"enabled": true, "location": location, "projectId": "p", "topic": "t", "keyFile": "/key.json"})
        };
        let changes = json!({"modules": {key: settings}});
        let configuration = Machine::new().file("config.json", with(changes)).load().unwrap();
        assert!(module(&configuration, key).enabled, "{key}");
        let notices: Vec<_> = configuration.notices.iter().map(ToString::to_string).collect();
        let notices: Vec<_> = notices.iter().filter(|notice| notice.starts_with(&format!("modules.{key} "))).collect();
        let [notice] = notices[..] else { unreachable!("one warning: {notices:?}") };
        assert!(notice.contains("modules.messageBrokerPublisher") && notice.contains(keys), "{notice}");
    }
}

#[test]
fn mistakes_in_the_settings_of_modules_are_among_the_others() {
    let changes = json!({"database": {"dbName": ""}, "modules": {"sync": {"enabled": true, "interval": "often"}}});
    let problems = Machine::new().file("config.json", with(changes)).problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems.iter().any(|problem| problem.starts_with("modules.sync.interval must be a whole number")),
        "{problems:?}"
    );
}

#[test]
fn a_value_knows_its_source() {
    let machine = Machine::new()
        .file("program/bundled.config.json", json!({"modules": {"own": {"enabled": false}}, "debug": true}))
        .file("config.json", with(json!({"debug": false, "modules": {"own": {"enabled": false, "a": 1}}})))
        .variable("modules__sync", "{\"enabled\":true}")
        .variable("modules__sync__interval", "7");
    let configuration = machine.load().unwrap();
    let source = |path: &str| configuration.provenance.of(&path.split('.').collect::<Vec<_>>()).to_string();
    assert!(source("debug").ends_with("config.json") && !source("debug").contains("bundled"), "{}", source("debug"));
    assert!(source("modules.own.a").ends_with("config.json"), "{}", source("modules.own.a"));
    assert_eq!(source("modules.sync.interval"), "environment variable modules__sync__interval");
    assert_eq!(source("modules.sync.enabled"), "environment variable modules__sync");
    assert_eq!(source("modules.sync.location"), "default");
    assert_eq!(source("database.dbName"), "default");
    assert_eq!(configuration.provenance.files().count(), 2);
}

#[test]
fn modules_are_known_by_location_in_every_form_it_had() {
    let changes = json!({"modules": {
        "pull": {"enabled": true, "location": "sync/SyncModule"},
        "webhooksV2": {"enabled": true, "location": "webhooks/WebhooksModule"}
    }});
    let configuration = Machine::new().file("config.json", with(changes)).load().unwrap();
    assert!(module(&configuration, "pull").is("sync"));
    assert!(module(&configuration, "webhooksV2").is("webhooks"));
    assert!(
        configuration.notices.iter().any(|notice| notice.to_string().contains("its successor is modules.webhooks"))
    );
}

#[test]
fn an_unknown_top_level_key_is_noticed_and_the_schema_key_is_not() {
    let changes = json!({"$schema": "x", "transportlibrary": {}});
    let notices = Machine::new().file("config.json", with(changes)).notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    let expected = "transportlibrary is not a known key and has no effect: did you mean transportLibrary? [";
    assert!(notice.starts_with(expected) && notice.ends_with("config.json]"), "{notice}");
}

#[test]
fn the_process_environment_does_not_become_configuration() {
    let configuration =
        Machine::new().file("config.json", minimal()).variable("AWS_SECRET_ACCESS_KEY", "hunter2").load().unwrap();
    assert!(!configuration.merged.to_string().contains("hunter2"));
    assert!(!format!("{configuration:?}").contains("secret"));
}
