use std::env;
use std::path::Path;

use brokers::amqp::{AmqpConfig, AmqpTarget};
use brokers::nats::{NatsConfig, NatsTarget};
use brokers::redis::{RedisConfig, RedisTarget};
use delivery::Target;
use network::{CertificatePinning, Trust};
use serde_json::json;
use system_tests::{Broker, BrokerKind, Consumer, free_port};
use tokio::process::Command;

use crate::{EVENT, message, unreachable};

/// Passes the servers to the process that trusts their authority.
const SERVERS: &str = "TEST_TLS_SERVERS";

const BODY: &str = r#"{"secure":true}"#;

async fn deliver(targets: Vec<Box<dyn Target>>, id: &str) {
    for target in targets {
        target.deliver(&message(id, EVENT, Some(BODY))).await.unwrap();
        target.close().await;
    }
}

/// A certification authority and a certificate for `localhost`.
async fn make_certificates(folder: &Path) {
    let openssl = async |arguments: &str| {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2")).await;
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost")).await;
    let sign =
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names";
    openssl(sign).await;
}

fn targets(urls: &[&str], trust: &Trust) -> Vec<Box<dyn Target>> {
    let target = |url: &&str| -> Box<dyn Target> {
        let configuration = json!({ "url": url });
        match url.split_once(':').unwrap().0 {
            "amqps" => {
                // The default would be too short for a login on a busy machine.
                let configuration = json!({ "url": url, "timeout": 60_000 });
                let config = AmqpConfig::parse("configuration", &configuration).unwrap();
                Box::new(AmqpTarget::new(config.trusting(trust.clone())))
            }
            "rediss" => {
                let config = RedisConfig::parse("configuration", &configuration).unwrap();
                Box::new(RedisTarget::new(config.trusting(trust.clone())))
            }
            _ => {
                let config = NatsConfig::parse("configuration", &configuration).unwrap();
                Box::new(NatsTarget::new(config.trusting(trust.clone())))
            }
        }
    };
    urls.iter().map(target).collect()
}

#[tokio::test]
async fn certificates_are_checked() {
    // The second run, as a process that trusts the authority: trust is read only once.
    if let Ok(urls) = env::var(SERVERS) {
        deliver(targets(&urls.split(' ').collect::<Vec<_>>(), &Trust::default()), "EVT2").await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path()).await;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (authority, certificate, key) = (file("ca.pem"), file("server.pem"), file("server.key"));

    let (amqps, rediss) = (free_port().unwrap(), free_port().unwrap());
    let configuration = format!(
        "listeners.ssl.1 = 127.0.0.1:{amqps}\nssl_options.cacertfile = {authority}\nssl_options.certfile = {certificate}\n\
         ssl_options.keyfile = {key}\nssl_options.verify = verify_none\n"
    );
    let rabbitmq = Broker::start_with(BrokerKind::RabbitMq, &[], &configuration).await.unwrap();
    let arguments = ["--tls-port", &rediss.to_string(), "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let arguments = [&arguments[..], &["--tls-ca-cert-file", &authority, "--tls-auth-clients", "no"]].concat();
    let redis = Broker::start_with(BrokerKind::Redis, &arguments, "").await.unwrap();
    let arguments = ["--tls", "--tlscert", &certificate, "--tlskey", &key];
    let nats = Broker::start_with(BrokerKind::Nats, &arguments, "").await.unwrap();

    let options = json!({ "url": rabbitmq.url(), "queue": EVENT });
    let mut amqp_consumer = Consumer::start("amqp", &options).await.unwrap();
    let options = json!({ "url": redis.url(), "pattern": "*" });
    let mut redis_consumer = Consumer::start("redis", &options).await.unwrap();
    let tls = format!("tls://localhost:{}", nats.port());
    let options = json!({ "url": tls, "authority": authority, "stream": "EVENTS", "subjects": ["transport.>"] });
    let mut nats_consumer = Consumer::start("nats", &options).await.unwrap();

    let urls = [format!("amqps://localhost:{amqps}"), format!("rediss://localhost:{rediss}"), tls];
    for target in targets(&urls.each_ref().map(String::as_str), &Trust::default()) {
        let text = unreachable(target.deliver(&message("EVT1", EVENT, None)).await);
        assert!(text.contains("certificate"), "{text}");
    }
    let own = Trust::new(&CertificatePinning::default(), network::read_authorities(Path::new(&authority)).unwrap());
    deliver(targets(&urls.each_ref().map(String::as_str), &own), "EVT1").await;
    let mut trusting = Command::new(env::current_exe().unwrap());
    trusting.args(["--exact", "tls::certificates_are_checked"]);
    trusting.env(SERVERS, urls.join(" ")).env("SSL_CERT_FILE", authority);
    let output = trusting.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    for _ in ["from those who have the authority beside others", "from those who have it in their place"] {
        assert_eq!(amqp_consumer.next().await.unwrap()["body"], BODY);
        assert_eq!(redis_consumer.next().await.unwrap()["message"], BODY);
        assert_eq!(nats_consumer.next().await.unwrap()["body"], BODY);
    }
}
