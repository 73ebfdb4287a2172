//! Notifies a service manager that we are serving, by the protocol of `sd_notify(3)`.

use std::ffi::OsStr;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Names the socket of the service manager.
pub(crate) const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";

/// The time that an attempt may take in addition to the pause before it.
const EXTENSION: Duration = Duration::from_secs(90);

/// Our own member of the message: the address at which we serve. Managers ignore unknown members.
pub(crate) const URL_MEMBER: &str = "X_CONNECTOR_URL";

/// Sends `READY=1` with the URL if a service manager asked for it. A failure only causes a warning.
pub(crate) fn ready(url: &str) {
    let Some(socket) = std::env::var_os(SOCKET_VARIABLE).filter(|socket| !socket.is_empty()) else { return };
    let message = format!("READY=1\nMAINPID={}\nSTATUS=Listening on {url}\n{URL_MEMBER}={url}\n", std::process::id());
    if let Err(error) = send(&socket, message.as_bytes()) {
        tracing::warn!("The service manager at {} could not be told: {error}", socket.display());
    }
}

/// Reports the reason for waiting, and asks for more time than a service usually has to start: until the end of the
/// next attempt, after a pause.
pub(crate) fn waiting(text: &str, pause: Duration) {
    let Some(socket) = std::env::var_os(SOCKET_VARIABLE).filter(|socket| !socket.is_empty()) else { return };
    let microseconds = (pause + EXTENSION).as_micros();
    let message = format!("STATUS={}\nEXTEND_TIMEOUT_USEC={microseconds}\n", text.replace('\n', " "));
    if let Err(error) = send(&socket, message.as_bytes()) {
        tracing::debug!("The service manager at {} could not be told: {error}", socket.display());
    }
}

fn send(socket: &OsStr, message: &[u8]) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to_addr(message, &address(socket)?).map(drop)
}

/// A path, or with a leading `@` an abstract name.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = socket.as_encoded_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(socket)
}

/// The URL in a ready message; `None` for any other message.
pub(crate) fn url_when_ready(message: &str) -> Option<&str> {
    let member = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    member("READY").filter(|ready| *ready == "1").and_then(|_| member(URL_MEMBER))
}

#[cfg(test)]
mod tests {
    use super::url_when_ready;

    #[test]
    fn only_a_ready_message_has_a_url() {
        assert_eq!(
            url_when_ready("READY=1\nSTATUS=x\nX_CONNECTOR_URL=http://localhost:1\n"),
            Some("http://localhost:1")
        );
        assert_eq!(url_when_ready("STATUS=x\nX_CONNECTOR_URL=http://localhost:1\n"), None);
        assert_eq!(url_when_ready("READY=1"), None);
    }
}
