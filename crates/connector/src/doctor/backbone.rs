//! The Backbone: its name, the connection, its certificate, version and clock, and our login.

use std::time::Duration;

use ::network::proxy::Proxies;
use ::network::{CertificatePinning, Trust};
use core_types::{Clock as _, SystemClock, Timestamp};
use transport::{BackboneAnswer, StoredAccount, TransportConfig, TransportError};
use url::Url;

use super::finding::Finding;
use super::network::{self, Endpoint, Unreachable};
use super::{certificate, in_time, tls};
use crate::commands::first_contact::{ProxyLogin, proxy_login};

const CHECK: &str = "backbone";
const CERTIFICATE: &str = "certificate";
const CLOCK: &str = "clock";
const CREDENTIALS: &str = "credentials";

/// The clock differences that deserve attention, and that make things expire on the way. The Backbone reports its time
/// in whole seconds.
const REMARKABLE_SKEW: Duration = Duration::from_secs(10);
const HARMFUL_SKEW: Duration = Duration::from_mins(2);

/// The notice period before the expiry of a certificate.
const CERTIFICATE_NOTICE: Duration = Duration::from_hours(21 * 24);

/// The result of the checks of the Backbone.
pub(super) struct Backbone {
    pub(super) findings: Vec<Finding>,
    /// True if it is compatible, so that further requests make sense.
    pub(super) answers: bool,
}

pub(super) async fn check(config: &TransportConfig) -> Backbone {
    let mut backbone = Backbone { findings: Vec::new(), answers: false };
    // Validation has refused everything else.
    let Ok(url) = config.base_url.parse::<Url>() else { return backbone };
    let Some(endpoint) = network::endpoint(&url, &Proxies::of_process()) else { return backbone };
    match network::connect(&endpoint.host, endpoint.port).await {
        Ok(addresses) => {
            let Endpoint { host, port, proxy } = &endpoint;
            let proxy = proxy.map_or_else(String::new, |name| format!(" (the proxy of {name})"));
            let found = if host.parse::<std::net::IpAddr>().is_ok() {
                String::new()
            } else {
                format!(", the name means {}", network::listed(&addresses))
            };
            backbone.findings.push(Finding::ok(CHECK, format!("{host}:{port}{proxy} can be reached{found}")));
        }
        Err(unreachable) => {
            backbone.findings.push(no_connection(unreachable, endpoint.proxy));
            return backbone;
        }
    }
    if url.scheme() == "https" {
        backbone.findings.extend(match endpoint.proxy {
            None => certificates(&endpoint, &config.trust).await,
            Some(name) => vec![Finding::ok(CERTIFICATE, format!("not looked at, because of the proxy of {name}"))],
        });
    }
    let asked = SystemClock.now();
    match in_time(transport::ask_backbone(config)).await {
        Ok(Ok(answer)) => {
            backbone.findings.push(version(&answer));
            backbone.findings.push(clock(answer.time, asked, SystemClock.now()));
            backbone.answers = answer.compatibility.is_compatible;
        }
        Ok(Err(error)) => backbone.findings.push(match proxy_login(config, &error) {
            Some(ProxyLogin { problem, fix }) => Finding::problem(CHECK, problem, fix),
            None => no_answer(&error.to_string()),
        }),
        Err(reason) => backbone.findings.push(no_answer(&reason)),
    }
    backbone
}

fn no_connection(unreachable: Unreachable, proxy: Option<&str>) -> Finding {
    let advice = match (&unreachable, proxy) {
        (_, Some(name)) => {
            format!("Check the environment variable {name}; NO_PROXY names the hosts that need no proxy.")
        }
        (Unreachable::Unknown(_), None) => {
            "Check transportLibrary.baseUrl for a slip, and the name servers of this machine.".to_owned()
        }
        (Unreachable::Silent(_), None) => {
            "Is the Backbone running, is the port in transportLibrary.baseUrl right, and \
             does a firewall allow the connection? If a proxy is needed: HTTPS_PROXY or HTTP_PROXY names it."
                .to_owned()
        }
    };
    let (Unreachable::Unknown(reason) | Unreachable::Silent(reason)) = unreachable;
    Finding::problem(CHECK, reason, advice)
}

fn no_answer(reason: &str) -> Finding {
    Finding::problem(
        CHECK,
        format!("it does not tell its version: {reason}"),
        "Is a Backbone at transportLibrary.baseUrl, and nothing else? Is something wrong above, such as the certificate?",
    )
}

async fn certificates(endpoint: &Endpoint, trust: &Trust) -> Vec<Finding> {
    let host = &endpoint.host;
    let shown = match tls::look(host, endpoint.port, trust).await {
        Ok(shown) => shown,
        Err(reason) => {
            let advice = "Does the port of transportLibrary.baseUrl speak TLS?";
            return vec![Finding::problem(CERTIFICATE, format!("no TLS with {host}: {reason}"), advice)];
        }
    };
    let fingerprint = certificate::fingerprint(&shown.certificate);
    let mut findings = vec![match shown.refusal {
        Some(reason) => Finding::problem(
            CERTIFICATE,
            format!("that of {host} is not accepted: {reason}"),
            "The operator of the Backbone must renew it, or its issuer must be trusted: name \
             the file with its certificate in trustedCertificateAuthorities (or in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS).",
        ),
        None => validity(CERTIFICATE, host, &shown.certificate),
    }];
    findings.extend(pinned(&trust.pinning(), host, &fingerprint));
    findings
}

/// Checks for how long a certificate is still valid.
pub(super) fn validity(check: &'static str, host: &str, certificate: &[u8]) -> Finding {
    let Some(end) = certificate::valid_until(certificate) else {
        return Finding::ok(check, format!("that of {host} is accepted"));
    };
    let message = format!("that of {host} is accepted, and valid until {end}");
    if end.is_expired(SystemClock.now().saturating_add(CERTIFICATE_NOTICE)) {
        return Finding::warning(check, message, "Its operator should renew it soon; pins must be renewed with it.");
    }
    Finding::ok(check, message)
}

fn pinned(pinning: &CertificatePinning, host: &str, fingerprint: &str) -> Option<Finding> {
    let normal = |text: &str| text.replace(':', "").to_ascii_lowercase();
    let pins = pinning.fingerprints.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)).map(|(_, pins)| pins);
    match pins {
        Some(pins) if pins.iter().any(|pin| normal(pin) == normal(fingerprint)) => {
            Some(Finding::ok(CERTIFICATE, format!("that of {host} is one of those that are pinned")))
        }
        Some(_) => Some(Finding::problem(
            CERTIFICATE,
            format!("that of {host} has the fingerprint {fingerprint}, which is not pinned"),
            format!(
                "If the operator of the Backbone confirms it, add it to pinnedTLSCertificateSHA256Fingerprints.{host}."
            ),
        )),
        None => None,
    }
}

fn version(answer: &BackboneAnswer) -> Finding {
    let compatibility = &answer.compatibility;
    let (min, max) = (compatibility.supported_min_backbone_version, compatibility.supported_max_backbone_version);
    let message = format!("version {}, this program speaks with {min} to {max}", compatibility.backbone_version);
    match compatibility.is_compatible {
        true => Finding::ok(CHECK, message),
        false => {
            Finding::problem(CHECK, message, "Use a version of this program that fits the Backbone: a start fails.")
        }
    }
}

fn clock(theirs: Option<Timestamp>, asked: Timestamp, answered: Timestamp) -> Finding {
    let Some(theirs) = theirs else {
        let advice = "Compare the clock of this machine with another one; expiry times depend on it.";
        return Finding::warning(CLOCK, "the Backbone does not tell its time", advice);
    };
    // Its time was taken between our two times, and lacks the fraction of a second.
    let behind = theirs.duration_since(answered);
    let ahead = asked.duration_since(theirs.saturating_add(Duration::from_secs(1)));
    let (skew, word) = if behind > ahead { (behind, "behind") } else { (ahead, "ahead of") };
    let message = format!("{} s {word} the Backbone", skew.as_secs());
    let advice = "Synchronise the clock of this machine (NTP): the expiry of tokens and templates depends on it.";
    match skew {
        skew if skew >= HARMFUL_SKEW => Finding::problem(CLOCK, message, advice),
        skew if skew >= REMARKABLE_SKEW => Finding::warning(CLOCK, message, advice),
        _ => Finding::ok(CLOCK, "agrees with that of the Backbone"),
    }
}

/// Checks if the Backbone gives the Identity's device a token; without an Identity, if it knows the OAuth client.
pub(super) async fn credentials(config: &TransportConfig, account: Option<&StoredAccount>) -> Vec<Finding> {
    let asked = async {
        match account {
            Some(account) => account.log_in(config).await,
            None => transport::check_client(config).await,
        }
    };
    let error = match in_time(asked).await {
        Ok(Ok(())) => {
            return vec![Finding::ok(
                CREDENTIALS,
                match account {
                    Some(_) => "the Backbone lets the Identity in",
                    None => "the Backbone knows the OAuth client",
                },
            )];
        }
        Ok(Err(error)) => error,
        Err(reason) => {
            let advice = "The Backbone answers other questions: its operator should look at its logs.";
            return vec![Finding::problem(CREDENTIALS, reason, advice)];
        }
    };
    let is_client = error.code() == TransportError::PlatformClientInvalid.code()
        || error.as_request_error().is_some_and(|error| error.status == 401);
    let advice = if is_client {
        "Check transportLibrary.platformClientId and transportLibrary.platformClientSecret: the Backbone's operator knows \
         what they should be."
    } else if error.code() == transport::request_error_codes::NO_AUTH_GRANT {
        "Does the Identity belong to another Backbone than transportLibrary.baseUrl, or is database.dbName the wrong one? \
         Or was the Identity deleted?"
    } else {
        "Try again later; if it stays so, the operator of the Backbone should look at its logs."
    };
    let message = match is_client {
        true => "the Backbone refuses the OAuth client".to_owned(),
        false => error.to_string(),
    };
    vec![Finding::problem(CREDENTIALS, message, advice)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::State;

    #[test]
    fn clocks_may_differ_by_what_a_request_takes() {
        let at = Timestamp::from_millis;
        for (theirs, state, message) in [
            (999_000, State::Ok, "agrees"),
            (1_003_000, State::Ok, "agrees"),
            (1_033_000, State::Warning, "30 s behind"),
            (969_000, State::Warning, "30 s ahead of"),
            (4_603_000, State::Problem, "3600 s behind"),
            (-2_601_000, State::Problem, "3600 s ahead of"),
        ] {
            let finding = clock(Some(at(theirs)), at(1_000_000), at(1_003_000));
            assert_eq!(finding.state, state, "{}", finding.message);
            assert!(finding.message.starts_with(message), "{}", finding.message);
        }
        assert_eq!(clock(None, at(0), at(1)).state, State::Warning);
    }
}
