//! The address to listen on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// The number of connections the system accepts before we do.
const BACKLOG: i32 = 1024;

/// Listens on an address, or on all of them: of IPv6 and IPv4 if the machine has both, otherwise of IPv4. The
/// unspecified IPv6 address (`::`) includes those of IPv4.
///
/// # Errors
/// The error of the system, for instance that the port is in use.
pub fn listen(host: Option<IpAddr>, port: u16) -> io::Result<TcpListener> {
    match host {
        Some(host) => bind(SocketAddr::new(host, port)),
        None => match bind((Ipv6Addr::UNSPECIFIED, port).into()) {
            Err(error) if is_without_ipv6(&error) => bind((Ipv4Addr::UNSPECIFIED, port).into()),
            outcome => outcome,
        },
    }
}

/// The address of [`listen`] for messages: `[::]:80` stands for all addresses of both families.
#[must_use]
pub fn address_in_words(host: Option<IpAddr>, port: u16) -> String {
    SocketAddr::new(host.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), port).to_string()
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // Some systems have a different default.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // Remaining connections of a previous process do not block the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The kernel does not support IPv6, or it is disabled.
fn is_without_ipv6(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own: 97 on Linux, 47 on macOS, 10047 on Windows.
    error.kind() == io::ErrorKind::AddrNotAvailable || matches!(error.raw_os_error(), Some(97 | 47 | 10047))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn all_addresses_are_those_of_both_families() {
        for host in [None, Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED))] {
            let listener = listen(host, 0).unwrap();
            let port = listener.local_addr().unwrap().port();
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.unwrap();
            // Neither family is available to another program.
            let taken = listen(Some(Ipv4Addr::UNSPECIFIED.into()), port).unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
            assert_eq!(listen(None, port).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        }
    }

    #[tokio::test]
    async fn one_address_is_one_address() {
        let listener = listen(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        let address = listener.local_addr().unwrap();
        TcpStream::connect(address).await.unwrap();
        let other = TcpStream::connect((Ipv6Addr::LOCALHOST, address.port())).await.unwrap_err();
        assert_eq!(other.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn machines_without_ipv6_are_recognised() {
        assert!(is_without_ipv6(&io::Error::from_raw_os_error(97)));
        assert!(is_without_ipv6(&io::ErrorKind::AddrNotAvailable.into()));
        assert!(!is_without_ipv6(&io::ErrorKind::AddrInUse.into()));
    }
}
