//! A broker that follows the instructions of a test.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::mosquitto::PATIENCE;

pub struct ScriptedBroker {
    listener: TcpListener,
    pub url: String,
}

/// A client that has logged in.
pub struct Client(TcpStream);

impl ScriptedBroker {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("mqtt://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }

    /// Accepts the next client.
    pub async fn accept(&self) -> Client {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        let mut client = Client(stream);
        let (kind, _) = client.packet().await.unwrap();
        assert_eq!(kind >> 4, 1, "CONNECT");
        client.0.write_all(&[0x20, 2, 0, 0]).await.unwrap();
        client
    }
}

impl Client {
    /// The id of the next message.
    pub async fn published(&mut self) -> u16 {
        let (kind, body) = self.packet().await.unwrap();
        assert_eq!(kind >> 4, 3, "PUBLISH");
        let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
        u16::from_be_bytes([body[topic + 2], body[topic + 3]])
    }

    pub async fn acknowledge(&mut self, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.0.write_all(&[0x40, 2, high, low]).await.unwrap();
    }

    /// Returns true if the client disconnects, or has disconnected, without another packet.
    pub async fn leaves(mut self) -> bool {
        self.packet().await.is_none()
    }

    async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let kind = self.0.read_u8().await.ok()?;
            let length = self.0.read_u8().await.ok()?;
            assert!(length < 0x80, "short packets only");
            let mut body = vec![0; usize::from(length)];
            self.0.read_exact(&mut body).await.ok()?;
            Some((kind, body))
        };
        timeout(PATIENCE, read).await.unwrap()
    }
}
