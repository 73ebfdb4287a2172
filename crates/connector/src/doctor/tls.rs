//! The certificate of a server, obtained without a request.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;

use network::{CertificateValidation, Trust};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, pki_types::CertificateDer};

use super::{LIMIT, in_time};

/// The certificate that a server shows, with the verdict on it.
#[derive(Debug)]
pub(super) struct Shown {
    /// The certificate of the server itself.
    pub(super) certificate: CertificateDer<'static>,
    /// The reason why it is not accepted by the usual rules.
    pub(super) refusal: Option<String>,
}

/// Performs a handshake and disconnects.
pub(super) async fn look(host: &str, port: u16, trust: &Trust) -> Result<Shown, String> {
    // Pins are checked elsewhere.
    let (host, trust) = (host.to_owned(), trust.without_pins());
    let looking = tokio::task::spawn_blocking(move || {
        let certificate = shake_hands(&host, port, &trust, CertificateValidation::None)?;
        let refusal = shake_hands(&host, port, &trust, CertificateValidation::Usual).err();
        Ok(Shown { certificate, refusal })
    });
    in_time(looking).await?.map_err(|error| error.to_string())?
}

fn shake_hands(
    host: &str,
    port: u16,
    trust: &Trust,
    validation: CertificateValidation,
) -> Result<CertificateDer<'static>, String> {
    let config = trust.client_config(validation, &[]).map_err(|error| error.to_string())?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    let mut stream = connect(host, port).map_err(|error| error.to_string())?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| error.to_string())?;
    }
    let certificate = connection.peer_certificates().and_then(|chain| chain.first());
    certificate.map(|certificate| certificate.clone().into_owned()).ok_or_else(|| "it shows no certificate".to_owned())
}

fn connect(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let mut failure = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, LIMIT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(LIMIT))?;
                stream.set_write_timeout(Some(LIMIT))?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
