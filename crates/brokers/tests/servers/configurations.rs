use brokers::amqp::AmqpConfig;
use brokers::mqtt::MqttConfig;
use brokers::nats::NatsConfig;
use brokers::redis::RedisConfig;
use proptest::prelude::*;
use serde_json::{Map, Value};
use settings::Mistakes;

const KEY: &str = "modules.messageBrokerPublisher.brokers[0].configuration";
/// Part of every URL, in the place of its password, if that is one.
const SECRET: &str = "s3cr3t";
/// Part of every other text.
const OTHER: &str = "oth3r";
const MEMBERS: [&str; 15] = [
    "url",
    "exchange",
    "timeout",
    "mandatory",
    "stream",
    "maxLength",
    "subject",
    "token",
    "credentialsFile",
    "qos",
    "clientId",
    "retain",
    "keepAlive",
    "other",
    "",
];

/// A random text that resembles a URL.
fn url() -> impl Strategy<Value = String> {
    let scheme = prop_oneof!["amqps?", "rediss?", "mqtts?", "wss?", "nats", "tls", "http", ""];
    let host = prop_oneof!["[a-z]{1,8}", "\\[::1\\]", "127.0.0.1", ""];
    (scheme, "(://|:|/)?", ".{0,4}", "[@%:#?/,]{0,2}", host, "(:[0-9]{1,6})?", "[/?#%,]{0,2}.{0,6}").prop_map(
        |(scheme, colon, user, at, host, port, rest)| {
            let colon = if colon.is_empty() { "://".to_owned() } else { colon };
            format!("{scheme}{colon}{user}:{SECRET}{at}@{host}{port}{rest}")
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => ".{0,6}".prop_map(|text| Value::String(format!("{text}{OTHER}"))),
        1 => "[a-z.{}*> ]{0,6}".prop_map(|text| Value::String(format!("{text}{{{{trigger}}}}{OTHER}"))),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
        1 => Just(Value::String(String::new())),
        1 => Just(Value::Array(vec![Value::String(OTHER.to_owned())])),
    ]
}

fn configuration() -> impl Strategy<Value = Value> {
    let url = prop_oneof![9 => url().prop_map(Value::String), 1 => value()];
    let members = prop::collection::vec((prop::sample::select(&MEMBERS[1..]), value()), 0..4);
    (prop::option::of(url), members).prop_map(|(url, members)| {
        let url = url.map(|url| ("url", url));
        let members = members.into_iter().chain(url).map(|(name, value)| (name.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>())
    })
}

/// Checks that mistakes name members of the configuration but no values.
fn check_mistakes(mistakes: &Mistakes) {
    for mistake in &mistakes.0 {
        let path = mistake.path.to_string();
        let member = path.strip_prefix(KEY).and_then(|rest| rest.strip_prefix('.'));
        assert!(member.is_some_and(|member| MEMBERS.contains(&member)), "{mistake}");
        assert!(![SECRET, OTHER].iter().any(|text| mistake.to_string().contains(text)), "{mistake}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn any_configuration_is_read_or_refused_without_telling_a_secret(configuration in configuration()) {
        let texts = |texts: Result<[String; 3], Mistakes>| match texts {
            Ok(texts) => assert!(texts.iter().all(|text| !text.contains(SECRET)), "{texts:?}"),
            Err(mistakes) => check_mistakes(&mistakes),
        };
        texts(AmqpConfig::parse(KEY, &configuration).map(|it| [it.endpoint(), it.fingerprint(), format!("{it:?}")]));
        texts(MqttConfig::parse(KEY, &configuration).map(|it| [it.endpoint(), it.fingerprint(), format!("{it:?}")]));
        texts(NatsConfig::parse(KEY, &configuration).map(|it| [it.endpoint(), it.fingerprint(), format!("{it:?}")]));
        texts(RedisConfig::parse(KEY, &configuration).map(|it| [it.endpoint(), it.fingerprint(), format!("{it:?}")]));
    }

    #[test]
    fn a_password_is_in_no_text_of_a_configuration(
        user in "[a-zA-Z0-9]{1,8}",
        password in "[!$&'()*+,;=a-z0-9]{0,4}s3cr3t",
        host in "[a-z]{1,10}",
        port in 1_u16..,
    ) {
        let url = |scheme: &str| format!("{scheme}://{user}:{password}@{host}:{port}");
        let read = |scheme: &str| serde_json::json!({ "url": url(scheme) });
        let amqp = AmqpConfig::parse(KEY, &read("amqps")).unwrap();
        let redis = RedisConfig::parse(KEY, &read("rediss")).unwrap();
        let texts = [
            amqp.endpoint(), amqp.fingerprint(), format!("{amqp:?}"),
            redis.endpoint(), redis.fingerprint(), format!("{redis:?}"),
        ];
        for text in texts {
            prop_assert!(!text.contains(SECRET), "{}", text);
            prop_assert!(text.contains(&host) || !text.contains("://"), "{}", text);
        }
        // There, a comma separates servers.
        if !password.contains(',') {
            let nats = NatsConfig::parse(KEY, &read("tls")).unwrap();
            for text in [nats.endpoint(), nats.fingerprint(), format!("{nats:?}")] {
                prop_assert!(!text.contains(SECRET), "{}", text);
            }
        }
    }
}
