/// A minimal file, which variables complete.
const FILE: &str = r#"{
    "debug": true,
    "transportLibrary": {"baseUrl": "http://localhost", "platformClientId": "x", "platformClientSecret": "x"}
}"#;

/// Names under which a text can become a part of the configuration, or a whole block.
const VARIABLES: [&str; 9] = [
    "DATABASE_CONNECTION_STRING",
    "database__dbName",
    "transportLibrary__baseUrl",
    "transportLibrary",
    "infrastructure__httpServer",
    "infrastructure__httpServer__port",
    "pinnedTLSCertificateSHA256Fingerprints",
    "logging",
    "modules",
];

/// A configuration file, followed by environment variables (`NAME=value`), each after a NUL; the same bytes as the
/// value of one variable and as the name of one.
pub fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\0');
    let file = parts.next().unwrap_or_default();
    let variables: Vec<_> = parts.filter_map(|part| part.split_once('=')).map(owned).collect();
    drop(connector::check_configuration(file, &variables));
    drop(connector::check_configuration(FILE, &variables));
    drop(connector::check_configuration(FILE, &[owned((&text, "1"))]));
    for name in VARIABLES {
        drop(connector::check_configuration(FILE, &[owned((name, &text))]));
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
