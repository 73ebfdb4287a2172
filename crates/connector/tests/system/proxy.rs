//! A server in front of a Backbone: with TLS, or with a different time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The behaviour of the server in addition to forwarding.
#[derive(Clone, Default)]
pub(crate) struct Proxy {
    /// The file of its TLS certificate, in the folder `tls`.
    pub(crate) certificate: Option<&'static str>,
    /// The value of `Date` in answers.
    pub(crate) date: Option<&'static str>,
}

/// A file of the folder `tls`: `localhost.pem` and `expired.pem` are certificates of `localhost.key` by `issuer.pem`,
/// whose key no longer exists.
pub(crate) fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/tls").join(name)
}

impl Proxy {
    /// Serves until the test ends; returns the port.
    pub(crate) fn start(self, backbone: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = self.certificate.map(server_config);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (proxy, tls) = (self.clone(), tls.clone());
                // Clients may disconnect early.
                std::thread::spawn(move || proxy.serve(client?, tls, backbone));
            }
        });
        port
    }

    fn serve(&self, client: TcpStream, tls: Option<Arc<ServerConfig>>, backbone: u16) -> std::io::Result<()> {
        match tls {
            None => self.exchange(client, backbone),
            Some(config) => {
                let connection = ServerConnection::new(config).unwrap();
                let mut stream = StreamOwned::new(connection, client);
                self.exchange(&mut stream, backbone)?;
                stream.conn.send_close_notify();
                stream.flush()
            }
        }
    }

    /// One request per connection.
    fn exchange(&self, mut client: impl Read + Write, backbone: u16) -> std::io::Result<()> {
        let Some((head, body)) = request(&mut client)? else { return Ok(()) };
        let mut server = TcpStream::connect(("127.0.0.1", backbone))?;
        let kept = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        let head: String = kept.map(|line| format!("{line}\r\n")).collect();
        server.write_all(format!("{head}connection: close\r\n\r\n").as_bytes())?;
        server.write_all(&body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        client.write_all(&self.changed(answer))?;
        client.flush()
    }

    fn changed(&self, answer: Vec<u8>) -> Vec<u8> {
        let Some(date) = self.date else { return answer };
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let kept = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
        let head: String = kept.map(|line| format!("{line}\r\n")).collect();
        format!("{head}date: {date}\r\n\r\n{body}").into_bytes()
    }
}

/// Head and body of a request; `None` if the client only connected.
fn request(client: &mut impl Read) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = client.read(&mut buffer)?;
        if read == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lengths = head.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        let length = lengths.next().unwrap_or_default();
        if bytes.len() >= end + 4 + length {
            return Ok(Some((head, bytes[end + 4..].to_vec())));
        }
    }
}

fn server_config(certificate: &'static str) -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(tls_file(certificate)).unwrap();
    let key = PrivateKeyDer::from_pem_file(tls_file("localhost.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}
