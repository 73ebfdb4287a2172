//! A receiver that does everything that receivers should not do. It implements HTTP/1.1 by hand, as servers do it
//! right.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::PATIENCE;

/// The receiver's treatment of a request.
#[derive(Debug, Clone)]
pub enum Treatment {
    /// Answers with this status, after a while.
    Answer(u16, Duration),
    /// Sends these bytes and keeps the connection.
    Bytes(String),
    /// Sends these bytes and closes the connection.
    Cut(String),
    /// Sends these bytes, and then one byte after each pause, endlessly.
    Dribble(String, Duration),
    /// Sends these bytes, and then as many as the other side accepts.
    Flood(String),
    /// Resets the connection.
    Reset,
    /// Sends nothing.
    Hang,
}

impl Treatment {
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Duration::ZERO)
    }

    /// Returns true if the sender learns that its request was accepted.
    fn is_success(&self) -> bool {
        match self {
            Self::Answer(status, _) => (200..300).contains(status),
            Self::Bytes(bytes) | Self::Cut(bytes) | Self::Dribble(bytes, _) | Self::Flood(bytes) => {
                bytes.starts_with("HTTP/1.1 2") && bytes.contains("\r\n\r\n")
            }
            Self::Reset | Self::Hang => false,
        }
    }
}

/// A received request.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub at: Instant,
    /// True if the sender learned that it was accepted.
    pub taken: bool,
}

impl Request {
    pub fn name(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["data"]["name"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

type Decide = dyn Fn(&Request) -> Treatment + Send + Sync;

/// A receiver that serves until it is dropped.
pub struct Unruly {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    count: watch::Receiver<usize>,
    _guard: DropGuard,
}

impl Unruly {
    /// `decide` is called for every request, one after the other.
    pub async fn start(decide: impl Fn(&Request) -> Treatment + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, (counter, count)) = (Arc::<Mutex<Vec<Request>>>::default(), watch::channel(0));
        let shutdown = CancellationToken::new();
        let (token, log, decide): (_, _, Arc<Decide>) = (shutdown.clone(), Arc::clone(&seen), Arc::new(decide));
        tokio::spawn(token.run_until_cancelled_owned(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (log, counter, decide) = (Arc::clone(&log), counter.clone(), Arc::clone(&decide));
                // A connection that hangs ends with the test.
                tokio::spawn(async move { serve(connection, &log, &counter, &*decide).await });
            }
        }));
        Self { url, seen, count, _guard: shutdown.drop_guard() }
    }

    /// Applies these treatments, and then status 200.
    pub async fn script(treatments: impl IntoIterator<Item = Treatment>) -> Self {
        let treatments = Mutex::new(treatments.into_iter().collect::<std::collections::VecDeque<_>>());
        Self::start(move |_| treatments.lock().unwrap().pop_front().unwrap_or_else(|| Treatment::status(200))).await
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// All requests, as soon as they satisfy the condition.
    pub async fn until(&self, condition: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        let mut count = self.count.clone();
        let fulfilled = count.wait_for(|_| condition(&self.seen.lock().unwrap()));
        let in_time = timeout(3 * PATIENCE, fulfilled).await.is_ok();
        assert!(in_time, "{:#?}", self.requests());
        self.requests()
    }

    /// The first requests.
    pub async fn first(&self, count: usize) -> Vec<Request> {
        self.until(|requests| requests.len() >= count).await
    }
}

async fn serve(connection: TcpStream, log: &Mutex<Vec<Request>>, count: &watch::Sender<usize>, decide: &Decide) {
    let mut connection = BufReader::new(connection);
    while let Some(mut request) = read(&mut connection).await {
        let treatment = {
            let mut log = log.lock().unwrap();
            let treatment = decide(&request);
            request.taken = treatment.is_success();
            log.push(request);
            treatment
        };
        count.send_modify(|count| *count += 1);
        if treat(connection.get_mut(), treatment).await.is_none() {
            return;
        }
    }
}

async fn read(connection: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    connection.read_line(&mut line).await.ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    Some(Request { path, headers, body: String::from_utf8(body).unwrap(), at: Instant::now(), taken: false })
}

/// `None` if the connection has ended.
async fn treat(connection: &mut TcpStream, treatment: Treatment) -> Option<()> {
    match treatment {
        Treatment::Answer(status, pause) => {
            sleep(pause).await;
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
            connection.write_all(answer.as_bytes()).await.ok()
        }
        Treatment::Bytes(bytes) => connection.write_all(bytes.as_bytes()).await.ok(),
        Treatment::Cut(bytes) => {
            connection.write_all(bytes.as_bytes()).await.ok()?;
            None
        }
        Treatment::Dribble(bytes, pause) => {
            connection.write_all(bytes.as_bytes()).await.ok()?;
            loop {
                connection.write_all(b"x").await.ok()?;
                sleep(pause).await;
            }
        }
        Treatment::Flood(bytes) => {
            connection.write_all(bytes.as_bytes()).await.ok()?;
            let flood = vec![b'x'; 64 * 1024];
            loop {
                connection.write_all(&flood).await.ok()?;
            }
        }
        Treatment::Reset => {
            connection.set_zero_linger().ok()?;
            None
        }
        Treatment::Hang => std::future::pending().await,
    }
}
